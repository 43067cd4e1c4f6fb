import type { Database } from 'libsql';
import { kindCodes, parsePayload } from './rows.ts';

export interface Folds {
  /** Folds one new event in; the same transaction as its insert is the guard against folding it twice. Returns whether text was erased. */
  fold(c: number, seq: number, kind: number, sender: string, payload: string): boolean;
  /** Erases the text of a message and of its edits; false where there was none. */
  erase(c: number, target_seq: number): boolean;
  /** Forgets the folds of a conversation. */
  clear(c: number): void;
  /** Makes the folds of a conversation anew from its events. */
  rebuild(c: number): void;
}

export const createFolds = (database: Database): Folds => {
  const target = database.prepare('SELECT row, payload FROM events WHERE c = ? AND seq = ? AND kind = 0').raw();
  const editRows = database
    .prepare(
      'SELECT e.row, e.payload FROM edits d JOIN events e ON e.c = d.c AND e.seq = d.seq WHERE d.c = ? AND d.target = ?',
    )
    .raw();
  const setPayload = database.prepare('UPDATE events SET payload = ? WHERE row = ?');
  const addEdit = database.prepare('INSERT INTO edits (c, target, seq) VALUES (?, ?, ?)');
  const setFold = database.prepare(
    'INSERT INTO folds (c, seq, edit_seq) VALUES (?, ?, ?) ON CONFLICT (c, seq) DO UPDATE SET edit_seq = excluded.edit_seq',
  );
  const dropFold = database.prepare('DELETE FROM folds WHERE c = ? AND seq = ?');
  const addReaction = database.prepare(
    'INSERT INTO reactions (c, seq, emoji, user_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const dropReaction = database.prepare('DELETE FROM reactions WHERE c = ? AND seq = ? AND emoji = ? AND user_id = ?');
  const countUp = database.prepare(
    `INSERT INTO reaction_counts (c, seq, emoji, count, first_seq) VALUES (?, ?, ?, 1, ?)
     ON CONFLICT (c, seq, emoji) DO UPDATE SET count = count + 1`,
  );
  const countDown = database.prepare(
    'UPDATE reaction_counts SET count = count - 1 WHERE c = ? AND seq = ? AND emoji = ?',
  );
  const dropCount = database.prepare(
    'DELETE FROM reaction_counts WHERE c = ? AND seq = ? AND emoji = ? AND count <= 0',
  );
  const setReacted = database.prepare(
    'INSERT INTO reacted (c, seq, last) VALUES (?, ?, ?) ON CONFLICT (c, seq) DO UPDATE SET last = excluded.last',
  );
  const clearing = ['edits', 'folds', 'reactions', 'reaction_counts', 'reacted'].map(table =>
    database.prepare(`DELETE FROM ${table} WHERE c = ?`),
  );
  const foldable = database
    .prepare(
      `SELECT seq, kind, sender, payload FROM events
       WHERE c = ? AND seq > ? AND seq <= ? AND kind BETWEEN ${kindCodes.edit} AND ${kindCodes.unreact} ORDER BY seq`,
    )
    .raw();
  const lastSeq = database.prepare('SELECT max(seq) FROM events WHERE c = ?').raw();

  const redact = (row: number, text: string): boolean => {
    const { message, mentions, mentions_all, ...rest } = parsePayload(text);
    if (rest.unsent && message === undefined) return false;
    setPayload.run([JSON.stringify({ ...rest, unsent: true }), row]);
    return true;
  };

  const findTarget = (c: number, seq: number) => target.get([c, seq]) as [row: number, payload: string] | undefined;

  const edit = (c: number, seq: number, target_seq: number): boolean => {
    const message = findTarget(c, target_seq);
    if (!message) return false;
    addEdit.run([c, target_seq, seq]);
    // An edit behind the unsending of its message: nobody may read it again.
    if (parsePayload(message[1]).unsent) return erase(c, target_seq);
    setFold.run([c, target_seq, seq]);
    return false;
  };

  const erase = (c: number, target_seq: number): boolean => {
    const message = findTarget(c, target_seq);
    if (!message) return false;
    let erased = redact(message[0], message[1]);
    for (const [row, payload] of editRows.all([c, target_seq]) as [number, string][]) {
      erased = redact(row, payload) || erased;
    }
    if (erased) dropFold.run([c, target_seq]);
    return erased;
  };

  const fold: Folds['fold'] = (c, seq, kind, sender, payload) => {
    if (kind < kindCodes.edit || kind > kindCodes.unreact) return false;
    const { target_seq, emoji } = parsePayload(payload);
    if (target_seq === undefined) return false;
    if (kind === kindCodes.edit) return edit(c, seq, target_seq);
    if (kind === kindCodes.unsend) return erase(c, target_seq);
    if (emoji === undefined) return false;
    if (!findTarget(c, target_seq)) return false;
    const reaction = [c, target_seq, emoji];
    setReacted.run([c, target_seq, seq]);
    if (kind === kindCodes.react) {
      // An event says who reacted; that somebody did so twice changes nothing.
      if (addReaction.run([...reaction, sender]).changes > 0) countUp.run([...reaction, seq]);
    } else if (dropReaction.run([...reaction, sender]).changes > 0) {
      countDown.run(reaction);
      dropCount.run(reaction);
    }
    return false;
  };

  const clear = (c: number) => {
    for (const statement of clearing) statement.run([c]);
  };

  return {
    fold,
    erase,
    clear,
    rebuild(c) {
      clear(c);
      const [last] = lastSeq.get([c]) as [number | null];
      const window = 1_000;
      for (let after = 0; after < (last ?? 0); after += window) {
        for (const row of foldable.all([c, after, after + window]) as [number, number, string, string][])
          fold(c, ...row);
      }
    },
  };
};
