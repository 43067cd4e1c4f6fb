import type { Sockets } from './sockets.ts';

/** Milliseconds within which those sent away come back, on top of the time over which they were sent: they may find another instance at once. */
const jitterMs = 1_000;

/**
 * Tells all sockets that this instance stops, spread over `drainMs`, so that whoever takes them gets them one by one. Stock clients
 * come back by themselves. Resolves when the last was told.
 */
export const sendAway = async ({
  registries,
  drainMs,
}: {
  registries: readonly Sockets[];
  drainMs: number;
}): Promise<void> => {
  const all = registries.flatMap(registry => [...registry.all()].map(local => ({ registry, local })));
  const pace = drainMs / Math.max(1, all.length);
  const started = performance.now();
  for (const [index, { registry, local }] of all.entries()) {
    const early = (index + Math.random()) * pace - (performance.now() - started);
    if (early > 5) await new Promise(resolve => setTimeout(resolve, early));
    registry.close(local, 'stopping', Math.random() * jitterMs);
  }
};
