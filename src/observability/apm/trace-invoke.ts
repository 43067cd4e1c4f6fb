import type { Invoke } from '../../invoke.ts';
import { type ErrorCode, errorCatalogue } from '../../protocol/index.ts';
import { type Apm, noApm } from './apm.ts';

/** Whether an answer with this code is the server's fault. */
export const isFailure = (code: ErrorCode) => errorCatalogue[code].status >= 500;

/** Every command that comes on a socket is a transaction. Of REST, the edge makes the whole request one (`http/begin.ts`). */
export const traceInvoke = (invoke: Invoke, apm: Apm): Invoke =>
  apm === noApm
    ? invoke
    : async (name, actor, input, call) => {
        if (!call.connection) return invoke(name, actor, input, call);
        const transaction = apm.begin(name, 'socket');
        const result = await transaction.run(() => invoke(name, actor, input, call));
        transaction.end({
          result: result.ok ? 'ok' : result.error.code,
          failed: !result.ok && isFailure(result.error.code),
          labels: { request_id: call.request_id },
          user_id: actor?.user_id,
        });
        return result;
      };
