// @ts-check
/** @import { Message } from '../../src/protocol/index.ts' */
/** @import { Chat } from '../chat.js' */
/** @import { Item } from '../dom.js' */
/** @import { MessageActions } from './message.js' */
import { createKeyedList, h, iconButton } from '../dom.js';
import { dayKey, dayName } from '../words.js';
import { messageElement, pendingElement } from './message.js';

/** Messages of one person within this time stand together. */
const togetherMs = 5 * 60_000;
/** Pixels from the end that still count as being there. */
const nearEnd = 48;
/** Older history is asked for this many pixels before its beginning comes into sight. */
const nearStart = 700;
/** With more messages than `mostHeld` the oldest are let go while the reader is at the end. */
const mostHeld = 400;
const kept = 200;

/** @param {Message | undefined} before @param {Message} message */
const standTogether = (before, message) =>
  before !== undefined &&
  before.from.id === message.from.id &&
  !message.reply_preview &&
  Date.parse(message.date) - Date.parse(before.date) < togetherMs;

/**
 * The messages of one conversation. The reader's place stays where it is when history comes in above or messages below;
 * at the end it follows what is new.
 *
 * @param {{ chat: Chat, id: string, actions: Omit<MessageActions, 'jump'> }} parts
 */
export const createTimeline = ({ chat, id, actions }) => {
  const { store, changes, me, outbox } = chat;
  const list = h('ol', { class: 'messages', 'aria-label': 'Messages' });
  const start = h('p', { class: 'quiet start' });
  const scroller = h(
    'section',
    { class: 'timeline', tabindex: 0, 'aria-label': 'Conversation history', onscroll: () => onScroll() },
    start,
    list,
  );
  const toEnd = iconButton('down', 'Go to the newest message', {
    class: 'icon-button to-end',
    hidden: true,
    onclick: () => goToEnd(),
  });
  const element = h('div', { class: 'timeline-frame' }, scroller, toEnd);
  const items = createKeyedList(list);
  /** Where reading began: what came from others after it is new. @type {number | undefined} */
  let newFrom;
  let following = true;

  const distance = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;

  const goToEnd = () => {
    following = true;
    scroller.scrollTop = scroller.scrollHeight;
    afterMove();
  };

  /** @param {string} message_id */
  const jump = message_id => {
    const target = [...list.children].find(child => child instanceof HTMLElement && child.dataset.id === message_id);
    if (!target) return chat.notify('That message is further up in the history.');
    target.scrollIntoView({ block: 'center' });
    target.classList.add('called');
    setTimeout(() => target.classList.remove('called'), 1_600);
  };

  /** Everything that is seen, up to its last line, is read. */
  const markRead = () => {
    if (document.visibilityState !== 'visible' || !element.isConnected) return;
    const log = store.log(id);
    const messages = log?.messages() ?? [];
    const bottom = scroller.getBoundingClientRect().bottom + 4;
    const seen = following
      ? messages.at(-1)
      : messages.findLast(
          ({ seq }) => (items.node(`m${seq}`)?.getBoundingClientRect().bottom ?? Number.POSITIVE_INFINITY) <= bottom,
        );
    if (seen) chat.read(id, seen.seq, seen.n);
  };

  const afterMove = () => {
    toEnd.hidden = distance() < 3 * nearEnd;
    toEnd.classList.toggle('new', !toEnd.hidden && (store.conversation(id)?.unread ?? 0) > 0);
    markRead();
    if (scroller.scrollTop < nearStart) void chat.loadOlder(id);
  };

  const onScroll = () => {
    following = distance() < nearEnd;
    afterMove();
  };

  /** @param {Message} message */
  const seenState = message => {
    const peer = store.conversation(id)?.peer;
    if (message.from.id !== me.id || message.unsent) return undefined;
    const receipt = peer && store.receipt(id, peer.id);
    if (!receipt) return 'sent';
    return receipt.read_seq >= message.seq ? 'read' : receipt.delivered_seq >= message.seq ? 'delivered' : 'sent';
  };

  /** @returns {Item[]} */
  const itemsNow = () => {
    /** @type {Item[]} */
    const all = [];
    const messages = store.log(id)?.messages() ?? [];
    let day = '';
    let marked = false;
    /** @type {Message | undefined} */
    let before;
    for (const message of messages) {
      const date = new Date(message.date);
      const key = dayKey(date);
      if (key !== day) {
        day = key;
        before = undefined;
        const name = dayName(date);
        all.push({ key: `d${key}`, stamp: [name], build: () => h('li', { class: 'day' }, h('span', {}, name)) });
      }
      if (!marked && newFrom !== undefined && message.seq > newFrom && message.from.id !== me.id) {
        marked = true;
        before = undefined;
        all.push({ key: 'new', stamp: [], build: () => h('li', { class: 'new-here' }, h('span', {}, 'New')) });
      }
      const grouped = standTogether(before, message);
      const online = store.presence(message.from.id)?.status === 'online';
      const seen = seenState(message);
      all.push({
        key: `m${message.seq}`,
        stamp: [message, grouped, !grouped && online, seen],
        build: () => messageElement({ message, chat, actions: { ...actions, jump }, grouped, online, seen }),
      });
      before = message;
    }
    const until = outbox.waitsUntil(id);
    for (const entry of outbox.entries(id)) {
      const state = outbox.stateOf(entry);
      all.push({
        key: `p${entry.client_id}`,
        stamp: [entry, state, state === 'waiting' && until],
        build: () => pendingElement({ entry, state, until, chat }),
      });
    }
    return all;
  };

  /** The message that is uppermost in sight, and how far below the edge it stands. */
  const anchor = () => {
    const edge = scroller.getBoundingClientRect().top;
    for (const { seq } of store.log(id)?.messages() ?? []) {
      const rect = items.node(`m${seq}`)?.getBoundingClientRect();
      if (rect && rect.bottom > edge) return { key: `m${seq}`, top: rect.top };
    }
    return undefined;
  };

  const draw = () => {
    const log = store.log(id);
    if (following && log && log.messages().length > mostHeld) log.trim(kept);
    const loaded = log?.isLoaded() ?? false;
    if (!loaded) void chat.load(id);
    if (loaded && newFrom === undefined) newFrom = store.conversation(id)?.read_seq;
    const held = following ? undefined : anchor();
    start.textContent = !loaded
      ? chat.isOnline() || chat.isLoading(id)
        ? 'Loading…'
        : 'The history is shown once there is a connection.'
      : log?.hasOlder()
        ? 'Loading older messages…'
        : (log?.messages().length ?? 0) > 0
          ? 'This is where it begins.'
          : 'Nothing said yet. Be the first.';
    items.set(itemsNow());
    const now = held && items.node(held.key);
    if (following) scroller.scrollTop = scroller.scrollHeight;
    else if (held && now) scroller.scrollTop += now.getBoundingClientRect().top - held.top;
    watch();
    afterMove();
  };

  const watch = () => {
    const authors = new Set((store.log(id)?.messages() ?? []).slice(-100).map(({ from }) => from.id));
    authors.delete(me.id);
    const peer = store.conversation(id)?.peer;
    if (peer) authors.add(peer.id);
    chat.watches.show('timeline', [...authors]);
  };

  const resized = new ResizeObserver(() => {
    if (following) scroller.scrollTop = scroller.scrollHeight;
  });
  resized.observe(scroller);
  document.addEventListener('visibilitychange', markRead);
  const off = changes.on([`conversation:${id}`, 'outbox', 'presence', 'connection'], draw);

  return {
    element,
    goToEnd,
    /** To be called once the element is on the page. */
    draw,
    /** The newest own message that can still be edited. */
    lastOwn: () =>
      store
        .log(id)
        ?.messages()
        .findLast(({ from, unsent }) => from.id === me.id && !unsent),
    stop() {
      off();
      resized.disconnect();
      document.removeEventListener('visibilitychange', markRead);
    },
  };
};
