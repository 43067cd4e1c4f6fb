/** Milliseconds between two looks at the clock, and how many of them are remembered: five seconds' worth. */
const every = 50;
const remembered = 100;

/** How late this thread's timers come: the sign of overload that needs no other measure. */
export interface EventLoopLag {
  /** 99th percentile of the last 5 s, milliseconds. */
  p99(): number;
  stop(): void;
}

export const watchEventLoopLag = (): EventLoopLag => {
  const samples = new Float64Array(remembered);
  let next = 0;
  let p99 = 0;
  let expected = performance.now() + every;
  const timer = setInterval(() => {
    const now = performance.now();
    samples[next] = Math.max(0, now - expected);
    next = (next + 1) % remembered;
    expected = now + every;
    // One sample in a hundred may be higher: the second highest. Sorting a hundred numbers twice a second costs nothing.
    if (next % 10 === 0) p99 = samples.toSorted()[remembered - 2] ?? 0;
  }, every);
  timer.unref();
  return { p99: () => p99, stop: () => clearInterval(timer) };
};
