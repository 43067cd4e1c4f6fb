import { Worker } from 'node:worker_threads';
import { ParleyError } from '../../../errors.ts';
import type { SearchIndex } from '../../../ports/search.ts';
import type { Application, IndexFile } from './index-file.ts';
import type { Call, Reply } from './search-worker.ts';

type Method = keyof IndexFile;
interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}
interface Thread {
  worker: Worker;
  pending: Map<number, Pending>;
  ended: Promise<void>;
}

/**
 * The embedded search index: SQLite's FTS5 in a worker thread of its own, so that neither a long question nor a backlog holds up
 * the event loop. A thread that died is started anew by the next call. Rejects with an Error that names the file where that cannot be opened.
 */
export const openSqliteSearch = async ({ file }: { file: string }): Promise<SearchIndex> => {
  let thread: Promise<Thread> | undefined;
  let closed = false;
  let counter = 0;

  const running = () => {
    thread ??= startThread(file, () => {
      thread = undefined;
    });
    return thread;
  };

  const call = async <M extends Method>(
    method: M,
    ...args: Parameters<IndexFile[M]>
  ): Promise<ReturnType<IndexFile[M]>> => {
    if (closed) throw new ParleyError('unavailable');
    const { worker, pending } = await running().catch(cause => {
      throw new ParleyError('unavailable', { cause });
    });
    return new Promise((resolve, reject) => {
      const id = ++counter;
      pending.set(id, { resolve: value => resolve(value as ReturnType<IndexFile[M]>), reject });
      worker.postMessage({ id, method, args } satisfies Call);
    });
  };

  let applications: Application[] = [];
  let applied: Promise<void> | undefined;
  /** What is asked in one turn of the event loop is one transaction: FTS5 writes and merges a segment for each. */
  const apply = (application: Application): Promise<void> => {
    applications.push(application);
    applied ??= new Promise(resolve => setImmediate(resolve)).then(() => {
      const together = JSON.stringify(applications);
      applications = [];
      applied = undefined;
      return call('apply', together);
    });
    return applied;
  };

  await running();
  return {
    stamp: () => call('stamp'),
    setStamp: stamp => call('setStamp', stamp),
    position: conversation_id => call('position', conversation_id),
    apply: (conversation_id, events, upTo) => apply({ conversation_id, events, upTo }),
    remove: conversation_id => call('remove', conversation_id),
    clear: () => call('clear'),
    async find({ after, ...query }) {
      const { hits, next } = await call('find', { ...query, below: after === undefined ? undefined : pageEnd(after) });
      return next === undefined ? { hits } : { hits, next: next.toString(36) };
    },
    async close() {
      if (closed) return;
      const last = thread;
      if (last) await call('close');
      closed = true;
      await (await last)?.ended;
    },
  };
};

const pageEnd = (after: string) => {
  const id = /^[0-9a-z]{1,11}$/.test(after) ? Number.parseInt(after, 36) : Number.NaN;
  if (Number.isSafeInteger(id)) return id;
  throw new ParleyError('invalid_input', { details: { after: 'is not the next of a page' } });
};

const startThread = (file: string, onEnd: () => void): Promise<Thread> =>
  new Promise((resolve, reject) => {
    const url = new URL(import.meta.url.endsWith('.ts') ? './search-worker.ts' : './search-worker.js', import.meta.url);
    const worker = new Worker(url, { workerData: { file } });
    const pending: Thread['pending'] = new Map();
    let cause: unknown;
    const ended = new Promise<void>(done => worker.once('exit', () => done()));
    worker.on('error', error => {
      cause = error;
    });
    worker.on('exit', () => {
      onEnd();
      const why = cause instanceof Error ? cause.message : 'its thread ended';
      reject(new Error(`Cannot open ${file} as a search index: ${why}`, { cause }));
      for (const { reject: refuse } of pending.values()) refuse(new ParleyError('unavailable', { cause }));
    });
    worker.on('message', (reply: Reply) => {
      if ('ready' in reply) return resolve({ worker, pending, ended });
      const waiting = pending.get(reply.id);
      pending.delete(reply.id);
      if ('error' in reply) waiting?.reject(new ParleyError('unavailable', { cause: new Error(reply.error) }));
      else waiting?.resolve(reply.value);
    });
  });
