/** Time, so that a test can move it. Milliseconds since 1970. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

export const isoDate = (ms: number) => new Date(ms).toISOString();
