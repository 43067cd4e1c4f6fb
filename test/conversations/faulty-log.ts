import { ParleyError } from '../../src/errors.ts';
import type { AppendResult, Log } from '../../src/ports/log.ts';

/**
 * What becomes of an append, from the test's side of the port: `lost` never arrives, `unacked` is stored and its answer lost,
 * `partly` stores one event, `late` is stored only when `land` is called; all of them throw `unknown_outcome`. `refused` throws `unavailable`.
 */
export type Fault = 'lost' | 'unacked' | 'partly' | 'late' | 'refused';

export interface FaultyLog extends Log {
  /** Without faults. */
  real: Log;
  /** The faults of the next appends, in order; then they work again. */
  plan: Fault[];
  /** Every append fails so, while set. */
  always: Fault | undefined;
  land(): Promise<(AppendResult | string)[]>;
  /** Run once each before the next appends: what others do in between. */
  before: (() => Promise<unknown>)[];
  appends: number;
}

export const faultyLog = (log: Log): FaultyLog => {
  const late: (() => Promise<AppendResult>)[] = [];
  const faulty: FaultyLog = {
    ...log,
    real: log,
    get epoch() {
      return log.epoch;
    },
    plan: [],
    always: undefined,
    appends: 0,
    before: [],
    async append(conversation_id, at, events) {
      faulty.appends++;
      await faulty.before.shift()?.();
      const fault = faulty.always ?? faulty.plan.shift();
      if (fault === undefined) return log.append(conversation_id, at, events);
      if (fault === 'refused') throw new ParleyError('unavailable');
      if (fault === 'unacked') await log.append(conversation_id, at, events);
      if (fault === 'partly') await log.append(conversation_id, at, events.slice(0, 1));
      if (fault === 'late') late.push(() => log.append(conversation_id, at, events));
      throw new ParleyError('unknown_outcome');
    },
    land: () => Promise.all(late.splice(0).map(append => append().catch((error: Error) => error.message))),
  };
  return faulty;
};
