import { randomBytes } from 'node:crypto';
import Libsql from 'libsql';
import type { StoredEvent } from '../../../ports/log.ts';
import type { SearchHit } from '../../../ports/search.ts';
import { matchExpression, scopeOf } from './query.ts';

/** What the worker thread offers to `search.ts`, synchronously; `SearchIndex` says what each does. */
export interface IndexFile {
  stamp(): string;
  setStamp(stamp: string): void;
  position(conversation_id: string): number;
  /** A JSON array of `Application`: between threads one text is cheaper than many objects. All of it is one transaction. */
  apply(applications: string): void;
  find(query: FileQuery): { hits: SearchHit[]; next?: number };
  remove(conversation_id: string): void;
  clear(): void;
  close(): void;
}

export interface Application {
  conversation_id: string;
  events: StoredEvent[];
  upTo: number;
}

export interface FileQuery {
  q: string;
  floors: Map<string, number>;
  from?: string;
  /** Entries with a smaller id only. */
  below?: number;
  limit: number;
}

/** Raised with the tables' form: a file of another version is emptied and fills itself from the log. */
const version = 1;

/**
 * An entry's id is its date in ms, times this, plus a place among those of the same ms: newest first is then FTS5's own order, a
 * page's end is a bound that FTS5 applies itself, and ids stay below 2^53 until the year 2109.
 */
const idsPerMs = 2_048;

/** Conversations in one expression; 10,000 take FTS5 100 ms (3.45, 5,000 messages), so more are asked in turns. */
const scopesPerQuery = 5_000;
const rowsPerRead = 200;
/** Matches below the caller's floors that one call looks through before it answers with a shorter page. */
const maxRowsRead = 20_000;

