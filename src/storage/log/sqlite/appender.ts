import type { Database } from 'libsql';
import type { Folds } from './folds.ts';
import { verdict } from './requests.ts';
import { type Cell, cellsPerCall, cellsPerEvent, kindCodes } from './rows.ts';
import { sqliteCode } from './transaction.ts';

interface Head {
  c: number;
  seq: number;
  n: number;
  random: string;
}

/** Heads kept in memory by the writing thread; beyond it all are dropped and read anew. */
const keptHeads = 10_000;

export interface Appender {
  /** To be called in a transaction. Returns for each call how many events were stored, and why not the rest. */
  append(cells: Cell[]): { numbers: number[]; erased: boolean };
  /** The conversation's number; undefined where it has no log. */
  find(conversation_id: string): number | undefined;
  /** The highest stamp given so far. */
  stamp(): number;
  /** Whatever was changed behind its back, or rolled back: read everything anew. */
  forget(): void;
}

/**
 * Appends by insert: the unique index on (c, seq) is the allocation. What is remembered of heads only spares reads; it is
 * dropped as soon as another connection has committed.
 */
export const createAppender = ({ database, folds }: { database: Database; folds: Folds }): Appender => {
  const dataVersion = database.prepare('PRAGMA data_version').raw();
  const highest = database
    .prepare('SELECT max(coalesce((SELECT max(stamp) FROM conversations), 0), (SELECT stamp FROM meta))')
    .raw();
  const findHead = database.prepare('SELECT c, seq, n, random FROM conversations WHERE id = ?').raw();
  const begin = database.prepare("INSERT INTO conversations (id, seq, n, random, stamp) VALUES (?, 0, 0, '', 0)");
  const insert = database.prepare(
    `INSERT INTO events (c, seq, n, kind, sender, client_id, date, random, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const raise = database.prepare('UPDATE conversations SET seq = ?, n = ?, random = ?, stamp = ? WHERE c = ?');

  const heads = new Map<string, Head>();
  let seenVersion: number | undefined;
  let stamp = 0;

  const refresh = () => {
    const [version] = dataVersion.get() as [number];
    // Only between transactions: within one, a head read anew would not know of its own raising.
    if (version !== seenVersion || heads.size >= keptHeads) heads.clear();
    if (version === seenVersion) return;
    [stamp] = highest.get() as [number];
    seenVersion = version;
  };

  const headOf = (conversation_id: string): Head | undefined => {
    const known = heads.get(conversation_id);
    if (known) return known;
    const row = findHead.get([conversation_id]) as [number, number, number, string] | undefined;
    return row && keep(conversation_id, { c: row[0], seq: row[1], n: row[2], random: row[3] });
  };

  const keep = (conversation_id: string, head: Head) => {
    heads.set(conversation_id, head);
    return head;
  };

  const start = (conversation_id: string): Head => {
    const c = Number(begin.run([conversation_id]).lastInsertRowid);
    return keep(conversation_id, { c, seq: 0, n: 0, random: '' });
  };

  return {
    append(cells) {
      refresh();
      const numbers: number[] = [];
      const raised = new Set<Head>();
      let erased = false;
      for (let i = 0; i < cells.length; ) {
        const conversation_id = cells[i] as string;
        const at = { seq: cells[i + 1] as number, n: cells[i + 2] as number, random: cells[i + 3] as string };
        const first = i + cellsPerCall;
        const end = first + (cells[i + 4] as number) * cellsPerEvent;
        i = end;
        const known = headOf(conversation_id);
        if (neverThere(at, known)) {
          numbers.push(0, verdict.neverThere);
          continue;
        }
        const head = known ?? start(conversation_id);
        let { seq, n } = at;
        let stored = 0;
        let ended: number = verdict.whole;
        for (let e = first; e < end; e += cellsPerEvent) {
          const kind = cells[e] as number;
          const sender = cells[e + 1] as string;
          const random = cells[e + 4] as string;
          const payload = cells[e + 5] as string;
          const place = kind === kindCodes.message ? n + 1 : n;
          try {
            insert.run([head.c, seq + 1, place, kind, sender, cells[e + 2], cells[e + 3], random, payload]);
          } catch (error) {
            // A statement that fails undoes itself only: what was inserted before it stays in the transaction.
            ended = whichConflict(error);
            break;
          }
          seq += 1;
          n = place;
          stored += 1;
          head.seq = seq;
          head.n = n;
          head.random = random;
          erased = folds.fold(head.c, seq, kind, sender, payload) || erased;
        }
        if (stored > 0) raised.add(head);
        numbers.push(stored, ended);
      }
      for (const head of raised) {
        stamp += 1;
        raise.run([head.seq, head.n, head.random, stamp, head.c]);
      }
      return { numbers, erased };
    },
    find(conversation_id) {
      refresh();
      return headOf(conversation_id)?.c;
    },
    stamp() {
      refresh();
      return stamp;
    },
    forget() {
      seenVersion = undefined;
    },
  };
};

/** A place that the log has not reached, or reached with other events: to append behind it would leave a hole. */
const neverThere = (at: { seq: number; n: number; random: string }, head: Head | undefined): boolean => {
  if (!head) return at.seq !== 0 || at.n !== 0;
  if (at.seq !== head.seq) return at.seq > head.seq;
  return at.n !== head.n || (at.random !== '' && at.random !== head.random);
};

/** Throws whatever is not a unique index refusing a row. */
const whichConflict = (error: unknown): number => {
  if (sqliteCode(error) !== 'SQLITE_CONSTRAINT_UNIQUE' || !(error instanceof Error)) throw error;
  return error.message.includes('events.client_id') ? verdict.client_id : verdict.seq;
};
