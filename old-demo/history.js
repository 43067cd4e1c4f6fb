// @ts-check
/** @import { Message, User } from '../src/protocol/index.ts' */
/** @import { Changes } from './changes.js' */
/** @import { Socket } from './socket.js' */
/** @import { Store } from './store.js' */
import { isFailure } from './failure.js';

const pageSize = 50;
const retryMs = 2_000;
const refreshAfterMs = 150;
/** More stale messages than this in one conversation are refreshed by a whole page around them. */
const singlyAtMost = 8;
const refreshPage = 100;

/**
 * Brings messages into the logs beside what arrives as events: pages of history, and single messages as they are now.
 *
 * @param {{
 *   me: User,
 *   request: Socket['request'],
 *   store: Store,
 *   changes: Changes,
 *   isOnline: () => boolean,
 *   onGap: (conversation_id: string) => void,
 * }} parts
 */
export const createHistory = ({ me, request, store, changes, isOnline, onGap }) => {
  /** @type {Set<string>} conversations whose history is on its way */
  const loading = new Set();
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  const refreshing = new Map();
  let stopped = false;

  /** Until then it counts as loading, so that nobody tries faster than this. @param {string} id @param {unknown} error */
  const comeAgain = (id, error) => {
    if (!isFailure(error)) throw error;
    setTimeout(() => {
      loading.delete(id);
      changes.tell(`conversation:${id}`);
    }, error.retry_after_ms ?? retryMs);
  };

  /** @param {string} id */
  const load = async id => {
    const log = store.log(id);
    if (!log || log.isLoaded() || loading.has(id) || !isOnline()) return;
    loading.add(id);
    changes.tell(`conversation:${id}`);
    try {
      const { items, has_more } = await request('message:history', { conversation_id: id, limit: pageSize });
      if (store.log(id) === log && log.setNewest(items, has_more)) onGap(id);
      askHowFarRead(id);
      loading.delete(id);
    } catch (error) {
      comeAgain(id, error);
    }
    changes.tell(`conversation:${id}`);
  };

  /** In a direct conversation: whether the other has read the own last message. @param {string} id */
  const askHowFarRead = async id => {
    const conversation = store.conversation(id);
    const own = store
      .log(id)
      ?.messages()
      .findLast(({ from, unsent }) => from.id === me.id && !unsent);
    const peer = conversation?.peer?.id;
    if (conversation?.kind !== 'direct' || !own || !peer) return;
    try {
      const { read, delivered } = await request('message:readers', { id: own.id });
      const isPeer = (/** @type {User} */ user) => user.id === peer;
      const read_seq = read.some(isPeer) ? own.seq : 0;
      store.setReceipts(id, [{ user_id: peer, read_seq, delivered_seq: delivered.some(isPeer) ? own.seq : read_seq }]);
    } catch (error) {
      if (!isFailure(error)) throw error;
    }
  };

  /**
   * Asks for messages whose reactions changed as they are now; what could not be had is asked for again.
   *
   * @param {string} id
   * @param {number} [ms]
   */
  const refreshSoon = (id, ms = refreshAfterMs) => {
    if (!refreshing.has(id) && !stopped) refreshing.set(id, setTimeout(refresh, ms, id));
  };

  /** @param {string} id */
  const refresh = async id => {
    refreshing.delete(id);
    const log = store.log(id);
    const stale = new Set(log?.takeStale());
    if (!log || stale.size === 0) return;
    /** @param {Message} message */
    const replace = message => {
      log.replace(message);
      stale.delete(message.id);
    };
    try {
      if (stale.size > singlyAtMost) {
        const newest = log.messages().findLast(message => stale.has(message.id));
        const around = newest?.seq ?? log.cursor();
        const page = await request('message:history', { conversation_id: id, around, limit: refreshPage });
        page.items.forEach(replace);
      } else for (const one of [...stale]) replace(await request('message:get', { id: one }));
    } catch (error) {
      if (!isFailure(error)) throw error;
      if (error.retryable) refreshSoon(id, error.retry_after_ms ?? retryMs);
      else stale.clear();
    }
    log.markStale(stale);
    if (stale.size > 0) refreshSoon(id);
    changes.tell(`conversation:${id}`);
  };

  /** @param {string} id */
  const loadOlder = async id => {
    const log = store.log(id);
    const oldest = log?.messages()[0];
    if (!log?.hasOlder() || !oldest || loading.has(id) || !isOnline()) return;
    loading.add(id);
    try {
      const before = { before: oldest.seq, limit: pageSize };
      const page = await request('message:history', { conversation_id: id, ...before });
      if (store.log(id) === log) log.addOlder(page.items, page.has_more && page.items.length > 0);
      loading.delete(id);
    } catch (error) {
      comeAgain(id, error);
    }
    changes.tell(`conversation:${id}`);
  };

  return {
    load,
    loadOlder,
    refreshSoon,
    isLoading: (/** @type {string} */ id) => loading.has(id),
    stop() {
      stopped = true;
      for (const timer of refreshing.values()) clearTimeout(timer);
    },
  };
};
