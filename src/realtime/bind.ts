import { errorBody, ParleyError } from '../errors.ts';
import { type Call, type Invoke, newRequestId, type Result } from '../invoke.ts';
import { type OperationName, operationNames, operations } from '../protocol/index.ts';
import type { LocalSocket } from './sockets.ts';

export interface BindParts {
  invoke: Invoke;
  /** Throws where the socket's session is over; returns at once where that was looked up lately. */
  confirm: (local: LocalSocket) => void | Promise<void>;
}

/** The names of all socket commands. */
export const socketCommands: ReadonlySet<OperationName> = new Set(
  operationNames.filter(name => operations[name].socket),
);

/**
 * Binds a socket to the commands of the contract. Whatever a client sends is answered, where it asked for an answer: an
 * acknowledgement that is missing is done without, more arguments than one are ignored, and unknown names are `unknown_command`.
 */
export const createBind = ({ invoke, confirm }: BindParts) => {
  let running = 0;

  const run = async (local: LocalSocket, name: OperationName, input: unknown, call: Call): Promise<Result> => {
    try {
      if (local.whenIdle) throw new ParleyError('unavailable');
      await confirm(local);
      return await invoke(name, local.actor, input, call);
    } catch (error) {
      return { ok: false, error: errorBody(error, call.request_id) };
    }
  };

  const bind = (
    local: LocalSocket,
    facts: Omit<Call, 'request_id'>,
    commands: ReadonlySet<string> = socketCommands,
  ): void => {
    // A middleware that never calls on: nothing is ever emitted on the socket under a name that a client chose (S34).
    local.socket.use(packet => {
      const args: readonly unknown[] = packet;
      const name = args[0];
      const last = args.at(-1);
      const acknowledge = typeof last === 'function' ? last : undefined;
      const request_id = newRequestId();
      if (!isCommand(name, commands)) {
        acknowledge?.({ ok: false, error: errorBody(new ParleyError('unknown_command'), request_id) });
        return;
      }
      running += 1;
      local.running += 1;
      void run(local, name, inputOf(args), { ...facts, request_id }).then(result => {
        running -= 1;
        local.running -= 1;
        acknowledge?.(result);
        if (local.running === 0) local.whenIdle?.();
      });
    });
  };

  return { bind, /** Commands that were not answered yet. */ running: () => running };
};

const isCommand = (name: unknown, commands: ReadonlySet<string>): name is OperationName =>
  typeof name === 'string' && commands.has(name);

/** The first argument. Binary data is an object to a schema, and would pass for an empty one. */
const inputOf = (args: readonly unknown[]): unknown => {
  const input = args[1];
  if (typeof input === 'function') return undefined;
  return input instanceof Uint8Array ? 'binary' : input;
};
