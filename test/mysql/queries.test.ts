import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { beforeAll, expect, test } from 'vitest';
import type { Storage } from '../../src/ports/storage.ts';
import { openMysqlStorage } from '../../src/storage/sql/open.ts';
import { date, joined, notification } from '../storage/contract/rows.ts';
import { useMariadb } from './servers.ts';

const { database } = useMariadb();

interface Plan {
  table: string | null;
  type: string | null;
  key: string | null;
  rows: number | null;
}

const people = 4_000;
let storage: Storage;
let admin: Connection;

const ask = async <R extends object>(sql: string) => (await admin.query<(R & RowDataPacket)[]>(sql))[0];

/** Enough rows that a plan without an index would show: u1 is in 20 conversations, c1 has all people, everybody has three sessions. */
beforeAll(async () => {
  const url = await database();
  admin = await createConnection(url);
  storage = await openMysqlStorage({ url, poolSize: 4 });
  const at = date();
  const later = date(Date.now() + 3_600_000);
  const member = (conversation: string, user: string) =>
    `members SELECT CONCAT('c', ${conversation}), CONCAT('u', ${user}), 'member', 'active', NULL, 1, 1, 1, 1, 1, seq MOD 50`;
  const filled: [number, string][] = [
    [
      people,
      `users SELECT CONCAT('u', seq), CONCAT('name', seq), CONCAT('name', seq), CONCAT('full', seq), CONCAT('full', seq),
       NULL, NULL, 'x', 'user', '${at}', NULL, NULL, 1`,
    ],
    [
      3 * people,
      `sessions SELECT CONCAT('s', seq), CONCAT('u', 1 + seq MOD ${people}), 0, 0, '${at}', '${at}', '${later}', 'x'`,
    ],
    [
      2_000,
      `conversations SELECT CONCAT('c', seq), IF(seq MOD 4, 'direct', 'room'), 'x', IF(seq MOD 4, NULL, CONCAT('room', seq)),
       IF(seq MOD 4, CONCAT('pair', seq), NULL), CONCAT('client', seq), '', 0, 'all', 'u1', '${at}', 2, NULL`,
    ],
    [people, member('1', 'seq')],
    [19, member('1 + seq', '1')],
    [20_000, member('21 + seq MOD 1900', '2 + seq DIV 10')],
    [2_000, `outbox SELECT CONCAT('c', seq), 1, '{"kind":"left","from":"u1","payload":{}}'`],
    [
      20_000,
      `notifications SELECT CONCAT('n', LPAD(seq, 8, '0')), CONCAT('u', seq MOD 200), 'mention', 'c1', seq, NULL, 'u1', '${at}',
       IF(seq MOD 3, '${at}', NULL)`,
    ],
  ];
  for (const [count, select] of filled) await ask(`INSERT INTO ${select} FROM seq_1_to_${count}`);
  await ask(`INSERT INTO conversations (id, kind, topic, history, created_by, created_at)
    VALUES ('lobby', 'lobby', '', 'all', 'u1', '${at}')`);
  await ask('ANALYZE TABLE users, sessions, conversations, members, outbox, notifications');
  await ask("SET GLOBAL log_output = 'TABLE', general_log = 1");
  return async () => {
    await storage.close();
    await admin.end();
  };
}, 60_000);

/** The statements that reach the server during a call, as the server logs them. */
const statementsOf = async (call: () => Promise<unknown>) => {
  await ask('TRUNCATE mysql.general_log');
  await call();
  const logged = await ask<{ statement: string }>(
    `SELECT CONVERT(argument USING utf8mb4) AS statement FROM mysql.general_log
     WHERE command_type IN ('Query', 'Execute') AND thread_id <> CONNECTION_ID() ORDER BY event_time`,
  );
  return logged.map(({ statement }) => statement).filter(statement => !statement.startsWith('SET '));
};

const many = (letter: string) => Array.from({ length: 150 }, (_, index) => `${letter}${index + 1}`);

