import { expect, test, vi } from 'vitest';
import { api, clientId, connect, emit, next, type Person, signUp, wholeHistory } from '../support/clients.ts';
import { spawnServer } from '../support/process.ts';
import { temporaryFolder } from '../support/server.ts';

vi.setConfig({ testTimeout: 120_000 });

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s under load: sockets are told to come back, exit 0 within 10 s, nothing acked is lost [G1]',
  async signal => {
    const DATA_DIR = temporaryFolder();
    const env = { DATA_DIR, RATE_LIMIT: 'off', LOG_LEVEL: 'warn', DRAIN_MS: '500' };
    const first = spawnServer(env);
    const at = { url: await first.ready };
    const people = [await signUp(at), await signUp(at), await signUp(at)];
    const sockets = await Promise.all(people.map(({ token }) => connect(at, token)));
    const closings = sockets.map(socket =>
      next<{ code: string; reconnect: boolean }>(socket, 'closing', undefined, 60_000),
    );
    const acked = new Map<string, { id: string; seq: number }>();
    let stopping = false;
    let enough = (): void => undefined;
    const underLoad = new Promise<void>(resolve => {
      enough = resolve;
    });
    const note = (client_id: string, { id, seq }: { id: string; seq: number }) => {
      acked.set(client_id, { id, seq });
      if (acked.size === 60) enough();
    };
    const bySocket = sockets.map(async socket => {
      while (socket.connected && !stopping) {
        const client_id = clientId();
        // A socket that is cut leaves this command without an answer: the client's own timeout, not a promise of the server.
        const result = await emit(
          socket,
          'message:send',
          { conversation_id: 'lobby', message: 'under load', client_id },
          8_000,
        ).catch(() => undefined);
        if (result?.ok) note(client_id, result.data);
      }
    });
    const byCurl = people.map(async ({ token }) => {
      for (;;) {
        const client_id = clientId();
        const fields = { conversation_id: 'lobby', message: 'under load', client_id };
        const answer = await api(at, token)<{ id: string; seq: number }>('POST', '/message/v1/send', fields).catch(
          () => undefined,
        );
        if (!answer) return;
        if (answer.status === 201) note(client_id, answer.body);
        else expect(answer.error?.retryable).toBe(true);
      }
    });
    await underLoad;
    const started = performance.now();
    first.child.kill(signal);
    const ended = await first.exit;
    stopping = true;
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(performance.now() - started).toBeLessThan(10_000);
    for (const closing of await Promise.all(closings))
      expect(closing).toMatchObject({ code: 'stopping', reconnect: true });
    await Promise.all([...bySocket, ...byCurl]);

    const second = spawnServer(env);
    const again = { url: await second.ready };
    const stored = new Map((await wholeHistory(again, people[0] as Person)).map(item => [item.client_id, item]));
    for (const [client_id, { id, seq }] of acked) expect(stored.get(client_id)).toMatchObject({ id, seq });
    second.child.kill('SIGTERM');
    expect((await second.exit).code).toBe(0);
  },
);
