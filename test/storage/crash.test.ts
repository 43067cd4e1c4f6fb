import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openSqliteStorage } from '../../src/storage/sql/open.ts';
import { addConversation, addUser } from './contract/rows.ts';
import { openStorage } from './open-storage.ts';

const loader = fileURLToPath(new URL('../../scripts/typescript-threads.mjs', import.meta.url));
const writer = fileURLToPath(new URL('./crash-writer.ts', import.meta.url));

test('[G1] what was reported survives kill -9 in the middle of transactions, and no half of one is there', async () => {
  const { storage, file } = await openStorage();
  const [owner, other] = [await addUser(storage), await addUser(storage)];
  const { row } = await addConversation(storage, owner.id);
  await storage.close();

  let reported = row.version;
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ['--import', loader, writer, file, other.id, row.id], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let lines = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      reported = Number(line);
      // At another place of a transaction each time: the output runs behind what the thread is doing.
      if (++lines === 15 + round * 7) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');

    const after = await openSqliteStorage({ file });
    const conversation = await after.conversations.find(row.id);
    const outbox = await after.conversations.outbox({ conversation_id: row.id, limit: 10_000 });
    const member = await after.conversations.member(row.id, other.id);
    expect(conversation?.version).toBeGreaterThanOrEqual(reported);
    expect(outbox.map(({ version }) => version)).toEqual(outbox.map((_, index) => index + 1));
    expect(outbox).toHaveLength(conversation?.version ?? 0);
    expect(member?.state === 'active').toBe(outbox.at(-1)?.event.kind === 'joined');
    expect(member?.user_version).toBe((conversation?.version ?? 0) - row.version);
    expect(await after.conversations.userVersion(other.id)).toBe(member?.user_version);
    await after.close();
  }
});
