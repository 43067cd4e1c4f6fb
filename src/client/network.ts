interface Listens {
  addEventListener?(name: string, listener: () => void): void;
  removeEventListener?(name: string, listener: () => void): void;
}

/**
 * What a browser tells of its network: `onBetter` when it is back or the page is looked at again, `onOffline` when it is gone.
 * Nothing where there is no browser. Returns how to stop.
 */
export const watchNetwork = ({
  onBetter,
  onOffline,
}: {
  onBetter: () => void;
  onOffline: () => void;
}): (() => void) => {
  const global = globalThis as Listens & { document?: Listens & { visibilityState?: string } };
  const page = global.document;
  const onVisible = () => {
    if (page?.visibilityState === 'visible') onBetter();
  };
  const told: [at: Listens | undefined, name: string, listener: () => void][] = [
    [global, 'online', onBetter],
    [global, 'offline', onOffline],
    [page, 'visibilitychange', onVisible],
  ];
  for (const [at, name, listener] of told) at?.addEventListener?.(name, listener);
  return () => {
    for (const [at, name, listener] of told) at?.removeEventListener?.(name, listener);
  };
};
