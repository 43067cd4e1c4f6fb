// @ts-check
/** @import { User } from '../src/protocol/index.ts' */
/** @import { Changes } from './changes.js' */
/** @import { Socket } from './socket.js' */
/** @import { Store } from './store.js' */
import { isFailure } from './failure.js';

const watchesAtMost = 500;
/** `typing:start` lasts 5 s on the server. */
const typingEveryMs = 3_000;
const typingFadesMs = 8_000;

/** @param {unknown} error */
const tolerate = error => {
  // Both are signals: the next one is as good.
  if (!isFailure(error)) throw error;
};

/**
 * Whose presence is shown right now is watched, nobody else's.
 *
 * @param {{ request: Socket['request'], isOnline: () => boolean, store: Store }} parts
 */
export const createWatches = ({ request, isOnline, store }) => {
  /** @type {Map<string, string[]>} what each place on the screen shows */
  const shown = new Map();
  /** @type {Set<string>} */
  let watched = new Set();
  let asked = false;

  const settle = async () => {
    asked = false;
    if (!isOnline()) return;
    const wanted = new Set([...shown.values()].flat().slice(0, watchesAtMost));
    const come = [...wanted].filter(id => !watched.has(id));
    const gone = [...watched].filter(id => !wanted.has(id));
    watched = wanted;
    try {
      if (gone.length > 0) await request('presence:unwatch', { user_ids: gone });
      if (come.length > 0) store.setPresences((await request('presence:watch', { user_ids: come })).items);
    } catch (error) {
      for (const id of come) watched.delete(id);
      tolerate(error);
    }
  };

  const settleSoon = () => {
    if (asked) return;
    asked = true;
    setTimeout(settle, 200);
  };

  return {
    /** @param {string} place @param {string[]} user_ids */
    show(place, user_ids) {
      if (shown.get(place)?.join() === user_ids.join()) return;
      shown.set(place, user_ids);
      settleSoon();
    },
    /** A new connection watches nobody yet. */
    reconnected() {
      watched = new Set();
      settleSoon();
    },
  };
};

/**
 * Who is typing where.
 *
 * @param {{ me: User, request: Socket['request'], changes: Changes }} parts
 */
export const createTyping = ({ me, request, changes }) => {
  /** @type {Map<string, { names: string[], more: number, until: number }>} */
  const typists = new Map();
  /** @type {{ id: string, at: number } | undefined} what this person was last told to be typing in */
  let told;

  return {
    /** @param {{ conversation_id: string, typing: User[], more: number }} update */
    set({ conversation_id, typing, more }) {
      const names = typing.filter(({ id }) => id !== me.id).map(({ full_name, username }) => full_name || username);
      typists.set(conversation_id, { names, more, until: Date.now() + typingFadesMs });
      changes.tell('typing');
      if (names.length > 0) setTimeout(() => changes.tell('typing'), typingFadesMs + 50);
    },

    /** @param {string} id */
    in(id) {
      const held = typists.get(id);
      return held && held.until > Date.now() ? held : { names: [], more: 0 };
    },

    /** This person typed something. @param {string} id */
    typed(id) {
      if (told?.id === id && told.at + typingEveryMs > Date.now()) return;
      told = { id, at: Date.now() };
      request('typing:start', { conversation_id: id }).catch(tolerate);
    },

    /** This person sent, deleted or left it. */
    stopped() {
      if (!told) return;
      const { id } = told;
      told = undefined;
      request('typing:stop', { conversation_id: id }).catch(tolerate);
    },

    clear() {
      typists.clear();
      changes.tell('typing');
    },
  };
};
