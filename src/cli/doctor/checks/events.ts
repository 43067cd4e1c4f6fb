import { randomBytes } from 'node:crypto';
import type { Socket } from 'socket.io-client';
import { NoAccount } from '../account.ts';
import type { Check, Context } from '../check.ts';
import { type Connected, NotConnected } from '../clients.ts';
import { onEachInstance } from '../each-instance.ts';
import { duration, type Finding, fail, ok, skip, warn } from '../finding.ts';
import { fieldOf } from '../probe.ts';

/** Milliseconds behind the sender's own acknowledgement beyond which not Redis told the other instance, but its own look at the stores every second or so. */
const promptMs = 500;
/** Messages at least: the first may meet such a look just before it comes. */
const least = 6;

const stores = 'All instances must have the same MYSQL_URL, MONGODB_URI and REDIS_URL.';

/** A message to a group of nobody else, sent on each instance in turn, reaches the same account's sockets on all others. */
export const events: Check = {
  name: 'events',
  async run(context) {
    const { account, survey } = context;
    try {
      const token = await account.token();
      if (account.strangers() > 0)
        return fail(
          'an account made on one instance is not known to another',
          `${stores} Each has databases of its own now.`,
        );
      const { clients, refusals } = await onEachInstance(context, token);
      const [refused] = refusals;
      if (refused) return fail(`${refused[0]} does not let the account in (${refused[1]})`, `See secrets. ${stores}`);
      if (clients.size < 2)
        return skip(`one instance only: ${survey.instances().join(', ')}`, 'Nothing to do, if there is no other.');
      try {
        return await exchange(context, clients);
      } finally {
        for (const { socket } of clients.values()) socket.disconnect();
      }
    } catch (error) {
      if (error instanceof NoAccount) return skip(error.message, error.remedy);
      if (error instanceof NotConnected) return skip(`no connection: ${error.message}`, 'See websocket and sticky.');
      throw error;
    }
  },
};

const exchange = async ({ account, timeoutMs }: Context, clients: Map<string, Connected>): Promise<Finding> => {
  const all = [...clients].sort().map(([instance, { socket }]) => ({ instance, socket }));
  const group = await command(
    all[0]!.socket,
    'conversation:create',
    { kind: 'group', name: 'parley doctor' },
    timeoutMs,
  );
  const conversation_id = String(fieldOf(group, 'id'));
  account.made(conversation_id);

  let slowestMs = 0;
  let behindMs = 0;
  for (let sent = 0; sent < Math.max(least, all.length); sent += 1) {
    const from = all[sent % all.length]!;
    const client_id = `doctor-${randomBytes(9).toString('base64url')}`;
    const started = performance.now();
    const arrivals = all
      .filter(to => to !== from)
      .map(async to => ({ to, ms: (await hears(to.socket, client_id, timeoutMs)) - started }));
    await command(from.socket, 'message:send', { conversation_id, client_id, message: 'parley doctor' }, timeoutMs);
    const ackMs = performance.now() - started;
    for (const { to, ms } of await Promise.all(arrivals)) {
      if (ms === Number.POSITIVE_INFINITY)
        return fail(
          `a message sent on ${from.instance} did not reach ${to.instance} within ${duration(timeoutMs)}`,
          `${stores} Does /health/ready of ${to.instance} say so?`,
        );
      slowestMs = Math.max(slowestMs, ms);
      behindMs = Math.max(behindMs, ms - ackMs);
    }
  }
  const orders = `between ${all.map(({ instance }) => instance).join(', ')}, each way`;
  if (behindMs <= promptMs) return ok(`a message crosses ${orders}, within ${duration(slowestMs)}`);
  return warn(
    `a message crosses ${orders}, but takes up to ${duration(slowestMs)}`,
    'Redis does not link the instances, which hear of each other from the databases alone: the same REDIS_URL and REDIS_PREFIX for all, and does Redis run?',
  );
};

/** When it arrived, by `performance.now()`; never where it did not within the time. */
const hears = (socket: Socket, client_id: string, timeoutMs: number) =>
  new Promise<number>(resolve => {
    const end = (when: number) => {
      clearTimeout(late);
      socket.off('message:created', listener);
      resolve(when);
    };
    const listener = (event: unknown) => {
      if (fieldOf(event, 'client_id') === client_id) end(performance.now());
    };
    const late = setTimeout(end, timeoutMs, Number.POSITIVE_INFINITY);
    socket.on('message:created', listener);
  });

const command = async (socket: Socket, name: string, input: object, timeoutMs: number): Promise<unknown> => {
  const result: unknown = await socket.timeout(timeoutMs).emitWithAck(name, input);
  if (fieldOf(result, 'ok') === true) return fieldOf(result, 'data');
  throw new Error(`${name} answered ${fieldOf(fieldOf(result, 'error'), 'code') ?? 'nothing'}`);
};
