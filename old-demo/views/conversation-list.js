// @ts-check
/** @import { Chat } from '../chat.js' */
/** @import { Listed } from '../store.js' */
import { createKeyedList, h, icon } from '../dom.js';
import { avatar, counted, nameOf, shortTime, titleOf } from '../words.js';

/** @param {Listed} conversation @param {string} me */
const previewOf = ({ last_message, kind, topic }, me) => {
  if (!last_message) return kind === 'direct' ? 'Say hello' : topic || 'Nothing said yet';
  if (last_message.unsent) return 'Message unsent';
  const text = last_message.message.replace(/\s+/gu, ' ').slice(0, 120);
  if (last_message.from.id === me) return `You: ${text}`;
  return kind === 'direct' ? text : `${nameOf(last_message.from)}: ${text}`;
};

/**
 * All conversations, the open one marked. Links, so that the browser's own history and keyboard work.
 *
 * @param {{ chat: Chat }} parts
 */
export const createConversationList = ({ chat }) => {
  const { store, changes, me, watches, outbox, typing } = chat;
  const list = h('ul', { class: 'conversations' });
  const empty = h('p', { class: 'quiet' }, 'Loading your conversations…');
  const items = createKeyedList(list);

  const draw = () => {
    const conversations = store.list();
    empty.hidden = conversations.length > 0;
    watches.show(
      'list',
      conversations.flatMap(({ peer }) => peer?.id ?? []),
    );
    items.set(
      conversations.map(conversation => {
        const { id, peer, unread } = conversation;
        const open = id === chat.openId();
        const online = peer !== undefined && store.presence(peer.id)?.status === 'online';
        const waiting = outbox.entries(id).length;
        const typed = typing.in(id).names.length > 0;
        return {
          key: id,
          stamp: [conversation, open, online, waiting, typed],
          build: () => {
            const title = titleOf(conversation);
            const shown = typed ? 'typing…' : previewOf(conversation, me.id);
            const face = h('span', { class: 'face' }, avatar(peer?.id ?? id, title, peer ? '' : 'square'));
            if (peer) face.append(h('span', { class: online ? 'dot online' : 'dot' }));
            const date = conversation.last_message?.date;
            return h(
              'li',
              {},
              h(
                'a',
                {
                  href: `#/${id}`,
                  class: 'conversation',
                  'aria-current': open ? 'page' : undefined,
                  'data-focus': 'link',
                  'data-conversation': id,
                },
                face,
                h(
                  'span',
                  { class: 'words' },
                  h(
                    'span',
                    { class: 'line' },
                    h('span', { class: 'title' }, h('bdi', {}, title)),
                    h('span', { class: 'when' }, date && shortTime(date)),
                  ),
                  h(
                    'span',
                    { class: 'line' },
                    h('span', { class: typed ? 'preview typing' : 'preview' }, h('bdi', {}, shown)),
                    waiting > 0 &&
                      h(
                        'span',
                        { class: 'badge waiting', title: `${counted(waiting, 'message', 'messages')} not sent yet` },
                        String(waiting),
                        icon('clock'),
                      ),
                    unread > 0 &&
                      h(
                        'span',
                        { class: 'badge' },
                        h(
                          'span',
                          { 'aria-hidden': 'true', 'data-unread': unread },
                          unread > 999 ? '999+' : String(unread),
                        ),
                        h('span', { class: 'unseen' }, `${counted(unread, 'unread message', 'unread messages')}`),
                      ),
                  ),
                  peer && h('span', { class: 'unseen' }, online ? 'online' : 'offline'),
                ),
              ),
            );
          },
        };
      }),
    );
  };

  const stop = changes.on(['conversations', 'presence', 'open', 'outbox', 'typing'], draw);
  draw();
  return { element: h('nav', { 'aria-label': 'Conversations', class: 'list' }, empty, list), stop };
};
