// @ts-check
/** @import { Conversation, LogEvent, Message, Presence, Receipt, User } from '../src/protocol/index.ts' */
/** @import { Changes } from './changes.js' */
import { createLog } from './log.js';

/**
 * A conversation as listed, with `n` messages up to its head and `read_n` up to the read cursor: unread is their difference.
 * @typedef {Conversation & { n: number, read_n: number }} Listed
 * @typedef {ReturnType<typeof createStore>} Store
 */

/** @param {Conversation} conversation @returns {Listed} */
const listed = conversation => {
  const n = conversation.last_message?.n ?? 0;
  return { ...conversation, n, read_n: Math.max(0, n - conversation.unread) };
};

/** @param {Listed} conversation */
const activity = ({ last_message, created_at }) => last_message?.date ?? created_at;

/**
 * What the page knows: conversations, their logs, who is there. Everything that the server says goes in here, in any
 * order and any number of times, and the views draw what came out.
 *
 * @param {{ me: User, changes: Changes, onGap: (conversation_id: string) => void, onUnknown: (conversation_id: string) => void, onReaction: (conversation_id: string) => void, onMessage: (conversation: Listed, message: LogEvent & { kind: 'message' }) => void }} parts
 */
export const createStore = ({ me, changes, onGap, onUnknown, onReaction, onMessage }) => {
  /** @type {Map<string, Listed>} */
  const conversations = new Map();
  /** @type {Map<string, import('./log.js').Log>} */
  const logs = new Map();
  /** @type {Map<string, Presence>} */
  const presences = new Map();
  /** @type {Map<string, Map<string, Receipt>>} */
  const receipts = new Map();

  /** @param {string} id @param {Partial<Listed>} facts */
  const update = (id, facts) => {
    const held = conversations.get(id);
    if (!held) return;
    const next = { ...held, ...facts };
    next.unread = Math.max(0, next.n - next.read_n);
    conversations.set(id, next);
    changes.tell('conversations', `conversation:${id}`);
  };

  /** @param {string} id */
  const remove = id => {
    if (!conversations.delete(id)) return;
    logs.delete(id);
    receipts.delete(id);
    changes.tell('conversations', `conversation:${id}`);
  };

  /** @param {string} id @param {string} target_id @param {(message: Message) => Message} change */
  const changeLast = (id, target_id, change) => {
    const last = conversations.get(id)?.last_message;
    if (last?.id === target_id) update(id, { last_message: change(last) });
  };

  /** What an event means for the list; its log has folded it already. @param {LogEvent} event */
  const apply = event => {
    const id = event.conversation_id;
    const held = conversations.get(id);
    if (!held) return;
    update(id, { head: Math.max(held.head, event.seq) });
    switch (event.kind) {
      case 'message': {
        const mine = event.from.id === me.id;
        const last_message = event.n >= held.n ? { reactions: [], ...event } : held.last_message;
        update(id, {
          last_message,
          n: Math.max(held.n, event.n),
          ...(mine && { read_n: Math.max(held.read_n, event.n), read_seq: Math.max(held.read_seq, event.seq) }),
        });
        const now = conversations.get(id);
        if (now) onMessage(now, event);
        break;
      }
      case 'edit':
        changeLast(id, event.target_id, message => (message.unsent ? message : { ...message, message: event.message }));
        break;
      case 'unsend':
        changeLast(id, event.target_id, message => ({ ...message, message: '', unsent: true }));
        break;
      case 'react':
      case 'unreact':
        onReaction(id);
        break;
      case 'updated': {
        const { name, topic, slow_mode_ms, history } = event;
        const facts = Object.entries({ name, topic, slow_mode_ms, history }).filter(([, value]) => value !== undefined);
        update(id, Object.fromEntries(facts));
        break;
      }
      case 'deleted':
        remove(id);
        break;
      case 'left':
      case 'removed':
      case 'banned':
        if (event.user.id === me.id) remove(id);
        break;
      case 'role':
        if (event.user.id === me.id && event.role) update(id, { role: event.role });
        break;
      case 'muted':
        if (event.user.id === me.id) update(id, { muted_until: event.muted_until ?? null });
        break;
    }
  };

  return {
    me,
    conversation: (/** @type {string} */ id) => conversations.get(id),
    log: (/** @type {string} */ id) => logs.get(id),
    presence: (/** @type {string} */ user_id) => presences.get(user_id),
    /** How far somebody has got, as far as the page was told. @param {string} id @param {string} user_id */
    receipt: (id, user_id) => receipts.get(id)?.get(user_id),
    remove,
    update,

    /** The lobby first, then what was last spoken in. */
    list: () =>
      [...conversations.values()].sort(
        (a, b) =>
          Number(b.kind === 'lobby') - Number(a.kind === 'lobby') || activity(b).localeCompare(activity(a)) || 0,
      ),

    unread: () => [...conversations.values()].reduce((sum, { unread }) => sum + unread, 0),

    /** @returns {Record<string, { epoch: string, seq: number, id?: string }>} where this page stands, for sync */
    cursors: () => Object.fromEntries([...logs].map(([id, log]) => [id, log.wireCursor()])),

    /** Those whose head, as the server told it, is beyond what the page holds. */
    behind: () => [...conversations.values()].filter(({ id, head }) => head > (logs.get(id)?.cursor() ?? 0)),

    /** A conversation as the server has it. What the page shows of its log stays, to be continued by sync. @param {Conversation} conversation */
    upsert(conversation) {
      const held = conversations.get(conversation.id);
      const log = logs.get(conversation.id);
      const idle = log && !log.isLoaded() && log.cursor() < conversation.head;
      if (!held || !log || idle || log.epoch !== conversation.epoch) {
        conversations.set(conversation.id, listed(conversation));
        logs.set(conversation.id, createLog({ epoch: conversation.epoch, cursor: conversation.head }));
        changes.tell('conversations', `conversation:${conversation.id}`);
        return;
      }
      const fresh = listed(conversation);
      const newer = fresh.head >= held.head;
      update(conversation.id, {
        ...(newer ? fresh : {}),
        n: Math.max(fresh.n, held.n),
        read_n: Math.max(fresh.read_n, held.read_n),
        read_seq: Math.max(fresh.read_seq, held.read_seq),
      });
    },

    /** Lets go of a log and goes on at the head: what was held cannot be continued. @param {Conversation} conversation */
    restart(conversation) {
      conversations.set(conversation.id, listed(conversation));
      logs.set(conversation.id, createLog({ epoch: conversation.epoch, cursor: conversation.head }));
      changes.tell('conversations', `conversation:${conversation.id}`);
    },

    /** Events of any conversations, live or by sync. @param {LogEvent[]} events */
    receive(events) {
      for (const event of events) {
        const id = event.conversation_id;
        const log = logs.get(id);
        if (!log) {
          onUnknown(id);
          continue;
        }
        const { applied, gap } = log.receive(event);
        for (const one of applied) apply(one);
        if (gap) onGap(id);
        if (applied.length > 0 || gap) changes.tell(`conversation:${id}`);
      }
    },

    /** @param {string} id @param {number} seq everything up to it is read, @param {number} n messages that makes */
    markRead(id, seq, n) {
      const held = conversations.get(id);
      if (held && seq > held.read_seq)
        update(id, { read_seq: seq, read_n: Math.max(held.read_n, Math.min(n, held.n)) });
    },

    /** @param {Presence[]} items */
    setPresences(items) {
      for (const item of items) presences.set(item.user_id, item);
      changes.tell('presence');
    },

    /** @param {string} id @param {Receipt[]} items @returns {boolean} whether the caller's own read cursor moved elsewhere */
    setReceipts(id, items) {
      const held = receipts.get(id) ?? new Map();
      for (const item of items) {
        const before = held.get(item.user_id);
        held.set(item.user_id, {
          user_id: item.user_id,
          read_seq: Math.max(before?.read_seq ?? 0, item.read_seq),
          delivered_seq: Math.max(before?.delivered_seq ?? 0, item.delivered_seq),
        });
      }
      receipts.set(id, held);
      changes.tell(`conversation:${id}`);
      const own = items.find(({ user_id }) => user_id === me.id);
      return own !== undefined && own.read_seq > (conversations.get(id)?.read_seq ?? 0);
    },
  };
};
