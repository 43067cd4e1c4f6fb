import type { Input, OperationName, Output } from '../protocol/index.ts';
import { ChatError, isAboutToken, signedOut } from './errors.ts';
import { pause } from './pause.ts';
import type { Rest } from './rest.ts';
import { routes } from './routes.ts';
import type { Session } from './session.ts';

/** Any operation of the contract, whichever way it goes. Rejects with a `ChatError` only. */
export type Call = <N extends OperationName>(name: N, input: Input<N>) => Promise<Output<N>>;

/** Commands that may be sent again without harm, as they bear a `client_id`, or do the same again. */
const tries = 3;

const isRest = (name: OperationName) => Object.hasOwn(routes, name);

/** Over the live connection where the operation has a socket command, else over REST with a token that is refreshed once where it is refused. */
export const createCall =
  ({
    rest,
    session,
    socket,
  }: {
    rest: Rest;
    session: Session;
    socket: <N extends OperationName>(name: N, input: Input<N>) => Promise<Output<N>>;
  }): Call =>
  async (name, input) => {
    if (session.id() === undefined) throw signedOut();
    if (!isRest(name)) return socket(name, input);
    // The route was found by the name, which its type cannot follow.
    const ask = rest.call as unknown as (name: OperationName, input: object, token: string) => Promise<never>;
    const token = await session.token();
    try {
      return await ask(name, input, token);
    } catch (error) {
      if (!isAboutToken(error) || (error as ChatError).code === 'signed_out') throw error;
      return ask(name, input, await session.refresh(token));
    }
  };

/** The same call again, where its answer was lost or the server asks for it, as long as there is a connection. */
export const insist = async <T>(work: () => Promise<T>, isOnline: () => boolean): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof ChatError && error.retryable && error.code !== 'offline';
      if (!again || attempt === tries || !isOnline()) throw error;
      await pause(error.retry_after_ms ?? 300 * attempt);
    }
  }
};
