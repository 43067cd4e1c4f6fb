// @ts-check
/** @import { Chat } from '../chat.js' */
import { h, icon, iconButton } from '../dom.js';
import { avatar, counted, nameOf } from '../words.js';
import { createBanner } from './banner.js';
import { createConversationList } from './conversation-list.js';
import { createConversationView } from './conversation-view.js';
import { confirmDialog } from './dialog.js';
import { createDialog, peopleDialog, roomsDialog } from './new-conversation.js';

const noticeMs = 6_000;

/**
 * The page of somebody who is signed in: the list, the open conversation, what there is to say about the connection.
 * Which conversation is open stands in the address, so that a reload and the browser's back button keep it.
 *
 * @param {{ chat: Chat }} parts
 */
export const createChatView = ({ chat }) => {
  const { store, changes, me, outbox } = chat;
  /** @type {Map<string, string>} */
  const drafts = new Map();
  const list = createConversationList({ chat });
  const banner = createBanner({ chat });
  const notices = h('div', { class: 'notices', role: 'status', 'aria-live': 'polite' });
  const heard = h('div', { class: 'unseen', 'aria-live': 'polite', 'aria-atomic': 'true' });
  const nothing = h('main', { class: 'nothing' }, h('p', {}, 'Choose a conversation, or start one.'));
  /** @type {ReturnType<typeof createConversationView> | undefined} */
  let view;
  /** @type {string | undefined} */
  let shownId;

  const signOut = async () => {
    const waiting = outbox.entries().length;
    const lost = `${counted(waiting, 'message', 'messages')} not sent yet would be lost.`;
    if (waiting === 0 || (await confirmDialog('Sign out all the same?', lost, 'Sign out'))) await chat.signOut();
  };

  const side = h(
    'div',
    { class: 'side' },
    h(
      'header',
      { class: 'bar' },
      h('h1', { class: 'brand' }, h('img', { src: 'icon.svg', alt: '', width: 26, height: 26 }), 'Parley'),
      iconButton('search', 'Browse rooms', { onclick: () => roomsDialog({ chat }) }),
      iconButton('people', 'Message somebody', { onclick: () => peopleDialog({ chat }) }),
      iconButton('plus', 'New room or group', { onclick: () => createDialog({ chat }) }),
    ),
    list.element,
    h(
      'footer',
      { class: 'me' },
      avatar(me.id, nameOf(me)),
      h(
        'span',
        { class: 'words' },
        h('bdi', { class: 'title' }, nameOf(me)),
        h('bdi', { class: 'hint' }, `@${me.username}`),
      ),
      h('button', { type: 'button', class: 'small', onclick: signOut }, icon('out'), 'Sign out'),
    ),
  );
  const frame = h('div', { class: 'frame' }, side, nothing);
  const element = h('div', { class: 'chat' }, banner.element, frame, notices, heard);

  /** Shows the conversation that the address names, as soon as it is known. */
  const route = () => {
    const wanted = decodeURIComponent(location.hash.slice(2));
    const wide = matchMedia('(min-width: 720px)').matches;
    const id = store.conversation(wanted) ? wanted : !wanted && wide ? store.list()[0]?.id : undefined;
    element.classList.toggle('reading', Boolean(wanted) && id !== undefined);
    if (id === shownId) return;
    shownId = id;
    view?.stop();
    view = id ? createConversationView({ chat, id, drafts }) : undefined;
    frame.replaceChildren(side, view?.element ?? nothing);
    chat.open(id);
    if (element.isConnected) view?.shown();
  };

  const onConversations = () => {
    const unread = store.unread();
    document.title = unread > 0 ? `(${unread}) Parley` : 'Parley';
    if (shownId && !store.conversation(shownId) && location.hash.slice(2) === shownId) location.hash = '#/';
    route();
  };

  const showNotices = () => {
    for (const { text, urgent } of chat.notices()) {
      const note = h('p', { class: urgent ? 'notice urgent' : 'notice' }, text);
      notices.append(note);
      setTimeout(() => note.remove(), noticeMs);
    }
  };

  addEventListener('hashchange', route);
  const offs = [
    changes.on(['conversations'], onConversations),
    changes.on(['notices'], showNotices),
    changes.on(['heard'], () => {
      heard.textContent = chat.heard();
    }),
  ];

  return {
    element,
    stop() {
      removeEventListener('hashchange', route);
      for (const off of offs) off();
      view?.stop();
      list.stop();
      banner.stop();
      for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    },
  };
};
