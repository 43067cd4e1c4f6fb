import type { StoredEvent } from '../../ports/log.ts';
import { type Link, script } from './link.ts';

/**
 * What makes cached blocks of a conversation void: nothing of it is cached while an erasure is under way (KEYS[2], which a dead
 * eraser leaves behind for a while), and its version is dropped before and after.
 */
const beginScript = script(`
redis.call('DEL', KEYS[1])
redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
`);

const endScript = script(`
redis.call('DEL', KEYS[1])
local under_way = tonumber(redis.call('GET', KEYS[2]) or 0)
if under_way > 1 then redis.call('DECR', KEYS[2]) else redis.call('DEL', KEYS[2]) end
`);

/** KEYS: generation, version, erasures under way. ARGV: a text never used before, how long a version lasts. */
const readScript = script(`
if redis.call('EXISTS', KEYS[3]) == 1 then return false end
local generation = redis.call('GET', KEYS[1])
if not generation then
  generation = ARGV[1]
  redis.call('SET', KEYS[1], generation)
end
local version = redis.call('GET', KEYS[2])
if not version then
  version = ARGV[1]
  redis.call('SET', KEYS[2], version, 'PX', ARGV[2])
end
return generation .. ' ' .. version
`);

/** Whatever an erasure has left undone, its log has finished by then: also where the eraser died, or its answer was lost. */
const underWayMs = 300_000;
const versionMs = 3_600_000;
const retryMs = 1_000;
/** Unsendings remembered, so that each voids the cache once. */
const maxNoticed = 10_000;

/**
 * Tags for cached blocks: a block is good as long as it bears the tag of now. A tag changes with every erasure in its conversation,
 * for all conversations whenever an instance's link comes back (it may have erased meanwhile, or the one that did died), and where
 * Redis lost it, as no text is ever used twice.
 */
export interface Tags {
  /** The tag of now; undefined where nothing may be read from the cache or put there. */
  read(conversation_id: string): Promise<string | undefined>;
  /** Does what erases texts of a conversation, and voids what is cached of it, before and after. */
  erasing<T>(conversation_id: string, erase: () => Promise<T>): Promise<T>;
  /** An unsending was found in the log. Whoever appended it may have had no link. */
  noticed(event: StoredEvent): void;
}

export const createTags = ({
  link,
  prefix,
  boot,
  now,
  blockMs,
}: {
  link: Pick<Link, 'up' | 'send' | 'call' | 'run' | 'onUp' | 'onDown'>;
  prefix: string;
  boot: string;
  now: () => number;
  /** How long a block is kept. */
  blockMs: number;
}): Tags => {
  const generation = `${prefix}generation`;
  const versionOf = (conversation_id: string) => `${prefix}version:${conversation_id}`;
  const underWayOf = (conversation_id: string) => `${prefix}erasing:${conversation_id}`;
  const noticed = new Set<string>();
  let ready = false;
  let count = 0;

  const renew = () => {
    ready = false;
    link.send('DEL', [generation], error => {
      ready = !error;
      // Where the link is down, its return tries again.
      if (error && link.up) setTimeout(renew, retryMs).unref();
    });
  };
  link.onUp(renew);
  link.onDown(() => {
    ready = false;
  });

  const begin = (id: string) => link.run(beginScript, [versionOf(id), underWayOf(id)], [underWayMs]);
  /** Where it fails although Redis may answer the others, all that is cached goes as soon as this link allows. */
  const certainly = async (voiding: Promise<unknown>) => {
    try {
      await voiding;
    } catch {
      if (link.up) renew();
    }
  };

  return {
    async read(conversation_id) {
      if (!ready) return undefined;
      count += 1;
      const keys = [generation, versionOf(conversation_id), underWayOf(conversation_id)];
      const tag = await link.run(readScript, keys, [`${boot}.${count}`, versionMs]);
      return typeof tag === 'string' && ready ? tag : undefined;
    },

    async erasing(conversation_id, erase) {
      // That it failed matters only where the end fails too.
      await begin(conversation_id).catch(() => undefined);
      try {
        const outcome = await erase();
        await certainly(link.run(endScript, [versionOf(conversation_id), underWayOf(conversation_id)], []));
        return outcome;
      } catch (error) {
        // It may still happen: nothing is cached until it has, or cannot any more.
        await certainly(begin(conversation_id));
        throw error;
      }
    },

    noticed({ id, conversation_id, date }) {
      if (noticed.has(id) || !link.up || now() - Date.parse(date) > blockMs) return;
      if (noticed.size >= maxNoticed) noticed.clear();
      noticed.add(id);
      link.send('DEL', [versionOf(conversation_id)]);
    },
  };
};
