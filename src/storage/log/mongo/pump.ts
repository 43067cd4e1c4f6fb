/**
 * Begins `work` while something waits, `width` at once. Never in the same turn of the event loop: what arrives in that goes together.
 * `work` takes what it does from what waits, and never rejects. Returns what to call when something has come to wait.
 */
export const createPump = ({
  width,
  waits,
  work,
}: {
  width: number;
  waits: () => boolean;
  work: () => Promise<void>;
}): (() => void) => {
  let running = 0;
  let scheduled = false;
  const pump = () => {
    if (scheduled || running >= width || !waits()) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      running += 1;
      void work().finally(() => {
        running -= 1;
        pump();
      });
      pump();
    });
  };
  return pump;
};
