// @ts-check
/** @import { Message } from '../../src/protocol/index.ts' */
/** @import { Chat } from '../chat.js' */
import { h, icon, iconButton } from '../dom.js';
import { nameOf } from '../words.js';

const longest = 8_000;
/** The count of what is left is shown from here on. */
const longish = 7_500;

/**
 * @typedef {{ to: 'reply' | 'edit', message: Message }} Mode
 */

/**
 * Where one writes. What was written and not sent stays with its conversation for as long as the page is open.
 *
 * @param {{ chat: Chat, id: string, drafts: Map<string, string>, onSent: () => void, lastOwn: () => Message | undefined }} parts
 */
export const createComposer = ({ chat, id, drafts, onSent, lastOwn }) => {
  /** @type {Mode | undefined} */
  let mode;
  const about = h('div', { class: 'about', hidden: true });
  const input = h('textarea', {
    rows: 1,
    dir: 'auto',
    maxlength: longest,
    'aria-label': 'Message',
    placeholder: 'Write a message',
    enterkeyhint: 'send',
    autocomplete: 'off',
  });
  const count = h('small', { class: 'hint', hidden: true });
  const submit = h(
    'button',
    { type: 'submit', class: 'send', 'aria-label': 'Send', title: 'Send (Enter)' },
    icon('send'),
  );
  const barred = h('p', { class: 'quiet', hidden: true });

  /** @param {Mode | undefined} next */
  const setMode = next => {
    if (mode?.to === 'edit' || next?.to === 'edit')
      input.value = next?.to === 'edit' ? next.message.message : (drafts.get(id) ?? '');
    mode = next;
    about.hidden = mode === undefined;
    if (mode)
      about.replaceChildren(
        h(
          'span',
          { class: 'words' },
          h(
            'strong',
            {},
            mode.to === 'edit'
              ? 'Editing your message'
              : `Replying to ${mode.message.from.id === chat.me.id ? 'yourself' : nameOf(mode.message.from)}`,
          ),
          h('span', { dir: 'auto', class: 'preview' }, mode.message.message.slice(0, 140)),
        ),
        iconButton('close', 'Cancel (Esc)', { onclick: () => setMode(undefined) }),
      );
    size();
    input.focus();
  };

  /** Grows with its text where the browser does not do so by itself. */
  const size = () => {
    submit.disabled = input.value.trim() === '';
    count.hidden = input.value.length < longish;
    count.textContent = `${longest - input.value.length} characters left`;
    if (CSS.supports('field-sizing', 'content')) return;
    input.rows = Math.min(8, input.value.split('\n').length);
  };

  const submitted = async () => {
    const text = input.value.trim();
    if (text === '' || barredNow()) return;
    chat.typing.stopped();
    if (mode?.to === 'edit') {
      const { message } = mode;
      if (text === message.message || (await chat.edit(message.id, text))) setMode(undefined);
      return;
    }
    const reply_to = mode?.message.id;
    input.value = '';
    drafts.delete(id);
    setMode(undefined);
    void chat.outbox.add({ conversation_id: id, message: text, ...(reply_to && { reply_to }) });
    onSent();
  };

  input.addEventListener('keydown', event => {
    // While an input method composes a word, Enter takes the word.
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      void submitted();
    } else if (event.key === 'Escape' && mode) {
      event.stopPropagation();
      setMode(undefined);
    } else if (event.key === 'ArrowUp' && input.value === '' && !mode) {
      const message = lastOwn();
      if (!message) return;
      event.preventDefault();
      setMode({ to: 'edit', message });
    }
  });
  input.addEventListener('input', () => {
    if (mode?.to !== 'edit') drafts.set(id, input.value);
    if (input.value.trim() === '') chat.typing.stopped();
    else chat.typing.typed(id);
    size();
  });
  input.addEventListener('blur', () => chat.typing.stopped());

  const form = h(
    'form',
    {
      class: 'composer',
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        void submitted();
      },
    },
    about,
    h('div', { class: 'writing' }, input, submit),
    count,
  );

  const barredNow = () => {
    const muted_until = chat.store.conversation(id)?.muted_until;
    return muted_until !== null && muted_until !== undefined && Date.parse(muted_until) > Date.now()
      ? muted_until
      : undefined;
  };

  const draw = () => {
    const until = barredNow();
    form.hidden = until !== undefined;
    barred.hidden = until === undefined;
    barred.textContent = until ? `You are muted here until ${new Date(until).toLocaleString()}.` : '';
  };

  const stop = chat.changes.on([`conversation:${id}`], draw);
  input.value = drafts.get(id) ?? '';
  size();
  draw();
  return { element: h('div', { class: 'composer-frame' }, barred, form), setMode, focus: () => input.focus(), stop };
};
