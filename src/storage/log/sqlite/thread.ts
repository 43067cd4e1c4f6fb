import type { Worker } from 'node:worker_threads';
import { ParleyError } from '../../../errors.ts';
import type { Reply, Request } from './requests.ts';

export type Done = Extract<Reply, { kind: 'done' }>;

/** Milliseconds after which a request that the disk holds up is answered with `unknown_outcome`. */
const deadline = 5_000;
/** Milliseconds between two tries to start the worker after it died. */
const restartEvery = 500;

/** One request at a time to the worker, which is started anew when it dies. */
export interface Thread {
  /** Whether a request may be sent now. */
  idle(): boolean;
  /** Throws `unavailable` where nothing was stored, `unknown_outcome` where that is not known. */
  send(request: Request): Promise<Done>;
  epoch(): string;
  setEpoch(renewed: string): void;
  /** Empties the write-ahead log and ends the worker. */
  close(): Promise<void>;
}

interface Current {
  resolve(done: Done): void;
  reject(error: Error): void;
}

/**
 * `onIdle` is called whenever `idle()` has become true. Rejects with the worker's own message where the file cannot be used.
 */
export const startThread = async ({ start, onIdle }: { start: () => Worker; onIdle: () => void }): Promise<Thread> => {
  let worker: Worker | undefined;
  let current: Current | undefined;
  let busy = false;
  let epoch = '';
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let failure: unknown;

  const settle = (reply: Reply) => {
    clearTimeout(timer);
    const settled = current;
    current = undefined;
    busy = false;
    if (reply.kind === 'done') settled?.resolve(reply);
    else if (reply.kind === 'failed') {
      settled?.reject(new ParleyError(reply.code, { cause: new Error(reply.message) }));
    }
    onIdle();
  };

  const launch = () =>
    new Promise<void>((resolve, reject) => {
      const started = start();
      const lost = (cause: unknown) => {
        if (worker === started) worker = undefined;
        reject(cause);
        if (stopped) return;
        failure = cause;
        if (busy) settle({ kind: 'failed', code: 'unknown_outcome', message: String(cause) });
        setTimeout(relaunch, restartEvery).unref();
      };
      started.on('message', (reply: Reply) => {
        if (reply.kind === 'ready') {
          worker = started;
          epoch = reply.epoch;
          failure = undefined;
          resolve();
          onIdle();
        } else if (reply.kind === 'unusable') {
          failure = new Error(reply.message, { cause: new Error(reply.reason) });
          reject(failure);
        } else settle(reply);
      });
      started.on('error', cause => {
        failure = cause;
      });
      started.on('exit', code => lost(failure ?? new Error(`The log's worker ended with code ${code}`)));
    });

  const relaunch = () => {
    if (stopped || worker) return;
    launch().catch((cause: unknown) => {
      failure = cause;
      onIdle();
    });
  };

  const send = (request: Request) => {
    if (!worker) return Promise.reject(new ParleyError('unavailable', { cause: failure }));
    const to = worker;
    busy = true;
    return new Promise<Done>((resolve, reject) => {
      current = { resolve, reject };
      // The worker stays busy until it answers; only who waits is let go.
      timer = setTimeout(() => {
        reject(
          new ParleyError('unknown_outcome', { cause: new Error(`The log did not answer within ${deadline} ms`) }),
        );
      }, deadline);
      to.postMessage(request);
    });
  };

  try {
    await launch();
  } catch (cause) {
    stopped = true;
    throw cause;
  }

  return {
    idle: () => !busy,
    epoch: () => epoch,
    setEpoch(renewed) {
      epoch = renewed;
    },
    send,
    async close() {
      stopped = true;
      const ending = worker;
      if (!ending) return;
      try {
        // Where the disk still holds up a request, the next opening does what is left out here.
        if (!busy) await send({ kind: 'close' });
      } finally {
        worker = undefined;
        clearTimeout(timer);
        await ending.terminate();
      }
    },
  };
};
