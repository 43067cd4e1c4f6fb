// Loaded into each server under test (`--import`), ours and bare alike: answers what the process has used so far.

/** Microseconds of CPU of the whole process, all its threads, and its resident memory in bytes. */
export interface Usage {
  cpu_us: number;
  rss: number;
}

/** Milliseconds after a collection within which freed pages have gone back to the system, and rounds of both. */
const [releaseMs, collections] = [400, 4];

process.on('message', async question => {
  for (let round = 0; question === 'gc' && round < collections; round++) {
    globalThis.gc?.();
    await new Promise(resolve => setTimeout(resolve, releaseMs));
  }
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu_us: user + system, rss: process.memoryUsage.rss() } satisfies Usage);
});
// The meter must not keep a server alive that wants to stop.
process.channel?.unref();
