import type { Invoke } from '../../invoke.ts';
import { type ErrorCode, errorCatalogue } from '../../protocol/index.ts';
import { type Apm, noApm } from './apm.ts';

/** Whether an answer with this code is the server's fault. */
export const isFailure = (code: ErrorCode) => errorCatalogue[code].status >= 500;

/** Every command that comes on a socket is a transaction. One of REST tells what it is to that of its request (`trace-requests.ts`). */
export const traceInvoke = (invoke: Invoke, apm: Apm): Invoke =>
  apm === noApm
    ? invoke
    : async (name, actor, input, call) => {
        const request = call.connection ? undefined : apm.current();
        const transaction = request ?? apm.begin(name, call.connection ? 'socket' : 'request');
        const result = await transaction.run(() => invoke(name, actor, input, call));
        const outcome = result.ok ? 'ok' : result.error.code;
        transaction.describe({ name, labels: { request_id: call.request_id, outcome }, user_id: actor?.user_id });
        if (!request) transaction.end({ result: outcome, failed: outcome !== 'ok' && isFailure(outcome) });
        return result;
      };

/** A job that nobody called for, as a transaction. */
export const traceJob = async <T>(name: string, apm: Apm, work: () => Promise<T>): Promise<T> => {
  const transaction = apm.begin(name, 'background');
  try {
    const result = await transaction.run(work);
    transaction.end({ result: 'ok', failed: false });
    return result;
  } catch (error) {
    transaction.end({ result: 'failed', failed: true });
    throw error;
  }
};
