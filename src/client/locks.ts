export interface Locks {
  /**
   * Runs `work` while no other work of this name runs: in any tab of this browser where it has Web Locks (secure pages), in this
   * client elsewhere. Ends as `work` does; one that rejects lets the next one in.
   */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
}

interface LockManager {
  request<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** `scope`: the name of the client, as all locks of a browser's origin are one name space, and clients of other names have nothing to wait for. */
export const createLocks = (scope: string): Locks => {
  const { navigator } = globalThis as { navigator?: { locks?: LockManager } };
  const manager = navigator?.locks;
  const last = new Map<string, Promise<unknown>>();

  const queued = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const result = (last.get(name) ?? Promise.resolve()).then(work);
    const forget = () => {
      if (last.get(name) === turn) last.delete(name);
    };
    const turn: Promise<unknown> = result.then(forget, forget);
    last.set(name, turn);
    return result;
  };

  return {
    async alone(name, work) {
      if (!manager) return queued(name, work);
      let began = false;
      try {
        return await manager.request(`parley:${name}:${scope}`, () => {
          began = true;
          return work();
        });
      } catch (error) {
        // Frames without an origin of their own have the API and may not use it.
        if (began || (error as Error | undefined)?.name !== 'SecurityError') throw error;
        return queued(name, work);
      }
    },
  };
};
