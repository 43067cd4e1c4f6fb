import type { Publisher } from '../ports/publisher.ts';
import type { Sockets } from './sockets.ts';

/** Tells the publisher of which conversations sockets are connected here. */
export interface Interest {
  /** Resolves when what others publish of them arrives here, or cannot for now. */
  watch(conversation_ids: string[]): Promise<void>;
  start(): void;
  stop(): void;
}

/** Milliseconds between two looks at what nobody here needs any more: a client that reconnects finds its conversations still watched. */
const tidyMs = 5_000;

export const createInterest = ({
  publisher,
  sockets,
}: {
  publisher: Pick<Publisher, 'watch' | 'unwatch'>;
  sockets: Pick<Sockets, 'rooms'>;
}): Interest => {
  const watched = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  const tidy = () => {
    const over = [...watched].filter(id => !sockets.rooms.has(id));
    if (over.length === 0) return;
    for (const id of over) watched.delete(id);
    publisher.unwatch(over);
  };

  return {
    async watch(ids) {
      const fresh = ids.filter(id => !watched.has(id));
      if (fresh.length === 0) return;
      await publisher.watch(fresh);
      for (const id of fresh) watched.add(id);
    },
    start() {
      timer = setInterval(tidy, tidyMs).unref();
    },
    stop() {
      clearInterval(timer);
    },
  };
};
