// @ts-check
import { createChat } from './chat.js';
import { createSession } from './session.js';
import { createChatView } from './views/chat-view.js';
import { createSignIn } from './views/sign-in.js';

const page = /** @type {HTMLElement} */ (document.getElementById('page'));
const session = createSession();

const notices = {
  signed_out: 'You were signed out. Sign in again to go on; what you have not sent yet is kept.',
  account_erased: 'This account was erased.',
  here: '',
};

/** @param {string} [notice] */
const showSignIn = notice => {
  document.title = 'Parley';
  const form = createSignIn({ session, notice, onDone: showChat });
  page.replaceChildren(form);
  form.querySelector('input')?.focus();
};

const showChat = () => {
  const kept = session.current();
  if (!kept) return showSignIn();
  const chat = createChat({ session, me: kept.user });
  const view = createChatView({ chat });
  const forget = session.onEnded(ending => {
    forget();
    chat.stop();
    view.stop();
    showSignIn(notices[ending]);
  });
  page.replaceChildren(view.element);
  chat.start();
};

showChat();
