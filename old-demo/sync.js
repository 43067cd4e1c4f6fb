// @ts-check
/** @import { Output } from '../src/protocol/index.ts' */
/** @import { Socket } from './socket.js' */
/** @import { Store } from './store.js' */
import { isFailure } from './failure.js';

const cursorsPerCall = 500;
/** After so many answers that end with `more`, a conversation goes on at its head instead of replaying all that was missed. */
const roundsAtMost = 6;
/** A gap may close by itself: what is missing is often the next packet. */
const gapMs = 150;
const retryMs = 2_000;
const listPage = 200;

/**
 * Brings the page up to date: after (re)connecting, at a gap in the live events, and when a digest of heads tells of more.
 *
 * @param {{ request: Socket['request'], store: Store }} parts
 */
export const createSync = ({ request, store }) => {
  /** @type {number | undefined} the membership version that the page has */
  let since;
  /** @type {Set<string>} */
  const wanted = new Set();
  let listWanted = false;
  let running = false;
  let stopped = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const loadList = async () => {
    /** @type {Set<string>} */
    const seen = new Set();
    /** @type {string | undefined} */
    let after;
    do {
      const page = await request('conversation:list', { limit: listPage, ...(after !== undefined && { after }) });
      for (const conversation of page.items) {
        store.upsert(conversation);
        seen.add(conversation.id);
      }
      after = page.has_more ? page.next : undefined;
    } while (after !== undefined);
    for (const { id } of store.list()) if (!seen.has(id)) store.remove(id);
  };

  /** @param {string} id */
  const restart = async id => {
    try {
      store.restart(await request('conversation:get', { conversation_id: id }));
    } catch (error) {
      if (!isFailure(error) || error.code !== 'not_found') throw error;
      store.remove(id);
    }
  };

  /** @param {Output<'sync'>} answer */
  const take = async answer => {
    since = answer.since;
    for (const conversation of answer.joined) store.upsert(conversation);
    for (const id of answer.left) store.remove(id);
    for (const [id, { events, head, floor, limited, reset }] of Object.entries(answer.conversations)) {
      const log = store.log(id);
      if (!log) continue;
      if (reset) {
        await restart(id);
        continue;
      }
      if (limited) log.skipTo(floor);
      store.update(id, { head: Math.max(head, store.conversation(id)?.head ?? 0) });
      store.receive(events);
    }
  };

  /** @param {string[]} ids */
  const catchUp = async ids => {
    for (let round = 1; round <= roundsAtMost; round++) {
      const all = store.cursors();
      const cursors = Object.fromEntries(ids.flatMap(id => (all[id] ? [[id, all[id]]] : [])));
      const answer = await request('sync', { cursors, ...(since !== undefined && { since }) });
      await take(answer);
      if (!answer.more) return;
    }
    for (const { id } of store.behind()) if (ids.includes(id)) await restart(id);
  };

  const run = async () => {
    if (running || stopped) return;
    running = true;
    clearTimeout(timer);
    timer = undefined;
    try {
      while (listWanted || wanted.size > 0) {
        if (listWanted) {
          await loadList();
          listWanted = false;
          for (const { id } of store.list()) wanted.add(id);
          // Also without any conversation: the answer tells the membership version.
          if (wanted.size === 0) await catchUp([]);
        }
        const ids = [...wanted];
        for (let from = 0; from < ids.length; from += cursorsPerCall) {
          const some = ids.slice(from, from + cursorsPerCall);
          await catchUp(some);
          for (const id of some) wanted.delete(id);
        }
      }
    } catch (error) {
      if (!isFailure(error)) throw error;
      // Without a connection there is nothing to try: connecting begins anew.
      if (error.code !== 'offline' && !stopped) timer = setTimeout(run, error.retry_after_ms ?? retryMs);
    } finally {
      running = false;
    }
  };

  return {
    /** Everything: the list, then what was missed in what is shown. */
    all() {
      listWanted = true;
      return run();
    },

    /** @param {string} id */
    soon(id) {
      wanted.add(id);
      timer ??= setTimeout(run, gapMs);
    },

    /** @param {{ epoch: string, heads: Record<string, number> }} digest */
    heads({ epoch, heads }) {
      for (const [id, seq] of Object.entries(heads)) {
        const log = store.log(id);
        if (!log || log.epoch !== epoch || log.cursor() < seq) this.soon(id);
      }
    },

    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
