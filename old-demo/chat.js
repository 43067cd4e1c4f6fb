// @ts-check
/** @import { Message, User } from '../src/protocol/index.ts' */
/** @import { Session } from './session.js' */
import { api } from './api.js';
import { createChanges } from './changes.js';
import { isFailure, wordsFor } from './failure.js';
import { createHistory } from './history.js';
import { createOutbox } from './outbox.js';
import { createTyping, createWatches } from './presence.js';
import { createSocket } from './socket.js';
import { createStore } from './store.js';
import { createSync } from './sync.js';

/** @typedef {ReturnType<typeof createChat>} Chat */

const receiptEveryMs = 400;

/**
 * Everything that the views can see and do, for one person who is signed in. Topics that a view may listen to:
 * `connection`, `conversations`, `conversation:<id>`, `outbox`, `presence`, `typing`, `open`, `notices`.
 *
 * @param {{ session: Session, me: User }} parts
 */
export const createChat = ({ session, me }) => {
  const changes = createChanges();
  /** @type {string | undefined} */
  let openId;
  /** @type {Set<string>} conversations that are being asked for */
  const asking = new Set();
  /** @type {Map<string, number>} the highest seq to be marked as read */
  const toRead = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let receiptTimer;
  /** @type {{ text: string, urgent: boolean }[]} */
  const notices = [];
  /** @type {{ text: string }} the newest message of somebody else in the open conversation, to be read out */
  const heard = { text: '' };

  /** Tells the person something for a few seconds. @param {string} text @param {boolean} [urgent] */
  const notify = (text, urgent = false) => {
    notices.push({ text, urgent });
    changes.tell('notices');
  };

  const store = createStore({
    me,
    changes,
    onGap: id => sync.soon(id),
    onUnknown: id => void ask(id),
    onReaction: id => history.refreshSoon(id),
    onMessage: (conversation, message) => {
      if (message.from.id === me.id) outbox.drop(message.client_id);
      else if (conversation.id === openId) {
        heard.text = `${message.from.full_name || message.from.username}: ${message.message}`;
        changes.tell('heard');
      }
      if (conversation.kind === 'direct' && message.from.id !== me.id) delivered(conversation.id, message.seq);
    },
  });

  const socket = createSocket({
    session,
    receivers: {
      connected: async () => {
        watches.reconnected();
        typing.clear();
        await sync.all();
        // What was said meanwhile is shown before what waited here is sent.
        await outbox.resume();
        if (openId) void history.load(openId);
      },
      changed: () => changes.tell('connection', 'outbox'),
      events: events => store.receive(events),
      heads: digest => sync.heads(digest),
      typing: update => typing.set(update),
      presence: presence => store.setPresences([presence]),
      receipts: ({ conversation_id, receipts }) => {
        // The own cursor moved in another window, or by a send whose event is on its way: what that leaves is the server's to say.
        if (store.setReceipts(conversation_id, receipts))
          setTimeout(() => {
            if (store.setReceipts(conversation_id, receipts)) void ask(conversation_id);
          }, 300);
      },
    },
  });
  const { request } = socket;
  const isOnline = () => socket.state() === 'online';

  const sync = createSync({ request, store });
  const history = createHistory({
    me,
    request,
    store,
    changes,
    isOnline,
    onGap: id => sync.soon(id),
  });
  const watches = createWatches({ request, isOnline, store });
  const typing = createTyping({ me, request, changes });
  const outbox = createOutbox({
    user_id: me.id,
    isOnline,
    changes,
    send: async ({ conversation_id, message, client_id, reply_to }) => {
      const sent = await request('message:send', {
        conversation_id,
        message,
        client_id,
        ...(reply_to && { reply_to }),
      });
      store.receive([sent]);
      return sent;
    },
    onUnsaved: () => notify('This device cannot keep unsent messages: they are lost when this page is closed.', true),
  });

  /** Takes a conversation in that the page does not know, or knows too little of. @param {string} id */
  const ask = async id => {
    if (asking.has(id)) return;
    asking.add(id);
    try {
      store.upsert(await request('conversation:get', { conversation_id: id }));
      sync.soon(id);
    } catch (error) {
      if (!isFailure(error)) throw error;
    } finally {
      asking.delete(id);
    }
  };

  /** @param {string} id @param {number} seq */
  const delivered = (id, seq) => {
    request('receipt:delivered', { conversation_id: id, seq }).catch(error => {
      if (!isFailure(error)) throw error;
    });
  };

  const sendReceipts = async () => {
    receiptTimer = undefined;
    const due = [...toRead];
    toRead.clear();
    for (const [conversation_id, seq] of due) {
      try {
        await request('receipt:read', { conversation_id, seq });
      } catch (error) {
        if (!isFailure(error)) throw error;
      }
    }
  };

  /** Runs something that the person asked for; where it fails, says why. @template T @param {() => Promise<T>} work @returns {Promise<T | undefined>} */
  const attempt = async work => {
    try {
      return await work();
    } catch (error) {
      if (!isFailure(error)) console.error(error);
      notify(wordsFor(error), true);
      return undefined;
    }
  };

  /** The answer to an edit, unsend or reaction is the message as it is now. @param {Message & { event?: object, duplicate?: true }} answer */
  const takeChanged = ({ event: _, duplicate: __, ...message }) => {
    store.log(message.conversation_id)?.replace(message);
    changes.tell(`conversation:${message.conversation_id}`);
  };

  return {
    me,
    changes,
    store,
    outbox,
    typing,
    watches,
    attempt,
    notify,
    request,
    isOnline,
    connection: socket.state,
    retryNow: socket.retryNow,
    notices: () => notices.splice(0),
    heard: () => heard.text,
    openId: () => openId,
    isLoading: history.isLoading,

    /** @param {string | undefined} id */
    open(id) {
      if (openId === id) return;
      typing.stopped();
      openId = id;
      changes.tell('open');
      if (id) void history.load(id);
    },

    load: history.load,
    loadOlder: history.loadOlder,

    /** @param {string} id @param {number} seq @param {number} n messages up to it */
    read(id, seq, n) {
      if (seq <= (store.conversation(id)?.read_seq ?? Number.POSITIVE_INFINITY) || !isOnline()) return;
      store.markRead(id, seq, n);
      toRead.set(id, seq);
      receiptTimer ??= setTimeout(sendReceipts, receiptEveryMs);
    },

    /** @param {string} id @param {string} message */
    edit: (id, message) => attempt(async () => takeChanged(await request('message:edit', { id, message }))),

    /** @param {string} id */
    unsend: id => attempt(async () => takeChanged(await request('message:unsend', { id }))),

    /** @param {Message} message @param {string} emoji */
    react: ({ id, reactions }, emoji) =>
      attempt(async () => {
        const mine = reactions.some(reaction => reaction.emoji === emoji && reaction.me);
        takeChanged(await request(mine ? 'message:unreact' : 'message:react', { id, emoji }));
      }),

    /** @param {string} q @returns {Promise<User[]>} */
    people: async q => (await api.people(await session.token(), q)).items.filter(({ id }) => id !== me.id),

    /** Opens what was just made or joined. @param {Promise<import('../src/protocol/index.ts').Conversation>} made */
    enter: made =>
      attempt(async () => {
        const conversation = await made;
        store.upsert(conversation);
        location.hash = `#/${conversation.id}`;
        return conversation;
      }),

    /** @param {string} id */
    leave: id =>
      attempt(async () => {
        await request('conversation:leave', { conversation_id: id });
        store.remove(id);
      }),

    /** Goodbye: also what waits to be sent goes from this device. */
    async signOut() {
      outbox.clear();
      await session.signOut();
    },

    start: socket.start,
    stop() {
      clearTimeout(receiptTimer);
      history.stop();
      sync.stop();
      outbox.stop();
      socket.stop();
    },
  };
};
