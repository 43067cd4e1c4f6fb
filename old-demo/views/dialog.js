// @ts-check
/** @import { User } from '../../src/protocol/index.ts' */
/** @import { Chat } from '../chat.js' */
import { h, iconButton } from '../dom.js';
import { isFailure, wordsFor } from '../failure.js';
import { avatar, nameOf } from '../words.js';

/**
 * Opens a dialog; it is gone from the page once it is closed.
 *
 * @param {string} title
 * @param {(close: () => void) => Node[]} fill
 * @param {() => void} [onClosed]
 */
export const openDialog = (title, fill, onClosed) => {
  const close = () => dialog.close();
  const dialog = h('dialog', {
    'aria-label': title,
    onclose: () => {
      dialog.remove();
      onClosed?.();
    },
    onclick: (/** @type {MouseEvent} */ event) => event.target === dialog && close(),
  });
  dialog.append(
    h(
      'div',
      { class: 'sheet' },
      h('header', { class: 'sheet-head' }, h('h2', {}, title), iconButton('close', 'Close', { onclick: close })),
      ...fill(close),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
};

/**
 * Asks before something that cannot be undone.
 *
 * @param {string} question
 * @param {string} consequence
 * @param {string} verb
 * @returns {Promise<boolean>}
 */
export const confirmDialog = (question, consequence, verb) =>
  new Promise(resolve => {
    let agreed = false;
    openDialog(
      question,
      close => [
        h('p', {}, consequence),
        h(
          'div',
          { class: 'choices' },
          h('button', { type: 'button', class: 'small', onclick: close }, 'Cancel'),
          h(
            'button',
            {
              type: 'button',
              class: 'small danger',
              onclick: () => {
                agreed = true;
                close();
              },
            },
            verb,
          ),
        ),
      ],
      () => resolve(agreed),
    );
  });

/** Searches as one types: the last question's answer counts.
 * @template T
 * @param {{ label: string, search: (q: string) => Promise<T[]>, row: (found: T) => HTMLElement, empty: string, least: number }} parts */
export const createSearch = ({ label, search, row, empty, least }) => {
  const list = h('ul', { class: 'rows' });
  const said = h('p', { class: 'quiet', role: 'status' });
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const run = async () => {
    const q = input.value.trim();
    const turn = ++asked;
    if (q.length < least) {
      list.replaceChildren();
      said.textContent = '';
      return;
    }
    try {
      const found = await search(q);
      if (turn !== asked) return;
      list.replaceChildren(...found.map(row));
      said.textContent = found.length === 0 ? empty : '';
    } catch (error) {
      if (!isFailure(error)) throw error;
      if (turn === asked) said.textContent = wordsFor(error);
    }
  };

  const input = h('input', {
    type: 'search',
    dir: 'auto',
    'aria-label': label,
    placeholder: label,
    maxlength: 80,
    autocomplete: 'off',
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(run, 200);
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'Enter') event.preventDefault();
    },
  });
  return { elements: [input, said, list], run, input };
};

/** @param {User} user @param {Node[]} actions */
export const personRow = (user, ...actions) =>
  h(
    'li',
    { class: 'row' },
    avatar(user.id, nameOf(user)),
    h(
      'span',
      { class: 'words' },
      h('span', { class: 'title' }, h('bdi', {}, nameOf(user))),
      h('bdi', { class: 'hint' }, user.username && `@${user.username}`),
    ),
    ...actions,
  );

/** @param {Chat} chat @param {string} label @param {(user: User) => HTMLElement} row */
export const peopleSearch = (chat, label, row) =>
  createSearch({ label, search: chat.people, row, empty: 'Nobody of that name.', least: 1 });
