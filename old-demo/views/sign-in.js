// @ts-check
/** @import { Session } from '../session.js' */
import { api } from '../api.js';
import { h } from '../dom.js';
import { isFailure, wordsFor } from '../failure.js';

/** @typedef {'in' | 'up'} Mode signing in, or up */

/** @param {string} label @param {Record<string, string | boolean | number>} attributes @param {string} [hint] */
const field = (label, attributes, hint) => {
  const note = h('small', { id: `${attributes.name}-hint`, class: 'hint' }, hint ?? '');
  const input = h('input', {
    dir: 'auto',
    required: true,
    'aria-describedby': `${attributes.name}-hint`,
    ...attributes,
  });
  return { input, row: h('label', { class: 'field' }, h('span', {}, label), input, note), note, hint: hint ?? '' };
};

/**
 * @param {{ session: Session, notice?: string, onDone: () => void }} parts
 * @returns {HTMLElement}
 */
export const createSignIn = ({ session, notice, onDone }) => {
  /** @type {Mode} */
  let mode = 'in';
  const username = field(
    'Username',
    { name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', maxlength: 254 },
    '',
  );
  const fullName = field(
    'Full name',
    { name: 'full_name', autocomplete: 'name', maxlength: 80 },
    'As others will see you.',
  );
  const password = field('Password', { name: 'password', type: 'password', maxlength: 1024 }, '');
  const stay = h('input', { type: 'checkbox', name: 'stay' });
  const submit = h('button', { type: 'submit', class: 'primary' });
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const tabs = {
    in: h('button', { type: 'button', class: 'tab', onclick: () => show('in') }, 'Sign in'),
    up: h('button', { type: 'button', class: 'tab', onclick: () => show('up') }, 'Create account'),
  };

  /** @param {Mode} next */
  const show = next => {
    mode = next;
    tabs.in.setAttribute('aria-pressed', String(mode === 'in'));
    tabs.up.setAttribute('aria-pressed', String(mode === 'up'));
    fullName.row.hidden = mode === 'in';
    fullName.input.required = mode === 'up';
    password.input.setAttribute('autocomplete', mode === 'in' ? 'current-password' : 'new-password');
    username.note.textContent = mode === 'up' ? '3 to 20 letters, digits, dots, hyphens or underscores.' : '';
    password.note.textContent = mode === 'up' ? 'At least 8 characters.' : '';
    submit.textContent = mode === 'in' ? 'Sign in' : 'Create account';
    say('');
  };

  /** @param {string} text */
  const say = text => {
    problem.textContent = text;
    problem.hidden = text === '';
    for (const { input } of [username, fullName, password]) input.removeAttribute('aria-invalid');
  };

  /** @param {SubmitEvent} event */
  const onsubmit = async event => {
    event.preventDefault();
    say('');
    submit.disabled = true;
    const [name, secret] = [username.input.value.trim(), password.input.value];
    try {
      if (mode === 'up')
        await api.register({ username: name, password: secret, full_name: fullName.input.value.trim() });
      await session.signIn(name, secret, stay.checked);
      onDone();
    } catch (error) {
      say(wordsFor(error));
      const details = isFailure(error) ? (error.details ?? {}) : {};
      const taken = isFailure(error) && error.code === 'username_taken';
      for (const { input } of [username, fullName, password])
        if (input.name in details || (taken && input.name === 'username')) input.setAttribute('aria-invalid', 'true');
      (form.querySelector('[aria-invalid]') ?? password.input).dispatchEvent(new Event('attention'));
    } finally {
      submit.disabled = false;
    }
  };

  for (const { input } of [username, fullName, password]) input.addEventListener('attention', () => input.focus());

  const form = h(
    'form',
    { class: 'card', onsubmit, novalidate: false },
    h('h1', { class: 'brand' }, h('img', { src: 'icon.svg', alt: '', width: 36, height: 36 }), 'Parley'),
    h('p', { class: 'lead' }, 'Chat that arrives, once and in order.'),
    notice ? h('p', { class: 'notice', role: 'status' }, notice) : null,
    h('div', { class: 'tabs', role: 'group', 'aria-label': 'Sign in or create an account' }, tabs.in, tabs.up),
    username.row,
    fullName.row,
    password.row,
    h(
      'label',
      { class: 'check' },
      stay,
      h('span', {}, 'Stay signed in on this device', h('small', { class: 'hint' }, 'Otherwise in this window only.')),
    ),
    problem,
    submit,
  );
  show('in');
  return h('main', { class: 'sign-in' }, form);
};
