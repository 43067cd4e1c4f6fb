// @ts-check
/** @import { Chat } from '../chat.js' */
import { h, icon, iconButton } from '../dom.js';
import { ago, avatar, counted, titleOf } from '../words.js';
import { createComposer } from './composer.js';
import { membersDialog } from './members.js';
import { createTimeline } from './timeline.js';

/**
 * One conversation: what it is, what was said, where to write.
 *
 * @param {{ chat: Chat, id: string, drafts: Map<string, string> }} parts
 */
export const createConversationView = ({ chat, id, drafts }) => {
  const { store, changes, typing } = chat;
  const face = h('span', { class: 'face' });
  const title = h('h2', { dir: 'auto', tabindex: -1 });
  const facts = h('p', { class: 'facts', dir: 'auto' });
  const typists = h('p', { class: 'typists', 'aria-live': 'off' });

  const timeline = createTimeline({
    chat,
    id,
    actions: {
      reply: message => composer.setMode({ to: 'reply', message }),
      edit: message => composer.setMode({ to: 'edit', message }),
    },
  });
  const composer = createComposer({ chat, id, drafts, onSent: timeline.goToEnd, lastOwn: timeline.lastOwn });

  const people = iconButton('people', 'Members', { onclick: () => membersDialog({ chat, id }) });

  const drawHead = () => {
    const conversation = store.conversation(id);
    if (!conversation) return;
    const { kind, peer, topic } = conversation;
    const name = titleOf(conversation);
    title.textContent = name;
    face.replaceChildren(avatar(peer?.id ?? id, name, peer ? '' : 'square'));
    people.hidden = kind === 'direct';
    const presence = peer && store.presence(peer.id);
    if (peer) {
      face.append(h('span', { class: presence?.status === 'online' ? 'dot online' : 'dot' }));
      facts.textContent =
        presence?.status === 'online'
          ? 'Online'
          : presence?.last_seen_at
            ? `Last seen ${ago(presence.last_seen_at)}`
            : `@${peer.username}`;
    } else {
      const kinds = { lobby: 'Everyone is here', room: 'Public room', group: 'Private group', direct: '' };
      facts.textContent = topic || kinds[kind];
    }
  };

  const drawTyping = () => {
    const { names, more } = typing.in(id);
    const others = names.length + more;
    typists.textContent =
      others === 0
        ? ''
        : names.length <= 2 && more === 0
          ? `${names.join(' and ')} ${others === 1 ? 'is' : 'are'} typing…`
          : `${names.slice(0, 2).join(', ')} and ${counted(others - 2, 'other', 'others')} are typing…`;
  };

  const offs = [changes.on([`conversation:${id}`, 'presence'], drawHead), changes.on(['typing'], drawTyping)];
  drawHead();
  drawTyping();

  const element = h(
    'main',
    { class: 'conversation-view', 'data-open': id },
    h(
      'header',
      { class: 'bar' },
      h('a', { class: 'icon-button back', href: '#/', 'aria-label': 'Back to the conversations' }, icon('back')),
      face,
      h('div', { class: 'words' }, title, facts),
      people,
    ),
    timeline.element,
    typists,
    composer.element,
  );

  return {
    element,
    /** To be called once the element is on the page. */
    shown() {
      timeline.draw();
      // On a touch screen the keyboard would cover what one came to read.
      if (matchMedia('(hover: hover)').matches) composer.focus();
      else title.focus();
    },
    stop() {
      for (const off of offs) off();
      timeline.stop();
      composer.stop();
      chat.watches.show('timeline', []);
    },
  };
};
