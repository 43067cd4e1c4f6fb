import type { LogEvent, SignalName, SignalPayload } from '../protocol/index.ts';
import { oddAnswer } from './errors.ts';
import { isRecord } from './rest.ts';

export type Signal = Exclude<SignalName, 'log:batch'>;
/** Hears of signals by their name. */
export type OnSignal = <S extends Signal>(name: S, payload: SignalPayload<S>) => void;

type Kind = 'string' | 'number' | 'boolean' | 'object';

/** As much of each payload as has to be there for its readers not to stumble. */
const signalFields: { [S in Signal]: { [F in keyof SignalPayload<S>]?: Kind } } = {
  'receipt:updated': { conversation_id: 'string', receipts: 'object' },
  'typing:updated': { conversation_id: 'string', typing: 'object' },
  'presence:updated': { user_id: 'string', status: 'string' },
  heads: { epoch: 'string', heads: 'object' },
  'session:expiring': {},
  closing: { code: 'string', reconnect: 'boolean', after_ms: 'number' },
  'notification:created': { id: 'string', kind: 'string', conversation_id: 'string' },
};
const lists = ['receipts', 'typing'];

const isSignal = (name: string): name is Signal => Object.hasOwn(signalFields, name);

const fits = (name: Signal, payload: unknown): boolean =>
  isRecord(payload) &&
  Object.entries(signalFields[name]).every(
    ([field, kind]) =>
      typeof payload[field] === kind &&
      payload[field] !== null &&
      (kind !== 'object' || Array.isArray(payload[field]) === lists.includes(field)),
  );

const isLogEvent = (value: unknown): value is LogEvent =>
  isRecord(value) &&
  Number.isSafeInteger(value['seq']) &&
  typeof value['kind'] === 'string' &&
  typeof value['conversation_id'] === 'string';

/**
 * Sorts what a socket hears: log events go to `onLogEvents` in the order of arrival, signals to `onSignal`. What is neither, or is
 * malformed, goes to `onError` and no further, and so does what either of them throws.
 */
export const createReceive =
  ({
    onLogEvents,
    onSignal,
    onError,
  }: {
    onLogEvents: (events: LogEvent[]) => void;
    onSignal: OnSignal;
    onError: (error: unknown) => void;
  }) =>
  (name: string, payload: unknown): void => {
    try {
      if (isSignal(name)) {
        if (fits(name, payload)) onSignal(name, payload as never);
        else onError(oddAnswer(`${name} is malformed`));
        return;
      }
      const events = name === 'log:batch' && Array.isArray(payload) ? payload : [payload];
      const whole = events.filter(isLogEvent);
      if (whole.length < events.length) onError(oddAnswer(`${name} is malformed`));
      if (whole.length > 0) onLogEvents(whole);
    } catch (error) {
      onError(error);
    }
  };
