import { ChatError } from './errors.ts';

/** Milliseconds before another try where the server names no time; from half as many to one and a half times. */
const retryMs = 2_000;

export interface Task {
  /** Works, unless it does already or there is no connection. What fails is tried again a while later. Never rejects. */
  run(): Promise<void>;
  /** In so many milliseconds, unless it is to run sooner. */
  soon(ms: number): void;
  stop(): void;
}

/** Work that goes on as long as there is a connection until all is done that it finds to be done. */
export const createTask = ({
  work,
  isOnline,
  random,
  onError,
}: {
  work: () => Promise<void>;
  isOnline: () => boolean;
  random: () => number;
  onError: (error: unknown) => void;
}): Task => {
  let running: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const soon = (ms: number) => {
    timer ??= setTimeout(run, ms);
  };

  const run = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    // Without a connection there is nothing to try: connecting begins anew.
    const isIdle = () => stopped || !isOnline();
    if (isIdle()) return Promise.resolve();
    running ??= work()
      .catch((error: unknown) => {
        const known = error instanceof ChatError;
        if (!known) onError(error);
        if (!isIdle()) soon((known ? error.retry_after_ms : undefined) ?? retryMs * (0.5 + random()));
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };

  return {
    run,
    soon,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
