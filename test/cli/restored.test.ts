import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { clientId, command, connect, signUp } from '../support/clients.ts';
import { startServer, temporaryFolder } from '../support/server.ts';
import { answerOf, refusalOf } from './program.ts';

/** Each call is a process that begins with the TypeScript loader; on a busy machine that is slow. */
vi.setConfig({ testTimeout: 300_000 });

const conversation_id = 'lobby';

test('[G5] after a backup was put back, a cursor from before is answered reset, and the log goes on under a new epoch', async () => {
  const backup = join(temporaryFolder(), 'backup');
  const server = await startServer();
  const DATA_DIR = server.config.dataDir;
  const person = await signUp(server);
  const open = () => connect(server, person.token);
  const send = async (message: string) => {
    const socket = await open();
    const sent = await command(socket, 'message:send', { conversation_id, message, client_id: clientId() });
    socket.disconnect();
    return sent;
  };
  const syncFrom = async (cursor: { epoch: string; seq: number; id?: string }) => {
    const socket = await open();
    const { conversations } = await command(socket, 'sync', { cursors: { [conversation_id]: cursor } });
    socket.disconnect();
    return conversations[conversation_id];
  };

  await send('in the backup');
  await server.app.close();
  cpSync(DATA_DIR, backup, { recursive: true });
  await server.restart();
  const lost = await send('not in the backup');
  const cursor = { epoch: lost.epoch, seq: lost.seq };
  expect((await syncFrom(cursor))?.reset).toBeUndefined();

  await server.app.close();
  cpSync(backup, DATA_DIR, { recursive: true });
  expect(await refusalOf(['restored'], { DATA_DIR })).toEqual({ code: 2, line: expect.stringContaining('--yes') });
  const [, epoch] =
    /^The log has a new epoch: (\S+)\n$/.exec(await answerOf(['restored', '--yes'], { DATA_DIR })) ?? [];
  await server.restart();

  // Somebody else stands now where the cursor points to; by its seq alone it would look right.
  const other = await send('in its place');
  expect({ seq: other.seq, epoch: other.epoch }).toEqual({ seq: lost.seq, epoch });
  expect(epoch).not.toBe(lost.epoch);
  expect(await syncFrom(cursor)).toMatchObject({ reset: true });
  expect((await syncFrom({ epoch: other.epoch, seq: other.seq }))?.reset).toBeUndefined();
  await server.close();
});

test('while the server runs, nothing is renewed', async () => {
  const server = await startServer();
  const { code, line } = await refusalOf(['restored', '--yes'], { DATA_DIR: server.config.dataDir });
  expect({ code, line }).toEqual({ code: 1, line: expect.stringContaining('in use by another running server') });
  await server.close();
});
