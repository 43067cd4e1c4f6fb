// @ts-check
/** @import { Message, User } from '../../src/protocol/index.ts' */
/** @import { Chat } from '../chat.js' */
/** @import { Entry } from '../outbox.js' */
import { h, iconButton } from '../dom.js';
import { avatar, nameOf, richText, timeElement } from '../words.js';
import { confirmDialog } from './dialog.js';

const quickEmoji = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '👀'];

/**
 * @typedef {object} MessageActions
 * @property {(message: Message) => void} reply
 * @property {(message: Message) => void} edit
 * @property {(id: string) => void} jump to a message by its id
 */

/** @param {Message} message @param {Chat} chat */
const reactionsOf = (message, chat) =>
  message.reactions.length > 0 &&
  h(
    'div',
    { class: 'reactions' },
    ...message.reactions.map(({ emoji, count, me }) =>
      h(
        'button',
        {
          type: 'button',
          class: 'reaction',
          'aria-pressed': String(me),
          'aria-label': `${emoji} ${count}`,
          'data-focus': `reaction ${emoji}`,
          onclick: () => chat.react(message, emoji),
        },
        h('span', {}, emoji),
        h('span', { class: 'count' }, String(count)),
      ),
    ),
  );

/** @param {Message} message @param {Chat} chat @param {MessageActions} actions */
const toolbarOf = (message, chat, actions) => {
  const mine = message.from.id === chat.me.id;
  const picker = h('div', { class: 'picker', hidden: true, role: 'group', 'aria-label': 'Choose a reaction' });
  const toggle = iconButton('react', 'React', {
    'data-focus': 'react',
    'aria-expanded': 'false',
    onclick: () => show(picker.hasAttribute('hidden')),
  });
  /** @param {boolean} open */
  const show = open => {
    picker.hidden = !open;
    toggle.setAttribute('aria-expanded', String(open));
    if (!open) return;
    picker.replaceChildren(
      ...quickEmoji.map(emoji =>
        h(
          'button',
          {
            type: 'button',
            'aria-label': `React with ${emoji}`,
            onclick: () => {
              show(false);
              toggle.focus();
              void chat.react(message, emoji);
            },
          },
          emoji,
        ),
      ),
    );
    // Where there is no room above or before it, it opens below or behind.
    const frame = toggle.closest('.timeline')?.getBoundingClientRect();
    const { top, right } = toggle.getBoundingClientRect();
    picker.classList.toggle('below', top - (frame?.top ?? 0) < picker.offsetHeight + 8);
    picker.classList.toggle('from-start', right - (frame?.left ?? 0) < picker.offsetWidth + 8);
    picker.querySelector('button')?.focus({ preventScroll: true });
  };
  return h(
    'div',
    {
      class: 'tools',
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== 'Escape' || picker.hidden) return;
        event.stopPropagation();
        show(false);
        toggle.focus();
      },
      onfocusout: (/** @type {FocusEvent} */ event) => {
        const to = event.relatedTarget;
        if (!(to instanceof Node && picker.parentElement?.contains(to))) show(false);
      },
    },
    toggle,
    iconButton('reply', 'Reply', { onclick: () => actions.reply(message) }),
    mine && iconButton('edit', 'Edit', { onclick: () => actions.edit(message) }),
    mine &&
      iconButton('unsend', 'Unsend', {
        onclick: async () => {
          if (await confirmDialog('Take this message back?', 'Its text is erased for everyone, for good.', 'Unsend'))
            void chat.unsend(message.id);
        },
      }),
    picker,
  );
};

/** @param {NonNullable<Message['reply_preview']>} preview @param {MessageActions} actions */
const quoteOf = (preview, actions) =>
  h(
    'button',
    { type: 'button', class: 'quote', onclick: () => actions.jump(preview.id) },
    h('bdi', { class: 'author' }, nameOf(preview.from)),
    h(
      'span',
      { class: preview.unsent ? 'gone' : '', dir: 'auto' },
      preview.unsent ? 'Message unsent' : preview.message,
    ),
  );

/** @param {User} from @param {boolean} mine @param {boolean} online */
const headOf = (from, mine, online) =>
  h(
    'header',
    {},
    h('bdi', { class: 'author', title: from.username && `@${from.username}` }, mine ? 'You' : nameOf(from)),
    !mine && online && h('span', { class: 'dot online', role: 'img', 'aria-label': 'online' }),
  );

/**
 * @param {{ message: Message, chat: Chat, actions: MessageActions, grouped: boolean, online: boolean, seen?: 'sent' | 'delivered' | 'read' }} parts
 */
export const messageElement = ({ message, chat, actions, grouped, online, seen }) => {
  const mine = message.from.id === chat.me.id;
  const ticks = { sent: '✓', delivered: '✓✓', read: '✓✓' };
  return h(
    'li',
    {
      class: `message ${mine ? 'mine' : ''} ${grouped ? 'grouped' : ''}`,
      'data-seq': message.seq,
      'data-id': message.id,
    },
    mine || grouped ? null : avatar(message.from.id, nameOf(message.from)),
    h(
      'article',
      { class: 'bubble', tabindex: -1 },
      !grouped && headOf(message.from, mine, online),
      message.reply_preview && !message.unsent && quoteOf(message.reply_preview, actions),
      message.unsent
        ? h('p', { class: 'text gone' }, 'Message unsent')
        : h('p', { class: 'text', dir: 'auto' }, ...richText(message, chat.me.id)),
      h(
        'footer',
        {},
        message.edited_at && !message.unsent && h('span', { title: `Edited ${message.edited_at}` }, 'edited'),
        timeElement(message.date),
        seen && h('span', { class: `ticks ${seen}`, title: seen, role: 'img', 'aria-label': seen }, ticks[seen]),
      ),
      !message.unsent && toolbarOf(message, chat, actions),
    ),
    !message.unsent && reactionsOf(message, chat),
  );
};

/**
 * What is not in the log yet.
 *
 * @param {{ entry: Entry, state: 'failed' | 'sending' | 'waiting', until: number, chat: Chat }} parts
 */
export const pendingElement = ({ entry, state, until, chat }) => {
  const { client_id } = entry;
  const words = {
    sending: 'Sending…',
    waiting:
      until > Date.now() + 3_000 ? `Waiting until ${new Date(until).toLocaleTimeString()}` : 'Waiting to be sent',
    failed: entry.error ?? '',
  };
  return h(
    'li',
    { class: `message mine pending ${state}`, 'data-client-id': client_id, 'data-state': state },
    h(
      'article',
      { class: 'bubble' },
      h('p', { class: 'text', dir: 'auto' }, entry.message),
      h('footer', {}, h('span', {}, words[state])),
    ),
    state === 'failed' &&
      h(
        'div',
        { class: 'verdict' },
        h(
          'button',
          { type: 'button', class: 'link', 'data-focus': 'retry', onclick: () => chat.outbox.retry(client_id) },
          'Try again',
        ),
        h(
          'button',
          { type: 'button', class: 'link', 'data-focus': 'discard', onclick: () => chat.outbox.drop(client_id) },
          'Discard',
        ),
      ),
  );
};
