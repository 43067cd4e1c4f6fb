/** Milliseconds that a step may take before the next ones go on without it, unless it asks for more. */
const stepMs = 6_000;

export interface Closing {
  /** What undoes something that was just opened. */
  onClose(name: string, close: () => void | Promise<void>, limitMs?: number): void;
  /** Runs the steps, the last first. One that fails or hangs is reported, and the others run. Again: the same promise. */
  close(): Promise<void>;
}

/** Whatever is opened later rests on what was opened before, hence the order. */
export const createClosing = (report: (step: string, cause: unknown) => void): Closing => {
  const steps: { name: string; close: () => void | Promise<void>; limitMs: number }[] = [];
  let closing: Promise<void> | undefined;

  const run = async () => {
    for (const { name, close, limitMs } of steps.toReversed()) {
      try {
        await within(limitMs, close());
      } catch (error) {
        report(name, error);
      }
    }
  };

  return {
    onClose: (name, close, limitMs = stepMs) => void steps.push({ name, close, limitMs }),
    close() {
      closing ??= run();
      return closing;
    },
  };
};

const within = (ms: number, work: void | Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, ms, new Error(`not done after ${ms} ms`));
  });
  return Promise.race([Promise.resolve(work), late]).finally(() => clearTimeout(timer));
};
