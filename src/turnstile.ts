import { ParleyError } from './errors.ts';

/** Lets `atOnce` jobs run and `waiting` wait, in order; whoever comes beyond is refused, spread so that they do not come back together. */
export const createTurnstile = ({ atOnce, waiting }: { atOnce: number; waiting: number }) => {
  const queue: (() => void)[] = [];
  let running = 0;

  return async <T>(job: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) {
      if (queue.length >= waiting)
        throw new ParleyError('overloaded', { retry_after_ms: 1_000 + Math.random() * 2_000 });
      await new Promise<void>(resolve => queue.push(resolve));
    } else running += 1;
    try {
      return await job();
    } finally {
      // The place is handed on rather than given back, so that nobody overtakes.
      const next = queue.shift();
      if (next) next();
      else running -= 1;
    }
  };
};
