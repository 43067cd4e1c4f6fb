import { createFollower, type Follower, type FollowerParts } from '../messages/follow.ts';
import type { SearchIndex } from '../ports/search.ts';

export interface IndexerParts extends Pick<FollowerParts, 'log' | 'publisher' | 'onError' | 'delay' | 'interval'> {
  index: SearchIndex;
}

/**
 * Keeps the search index up with the log. The log's epoch stands before the feed's stamp: after a backup was put back the index
 * may hold what the log does not any more, so it begins anew.
 */
export const createIndexer = ({ index, ...parts }: IndexerParts): Follower => {
  const prefix = `${parts.log.epoch} `;
  return createFollower({
    ...parts,
    async stamp() {
      const stamp = await index.stamp();
      if (stamp.startsWith(prefix)) return stamp.slice(prefix.length);
      await index.clear();
      await index.setStamp(prefix);
      return '';
    },
    setStamp: stamp => index.setStamp(prefix + stamp),
    position: id => index.position(id),
    handle: (id, events) => index.apply(id, events, events.at(-1)?.seq ?? 0),
  });
};