const tables = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE position (conversation_id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE entry (id INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL, seq INTEGER NOT NULL, UNIQUE (conversation_id, seq));
  CREATE VIRTUAL TABLE body USING fts5(
    text, scope, prefix = '2', tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
  );
  INSERT INTO body (body, rank) VALUES ('secure-delete', 1);
  PRAGMA user_version = ${version};
`;
const dropped = ['meta', 'position', 'entry', 'body'].map(table => `DROP TABLE IF EXISTS ${table};`).join('\n');

/**
 * The FTS5 index in one SQLite file, for one thread. Marks count as letters (Hindi vowels are marks). A commit is not synced to
 * disk: after a power cut the file is whole but older, its positions too, and the follower continues from them.
 * Deleted text is overwritten, in the index (`secure-delete`), in the tables (`secure_delete`) and in the write-ahead log (truncated).
 */
export const openIndexFile = (file: string): IndexFile => {
  const db = new Libsql(file, { timeout: 1_000 });
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('secure_delete = ON');

  const transaction = <T>(work: () => T): T => {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };
  const truncateWal = () => db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();

  const found = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found.user_version !== version) transaction(() => db.exec(dropped + tables));

  const statements = prepare(db);

  const freeId = (date: string) => {
    for (let from = (Date.parse(date) || 0) * idsPerMs; ; from += idsPerMs) {
      const { id } = statements.lastIdIn.get(from, from + idsPerMs) as { id: number | null };
      const next = id === null ? from : id + 1;
      if (next < from + idsPerMs) return next;
    }
  };
  const entryId = (conversation_id: string, seq: number) =>
    (statements.entryAt.get(conversation_id, seq) as { id: number } | undefined)?.id;
  const drop = (id: number) => {
    statements.deleteBody.run(id);
    statements.deleteEntry.run(id);
  };
  const dropConversation = (conversation_id: string) => {
    const rows = statements.entriesOf.all(conversation_id) as { id: number }[];
    for (const { id } of rows) drop(id);
    return rows.length > 0;
  };

  /** Returns whether text went away. */
  const applyOne = (event: StoredEvent): boolean => {
    const { conversation_id, kind, payload } = event;
    const text = payload.unsent ? undefined : payload.message;
    if (kind === 'deleted') return dropConversation(conversation_id);
    const seq = kind === 'message' ? event.seq : payload.target_seq;
    if (seq === undefined || !(kind === 'message' || kind === 'edit' || kind === 'unsend')) return false;
    const id = entryId(conversation_id, seq);
    if (kind === 'message') {
      if (id !== undefined || text === undefined) return false;
      const fresh = freeId(event.date);
      statements.insertEntry.run(fresh, conversation_id, seq);
      statements.insertBody.run(fresh, text, scopeOf(conversation_id, event.from));
      return false;
    }
    if (id === undefined || (kind === 'edit' && text === undefined)) return false;
    if (kind === 'edit') statements.updateBody.run(text, id);
    else drop(id);
    return true;
  };

  const position = (conversation_id: string) =>
    (statements.position.get(conversation_id) as { seq: number } | undefined)?.seq ?? 0;

  const applyTo = ({ conversation_id, events, upTo }: Application): boolean => {
    const held = position(conversation_id);
    let went = false;
    for (const event of events) if (event.seq > held && event.seq <= upTo) went = applyOne(event) || went;
    if (upTo > held) statements.setPosition.run(conversation_id, upTo);
    return went;
  };

  return {
    stamp: () => (statements.meta.get('stamp') as { value: string } | undefined)?.value ?? '',
    setStamp: stamp => void statements.setMeta.run('stamp', stamp),
    position,
    apply(applications) {
      const erased = transaction(() => {
        let went = false;
        for (const application of JSON.parse(applications) as Application[]) went = applyTo(application) || went;
        return went;
      });
      if (erased) truncateWal();
    },
    find: query => find(db, query),
    remove(conversation_id) {
      transaction(() => {
        dropConversation(conversation_id);
        statements.deletePosition.run(conversation_id);
      });
      truncateWal();
    },
    clear() {
      transaction(() => {
        for (const table of ['body', 'entry', 'position', 'meta']) db.exec(`DELETE FROM ${table}`);
      });
      truncateWal();
    },
    close: () => void db.close(),
  };
};

const prepare = (db: Libsql.Database) => ({
  meta: db.prepare('SELECT value FROM meta WHERE name = ?'),
  setMeta: db.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
  position: db.prepare('SELECT seq FROM position WHERE conversation_id = ?'),
  setPosition: db.prepare('INSERT INTO position VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq'),
  deletePosition: db.prepare('DELETE FROM position WHERE conversation_id = ?'),
  lastIdIn: db.prepare('SELECT MAX(id) AS id FROM entry WHERE id >= ? AND id < ?'),
  entryAt: db.prepare('SELECT id FROM entry WHERE conversation_id = ? AND seq = ?'),
  entriesOf: db.prepare('SELECT id FROM entry WHERE conversation_id = ?'),
  insertEntry: db.prepare('INSERT INTO entry VALUES (?, ?, ?)'),
  deleteEntry: db.prepare('DELETE FROM entry WHERE id = ?'),
  insertBody: db.prepare('INSERT INTO body (rowid, text, scope) VALUES (?, ?, ?)'),
  updateBody: db.prepare('UPDATE body SET text = ? WHERE rowid = ?'),
  deleteBody: db.prepare('DELETE FROM body WHERE rowid = ?'),
});

interface Row {
  id: number;
  conversation_id: string;
  seq: number;
}

const find = (
  db: Libsql.Database,
  { q, floors, from, below, limit }: FileQuery,
): { hits: SearchHit[]; next?: number } => {
  const ids = [...floors.keys()];
  const turns: string[] = [];
  for (let at = 0; at < ids.length; at += scopesPerQuery) {
    const expression = matchExpression(q, ids.slice(at, at + scopesPerQuery), from);
    if (expression) turns.push(expression);
  }
  const start = below ?? Number.MAX_SAFE_INTEGER;
  const found = turns.map(expression => scan(db, expression, floors, start, limit));
  /** Below this nothing is known yet of a turn that stopped early. */
  const known = Math.max(0, ...found.map(({ stopped }) => stopped ?? 0));
  const rows = found
    .flatMap(({ rows: some }, turn) => some.map(row => ({ ...row, expression: turns[turn] ?? '' })))
    .filter(row => row.id >= known)
    .sort((a, b) => b.id - a.id);
  const page = rows.slice(0, limit);
  const mark = marker(db);
  const hits = page.map(row => ({
    conversation_id: row.conversation_id,
    seq: row.seq,
    highlight: mark(row.expression, row.id),
  }));
  const next = rows.length > limit ? page.at(-1)?.id : known || undefined;
  return next === undefined ? { hits } : { hits, next };
};

/** Matches above their floors, newest first; `stopped` is the id down to which was looked, where older ones may remain. */
const scan = (db: Libsql.Database, expression: string, floors: Map<string, number>, start: number, limit: number) => {
  const read = db.prepare(`
    SELECT entry.id, entry.conversation_id, entry.seq FROM body CROSS JOIN entry ON entry.id = body.rowid
    WHERE body MATCH ? AND body.rowid < ? ORDER BY body.rowid DESC LIMIT ${rowsPerRead}`);
  const rows: Row[] = [];
  let below = start;
  for (let seen = 0; seen < maxRowsRead; seen += rowsPerRead) {
    const some = read.all(expression, below) as Row[];
    for (const row of some)
      if (row.seq >= (floors.get(row.conversation_id) ?? Number.POSITIVE_INFINITY)) rows.push(row);
    if (some.length < rowsPerRead) return { rows };
    below = some.at(-1)?.id ?? below;
    if (rows.length > limit) break;
  }
  return { rows, stopped: below };
};

/** Cuts a text into pieces at marks that no text can forge, as they are made for this one call. */
const marker = (db: Libsql.Database) => {
  const [open, shut] = [0, 1].map(() => `\u0001${randomBytes(9).toString('base64url')}`) as [string, string];
  const read = db.prepare('SELECT highlight(body, 0, ?, ?) AS text FROM body WHERE body MATCH ? AND rowid = ?');
  return (expression: string, id: number) => {
    const { text } = read.get(open, shut, expression, id) as { text: string };
    return text.split(open).flatMap((part, place) => {
      if (place === 0) return piece(part, false);
      const [inside = '', outside = ''] = part.split(shut);
      return [...piece(inside, true), ...piece(outside, false)];
    });
  };
};
const piece = (text: string, match: boolean) => (text === '' ? [] : [{ text, match }]);
