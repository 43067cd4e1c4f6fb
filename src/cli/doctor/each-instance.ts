import type { Context } from './check.ts';
import { type Connect, type Connected, NotConnected } from './clients.ts';

export interface OnEachInstance {
  /** A client of each instance that took the token. */
  clients: Map<string, Connected>;
  /** Why the others did not. */
  refusals: Map<string, string>;
}

/** Connects until every instance that was seen so far has a client, or so often that the missing one is not given out any more. */
export const onEachInstance = async ({ clients: stock, survey }: Context, token: string): Promise<OnEachInstance> => {
  const clients = new Map<string, Connected>();
  const refusals = new Map<string, string>();
  const missing = () => survey.instances().filter(instance => !clients.has(instance) && !refusals.has(instance));
  let transports: Connect['transports'] = ['websocket', 'polling'];
  const most = 8 + 4 * survey.instances().length;
  for (let tries = 0; tries < most && (tries === 0 || missing().length > 0); tries += 1) {
    try {
      const connected = await stock.connect({ token, transports });
      const { instance = 'unnamed', socket } = connected;
      if (connected.instance !== undefined) survey.met(`${instance}.`);
      // Where WebSocket fails each time, its requests would meet the balancer's turn of one instance, and the polling that of the other.
      if (socket.io.engine.transport.name === 'polling') transports = ['polling'];
      if (clients.has(instance)) socket.disconnect();
      else clients.set(instance, connected);
    } catch (error) {
      if (!(error instanceof NotConnected) || error.code === undefined) throw error;
      refusals.set(error.instance ?? 'unnamed', error.code);
    }
  }
  return { clients, refusals };
};
