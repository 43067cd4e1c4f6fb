/** Milliseconds that one step may take before the next ones go on without it. */
const stepMs = 6_000;

export interface Closing {
  /** What undoes something that was just opened. */
  onClose(name: string, close: () => void | Promise<void>): void;
  /** Runs the steps, the last first. One that fails or hangs is reported, and the others run. Again: the same promise. */
  close(): Promise<void>;
}

/** Whatever is opened later rests on what was opened before, hence the order. */
export const createClosing = (report: (step: string, cause: unknown) => void): Closing => {
  const steps: { name: string; close: () => void | Promise<void> }[] = [];
  let closing: Promise<void> | undefined;

  const run = async () => {
    for (const { name, close } of steps.toReversed()) {
      try {
        await within(stepMs, close());
      } catch (error) {
        report(name, error);
      }
    }
  };

  return {
    onClose: (name, close) => void steps.push({ name, close }),
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
