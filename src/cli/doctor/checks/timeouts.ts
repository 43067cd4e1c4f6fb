import { setTimeout as wait } from 'node:timers/promises';
import type { Socket } from 'socket.io-client';
import { NoAccount } from '../account.ts';
import type { Check, Context } from '../check.ts';
import { duration, type Finding, fail, messageOf, ok, skip, worst } from '../finding.ts';
import { openPolling, packetsOf } from '../polling.ts';
import { describe, Unanswered } from '../probe.ts';

/** Milliseconds behind the ping interval until which a ping must have come. */
const graceMs = 5_000;
/** Nobody is told anything there but of notifications: it is quiet. */
const quiet = '/notifications';

const unquiet = 'Ask again; with the account of somebody who is not being written to, if one was given.';

/** Two connections that say nothing, until the server's heartbeat: whatever sits between must bear with the silence. */
export const timeouts: Check = {
  name: 'timeouts',
  async run(context) {
    try {
      const token = await context.account.token();
      const { pingIntervalMs } = await openPolling(context.probe);
      const [byWebSocket, byPolling] = await Promise.all([
        holdWebSocket(context, token, pingIntervalMs),
        holdPoll(context, token, pingIntervalMs),
      ]);
      return worst([byWebSocket, byPolling]);
    } catch (error) {
      if (error instanceof NoAccount) return skip(error.message, error.remedy);
      throw error;
    }
  },
};

const held = (what: string, ms: number) => ok(`${what} was left in peace for ${duration(ms)}, until the heartbeat`);

const cut = (what: string, ms: number, how: string, pingIntervalMs: number) =>
  fail(
    `${what} was cut after ${duration(ms)} (${how}); heartbeats come each ${duration(pingIntervalMs)}`,
    `nginx, location /socket.io/: proxy_read_timeout and proxy_send_timeout well above that (${Math.ceil((pingIntervalMs * 2.4) / 1_000)}s), and the idle timeout of any load balancer in front; or lower PING_INTERVAL_MS.`,
  );

const holdWebSocket = async ({ clients, probe }: Context, token: string, pingIntervalMs: number): Promise<Finding> => {
  let socket: Socket;
  try {
    ({ socket } = await clients.connect({ token, namespace: quiet, transports: ['websocket'] }));
  } catch (error) {
    return skip(`WebSocket: ${messageOf(error)}`, 'See websocket.');
  }
  const started = performance.now();
  const heard = new Promise<'ping' | { reason: string } | { closing: string }>(resolve => {
    socket.io.once('ping', () => resolve('ping'));
    socket.once('closing', (notice: { code?: string }) => resolve({ closing: notice.code ?? 'closing' }));
    socket.once('disconnect', reason => resolve({ reason }));
  });
  const late = wait(pingIntervalMs + graceMs, { reason: 'no heartbeat' }, { signal: probe.signal });
  const result = await Promise.race([heard, late]);
  const ms = performance.now() - started;
  socket.disconnect();
  if (result === 'ping') return held('a quiet WebSocket', ms);
  if ('closing' in result) return skip(`the server closed the connection: ${result.closing}`, unquiet);
  return cut('a WebSocket', ms, result.reason, pingIntervalMs);
};

const holdPoll = async ({ probe }: Context, token: string, pingIntervalMs: number): Promise<Finding> => {
  const connection = await openPolling(probe);
  try {
    await connection.post(`40${quiet},${JSON.stringify({ token })}`);
    const joined = await connection.poll();
    if (!packetsOf(joined).some(packet => packet.startsWith(`40${quiet}`)))
      return skip(`polling: joining answered HTTP ${joined.status}`, 'See sticky and secrets.');
    if (packetsOf(joined).includes('2')) await connection.post('3');
  } catch (error) {
    return skip(`polling: ${messageOf(error)}`, 'See sticky.');
  }
  const until = performance.now() + 2 * pingIntervalMs + graceMs;
  while (performance.now() < until) {
    const started = performance.now();
    const sinceStart = () => performance.now() - started;
    try {
      const answer = await connection.poll(pingIntervalMs + graceMs);
      if (answer.status === 400) return skip(`polling: ${describe(answer)}`, 'See sticky.');
      if (answer.status !== 200) return cut('a long poll', sinceStart(), `HTTP ${answer.status}`, pingIntervalMs);
      if (!packetsOf(answer).includes('2')) continue;
      const ms = sinceStart();
      // One that came soon after other packets shows nothing: the next one will.
      const long = ms > pingIntervalMs / 2;
      await connection.post(long ? '1' : '3').catch(() => undefined);
      if (long) return held('a long poll', ms);
    } catch (error) {
      if (error instanceof Unanswered) return cut('a long poll', sinceStart(), error.message, pingIntervalMs);
      throw error;
    }
  }
  return skip('the connection was never quiet', unquiet);
};
