import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ParleyError } from '../../../errors.ts';
import { type Clock, systemClock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import { createFoldedReader } from './folded-reader.ts';
import { createGroupCommit } from './group-commit.ts';
import { createReader, read } from './reader.ts';
import { openForReading } from './schema.ts';
import { startThread, type Thread } from './thread.ts';

/** Milliseconds that closing waits for what was begun. */
const drainTime = 5_000;

export interface SqliteLog extends Log {
  /** Makes edits, reactions and unsendings of a conversation's messages anew from its events. */
  rebuildFolds(conversation_id: string): Promise<void>;
}

/** Rows from which on a read ends in a later turn: 0.6 ms of the main thread. */
const longRead = 200;

/** The worker that writes to `file`. */
export const startWorker = (file: string) =>
  new Worker(new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url), {
    workerData: { file },
  });

/**
 * The log in one SQLite file, which it creates where there is none. Writes happen in a worker thread, reads here.
 * Rejects with an `Error` that names the file and what is wrong with it where it cannot be used.
 * `start` makes the worker.
 */
export const openSqliteLog = async ({
  file,
  clock = systemClock,
  start = startWorker,
}: {
  file: string;
  clock?: Clock;
  start?: (file: string) => Worker;
}): Promise<SqliteLog> => {
  let thread: Thread | undefined;
  let closing: Promise<void> | undefined;
  const commits = createGroupCommit({
    thread: () => thread,
    clock,
    findOriginal: (...key) => reader.byClientId(...key),
  });
  thread = await startThread({ start: () => start(file), onIdle: () => commits.pump() });
  const running = thread;
  const database = openForReading(file);
  const reader = createReader(database);
  const folded = createFoldedReader(database);

  const open = () => {
    if (closing) throw new ParleyError('unavailable');
  };
  /** A read of the open log. */
  const reading = <T>(work: () => T) =>
    read(() => {
      open();
      return work();
    });
  /** A read that somebody may ask for again and again, through a whole log: between two of them others have their turn. */
  const readingOn = async <T>(work: () => T, long: (result: T) => boolean) => {
    const result = await reading(work);
    if (long(result)) await nextTurn();
    return result;
  };
  const many = (rows: unknown[]) => rows.length >= longRead;

  return {
    async append(conversation_id, at, events) {
      open();
      return events.length === 0 ? { stored: [] } : commits.append(conversation_id, at, events);
    },
    head: id => reading(() => reader.head(id)),
    heads: ids => reading(() => reader.heads(ids)),
    range: (id, after, upTo) => readingOn(() => reader.range(id, after, upTo), many),
    at: (id, seq) => reading(() => reader.at(id, seq)),
    byClientId: (id, from, client_id) => reading(() => reader.byClientId(id, from, client_id)),
    messages: (id, afterN, upToN, viewer) => readingOn(() => folded.messages(id, afterN, upToN, viewer), many),
    fold: (id, messages, viewer) => readingOn(() => folded.among(id, messages, viewer), many),
    messageAt: (id, seq, viewer) => reading(() => folded.messageAt(id, seq, viewer)),
    latestMessages: (ids, viewer) => reading(() => folded.latestMessages(ids, viewer)),
    reaction: (id, seq, user_id, emoji) => reading(() => reader.reaction(id, seq, user_id, emoji)),
    changes: (since, limit) =>
      readingOn(
        () => reader.changes(running.epoch(), since, limit),
        () => true,
      ),
    async erase(conversation_id, target_seq) {
      open();
      await commits.ask({ kind: 'erase', conversation_id, target_seq });
    },
    async drop(conversation_id) {
      let more = true;
      while (more) {
        open();
        const { numbers } = await commits.ask({ kind: 'drop', conversation_id });
        more = numbers[0] === 1;
      }
    },
    async rebuildFolds(conversation_id) {
      open();
      await commits.ask({ kind: 'rebuild', conversation_id });
    },
    get epoch() {
      return running.epoch();
    },
    async renewEpoch() {
      open();
      const { text } = await commits.ask({ kind: 'renew' });
      running.setEpoch(text);
      return text;
    },
    async ping() {
      await reading(() => reader.ping());
      await commits.ask({ kind: 'ping' });
    },
    close() {
      closing ??= (async () => {
        await Promise.race([commits.drained(), sleep(drainTime, undefined, { ref: false })]);
        database.close();
        await running.close();
      })();
      return closing;
    },
  };
};
