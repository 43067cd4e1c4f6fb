import { parentPort, workerData } from 'node:worker_threads';
import { createAppender } from './appender.ts';
import { createDropping } from './dropping.ts';
import { createFolds } from './folds.ts';
import type { Reply, Request } from './requests.ts';
import { busyTimeout, newEpoch, openForWriting } from './schema.ts';
import { inTransaction, StoreFault } from './transaction.ts';
import { createTruncation } from './truncation.ts';

interface Performed {
  numbers?: number[];
  text?: string;
  /** Whether text was erased that the write-ahead log still has. */
  erased?: boolean;
}

/** The writing side of the log: one connection, one request at a time, in a thread that may wait for the disk. */
const createWriter = (file: string) => {
  const database = openForWriting(file);
  const folds = createFolds(database);
  const appender = createAppender({ database, folds });
  const drop = createDropping({ database, folds, appender });
  const truncation = createTruncation(database, { busyTimeout });
  const readEpoch = database.prepare('SELECT epoch FROM meta').raw();
  const setEpoch = database.prepare('UPDATE meta SET epoch = ?');

  const perform = (request: Request): Performed => {
    switch (request.kind) {
      case 'append':
        return appender.append(request.cells);
      case 'erase': {
        const c = appender.find(request.conversation_id);
        return { erased: c !== undefined && folds.erase(c, request.target_seq) };
      }
      case 'drop':
        return { numbers: [drop(request.conversation_id) ? 1 : 0], erased: true };
      case 'rebuild': {
        const c = appender.find(request.conversation_id);
        if (c !== undefined) folds.rebuild(c);
        return {};
      }
      case 'renew': {
        const epoch = newEpoch();
        setEpoch.run([epoch]);
        return { text: epoch };
      }
      case 'ping':
        readEpoch.get();
        return {};
      case 'close':
        truncation.now();
        truncation.stop();
        database.close();
        return {};
    }
  };

  // A crash may have come between an erasure and the emptying of the write-ahead log.
  truncation.now();

  return {
    epoch: () => (readEpoch.get() as [string])[0],
    handle(request: Request): Reply {
      try {
        const alone = request.kind === 'ping' || request.kind === 'close';
        const done = alone ? perform(request) : inTransaction(database, () => perform(request));
        if (done.erased) truncation.soon();
        return { kind: 'done', numbers: done.numbers ?? [], text: done.text ?? '' };
      } catch (error) {
        appender.forget();
        const fault = error instanceof StoreFault ? error : new StoreFault('unavailable', error);
        return { kind: 'failed', code: fault.code, message: fault.message };
      }
    },
  };
};

const port = parentPort;
if (port) {
  const reply = (message: Reply) => port.postMessage(message);
  try {
    const writer = createWriter((workerData as { file: string }).file);
    port.on('message', (request: Request) => {
      reply(writer.handle(request));
      if (request.kind === 'close') port.close();
    });
    reply({ kind: 'ready', epoch: writer.epoch() });
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
    reply({ kind: 'unusable', message: error instanceof Error ? error.message : String(error), reason });
  }
}
