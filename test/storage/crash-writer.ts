import { openSqliteStorage } from '../../src/storage/sql/open.ts';

/** Joins and leaves one conversation for ever, and says after each change which version is durable. */
const [, , file = '', user_id = '', conversation_id = ''] = process.argv;
const storage = await openSqliteStorage({ file });
for (;;) {
  const changed = await storage.conversations.change(conversation_id, [user_id], (_, members) => {
    const joins = members.get(user_id)?.state !== 'active';
    return {
      members: [{ user_id, state: joins ? 'active' : 'left' }],
      events: [{ kind: joins ? 'joined' : 'left', from: user_id, payload: { user_id } }],
    };
  });
  process.stdout.write(`${changed?.conversation.version}\n`);
}