/** Each with the number of statements that it costs; a transaction adds its beginning and its end. */
const hot: [string, number, (storage: Storage) => Promise<unknown>][] = [
  // A connection
  ['sessions.find', 1, ({ sessions }) => sessions.find('s7')],
  ['audibleTo', 1, ({ conversations }) => conversations.audibleTo('u1')],
  ['userVersion', 1, ({ conversations }) => conversations.userVersion('u1')],
  ['users.findMany', 1, ({ users }) => users.findMany(many('u'))],
  ['changesOfUser', 1, ({ conversations }) => conversations.changesOfUser('u1', 10, 100)],
  ['ofUser', 1, ({ conversations }) => conversations.ofUser('u1', 'c11', 10)],
  ['idsOfUser', 1, ({ conversations }) => conversations.idsOfUser('u1')],
  ['peers', 1, ({ conversations }) => conversations.peers('u1', ['c1', 'c2', 'c3', 'c5'])],
  ['countActive', 1, ({ conversations }) => conversations.countActive(['c2', 'c3', 'c5'])],
  // Every few seconds
  ['liveAmong', 1, ({ sessions }) => sessions.liveAmong(many('s'))],
  ['userVersions', 1, ({ conversations }) => conversations.userVersions(many('u'))],
  ['setLastSeen', 1, ({ users }) => users.setLastSeen(new Map(many('u').map(id => [id, date()])))],
  ['outbox', 1, ({ conversations }) => conversations.outbox({ limit: 100 })],
  ['stamp', 1, ({ notifications }) => notifications.stamp('n')],
  ['position', 1, ({ notifications }) => notifications.position('n', 'c1')],
  ['deleteExpired', 1, ({ sessions }) => sessions.deleteExpired(date(0))],
  // Messages
  ['find', 1, ({ conversations }) => conversations.find('c1')],
  ['findRoom', 1, ({ conversations }) => conversations.findRoom('room4')],
  ['findDirect', 1, ({ conversations }) => conversations.findDirect('pair1')],
  ['findByClientId', 1, ({ conversations }) => conversations.findByClientId('u1', 'client5')],
  ['member', 1, ({ conversations }) => conversations.member('c1', 'u9')],
  ['membersOf', 3, ({ conversations }) => conversations.membersOf('c9')],
  ['findByUsernameKeys', 1, ({ users }) => users.findByUsernameKeys(['name1', 'name2'])],
  [
    'writeCursors',
    1,
    ({ conversations }) =>
      conversations.writeCursors(many('u').map(user_id => ({ conversation_id: 'c1', user_id, read_seq: 9 }))),
  ],
  [
    'record',
    6,
    ({ notifications }) => notifications.record('n', 'c1', 1e6, [notification('u1', 1e6, { conversation_id: 'c1' })]),
  ],
  ['list', 1, ({ notifications }) => notifications.list('u7', { limit: 20 })],
  ['countUnread', 1, ({ notifications }) => notifications.countUnread('u7')],
  ['markRead', 1, ({ notifications }) => notifications.markRead('u7', undefined, date())],
  // Memberships and sessions
  [
    'change',
    10,
    ({ conversations }) =>
      conversations.change('c1', ['u7'], () => ({
        members: [{ user_id: 'u7', state: 'left' }],
        events: [joined('u7')],
      })),
  ],
  ['outboxDone', 1, ({ conversations }) => conversations.outboxDone('c1', 3)],
  ['setJoined', 1, ({ conversations }) => conversations.setJoined('c1', 'u7', 5, 9, 9)],
  ['page', 1, ({ conversations }) => conversations.page('c1', 'active', 'u2', 50)],
  ['directory', 1, ({ conversations }) => conversations.directory('', 'room11', 20)],
  ['search', 2, ({ users }) => users.search('name12', 'name121', 20)],
  ['rotate', 4, ({ sessions }) => sessions.rotate('s7', 0, 10_000, date(), date(Date.now() + 60_000))],
  ['revoke', 4, ({ sessions }) => sessions.revoke({ user_id: 'u9' })],
];

test.each(hot)('%s: %i statement(s), each by an index', async (_name, count, call) => {
  const statements = await statementsOf(() => call(storage));
  expect(statements).toHaveLength(count);
  for (const statement of statements.filter(text => /^(SELECT|UPDATE|DELETE)/.test(text))) {
    for (const plan of await ask<Plan>(`EXPLAIN ${statement}`)) {
      if (plan.table === null) continue;
      expect([plan.type, plan.key], statement).not.toContain('ALL');
      expect(plan.key, statement).not.toBeNull();
      // Along a whole index only as far as the limit.
      if (plan.type === 'index') expect(Number(plan.rows)).toBeLessThanOrEqual(100);
    }
  }
});
