const nobody: ReadonlySet<string> = new Set();

/** Which sockets watch whom. */
export const createWatchers = () => {
  const bySocket = new Map<string, Set<string>>();
  const byUser = new Map<string, Set<string>>();

  const remove = (socket_id: string, user_ids: Iterable<string>): string[] => {
    const watched = bySocket.get(socket_id);
    const removed: string[] = [];
    for (const user_id of user_ids) {
      if (!watched?.delete(user_id)) continue;
      removed.push(user_id);
      const sockets = byUser.get(user_id);
      if (sockets?.delete(socket_id) && sockets.size === 0) byUser.delete(user_id);
    }
    if (watched?.size === 0) bySocket.delete(socket_id);
    return removed;
  };

  return {
    /** False, and nothing is added, where the socket would watch more than `most`. */
    add(socket_id: string, user_ids: string[], most: number): boolean {
      const watched = bySocket.get(socket_id) ?? new Set();
      const fresh = user_ids.filter(id => !watched.has(id));
      if (watched.size + fresh.length > most) return false;
      if (fresh.length > 0) bySocket.set(socket_id, watched);
      for (const user_id of fresh) {
        watched.add(user_id);
        const sockets = byUser.get(user_id);
        if (sockets) sockets.add(socket_id);
        else byUser.set(user_id, new Set([socket_id]));
      }
      return true;
    },
    /** Returns those that it watched. */
    remove,
    /** All of a socket's; returns them. */
    drop: (socket_id: string) => remove(socket_id, [...(bySocket.get(socket_id) ?? nobody)]),
    of: (user_id: string): ReadonlySet<string> => byUser.get(user_id) ?? nobody,
  };
};
