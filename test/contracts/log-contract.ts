import { afterEach, beforeEach, describe } from 'vitest';
import { appending } from './log-appending.ts';
import { crashing } from './log-crashing.ts';
import { erasing } from './log-erasing.ts';
import { folding } from './log-folding.ts';
import { following } from './log-following.ts';
import type { LogHarness } from './log-harness.ts';
import { reading } from './log-reading.ts';

/** What every log must keep, whatever stores it. `open` makes an empty one for each test. */
export const logContract = (name: string, open: () => Promise<LogHarness>) =>
  describe(`the log on ${name}`, () => {
    let current: LogHarness | undefined;
    beforeEach(async () => {
      current = await open();
    });
    afterEach(async () => {
      await current?.dispose();
      current = undefined;
    });
    const harness = () => {
      if (!current) throw new Error('No log is open');
      return current;
    };
    for (const part of [appending, reading, folding, erasing, following, crashing]) part(harness);
  });
