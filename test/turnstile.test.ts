import { expect, test } from 'vitest';
import { createTurnstile } from '../src/turnstile.ts';

/** A job that ends when it is told to. */
const createJob = () => {
  let end: () => void = () => undefined;
  const ended = new Promise<void>(resolve => {
    end = resolve;
  });
  return { run: () => ended, end };
};

test('so many run, so many wait in order, and whoever comes beyond is refused with a time to come back', async () => {
  const inTurn = createTurnstile({ atOnce: 2, waiting: 2 });
  const started: number[] = [];
  const jobs = Array.from({ length: 4 }, createJob);
  const turns = jobs.map((job, index) =>
    inTurn(async () => {
      started.push(index);
      await job.run();
    }),
  );
  expect(started).toEqual([0, 1]);
  await expect(inTurn(async () => 'never')).rejects.toMatchObject({
    code: 'overloaded',
    retry_after_ms: expect.closeTo(2_000, -4),
  });
  jobs[1]?.end();
  await turns[1];
  expect(started).toEqual([0, 1, 2]);
  for (const { end } of jobs) end();
  await Promise.all(turns);
  expect(started).toEqual([0, 1, 2, 3]);
});

test('a job that fails gives its place back', async () => {
  const inTurn = createTurnstile({ atOnce: 1, waiting: 0 });
  await expect(inTurn(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await expect(inTurn(async () => 'fine')).resolves.toBe('fine');
});
