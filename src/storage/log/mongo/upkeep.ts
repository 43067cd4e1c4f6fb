import type { Epoch } from './epoch.ts';
import { isStoreFault } from './faults.ts';
import type { Repair } from './repair.ts';
import type { Writer } from './writer.ts';

/** Milliseconds between two rounds: what repair.ts counts in. */
const every = 1_000;
/** Rounds between two looks at the epoch, which another process may have renewed. */
const epochEvery = 3;

/** What a log does once a second by itself. Returns how to end it. */
export const startUpkeep = ({
  writer,
  repair,
  epoch,
  onError,
}: {
  writer: Writer;
  repair: Repair;
  epoch: Epoch;
  onError: (error: unknown) => void;
}): (() => Promise<void>) => {
  let round = 0;
  let running: Promise<void> | undefined;

  const step = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      // A store that does not answer is told by `ping` and by every call; the next round tries again.
      if (!isStoreFault(error)) onError(error);
    }
  };

  const timer = setInterval(() => {
    if (running) return;
    round += 1;
    const steps = [step(writer.renew), step(repair.resolve), step(repair.sweep)];
    if (round % epochEvery === 0) steps.push(step(epoch.read));
    running = Promise.all(steps).then(() => {
      running = undefined;
    });
  }, every);
  timer.unref();

  return async () => {
    clearInterval(timer);
    await running;
  };
};
