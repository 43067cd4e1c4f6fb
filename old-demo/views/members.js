// @ts-check
/** @import { Member } from '../../src/protocol/index.ts' */
/** @import { Chat } from '../chat.js' */
import { h } from '../dom.js';
import { titleOf } from '../words.js';
import { confirmDialog, openDialog, peopleSearch, personRow } from './dialog.js';

const shownAtMost = 100;

/**
 * Who is in a conversation, inviting to it and leaving it.
 *
 * @param {{ chat: Chat, id: string }} parts
 */
export const membersDialog = ({ chat, id }) => {
  const conversation = chat.store.conversation(id);
  if (!conversation) return;
  const { kind, role } = conversation;
  const list = h('ul', { class: 'rows' });
  const more = h('p', { class: 'quiet' });
  /** @type {Member[]} */
  let members = [];

  const draw = () =>
    list.replaceChildren(
      ...members.map(({ user, role: theirs }) => {
        const online = user.id === chat.me.id || chat.store.presence(user.id)?.status === 'online';
        const row = personRow(
          user,
          h(
            'span',
            { class: 'hint' },
            [theirs === 'member' ? '' : theirs, user.id === chat.me.id ? 'you' : ''].filter(Boolean).join(', '),
          ),
          h('span', { class: online ? 'dot online' : 'dot', role: 'img', 'aria-label': online ? 'online' : 'offline' }),
        );
        return row;
      }),
    );

  const load = () =>
    chat.attempt(async () => {
      const page = await chat.request('conversation:members', { conversation_id: id, limit: shownAtMost });
      members = page.items;
      more.textContent = page.has_more ? `The first ${shownAtMost} are shown.` : '';
      chat.watches.show(
        'members',
        members.map(({ user }) => user.id).filter(user_id => user_id !== chat.me.id),
      );
      draw();
    });

  const off = chat.changes.on(['presence'], draw);
  openDialog(
    `Members of ${titleOf(conversation)}`,
    close => {
      const invites =
        kind === 'lobby'
          ? []
          : peopleSearch(chat, 'Invite somebody', user =>
              personRow(
                user,
                h(
                  'button',
                  {
                    type: 'button',
                    class: 'small',
                    onclick: async () => {
                      const done = await chat.attempt(() =>
                        chat.request('conversation:invite', { conversation_id: id, user_ids: [user.id] }),
                      );
                      if (done) await load();
                    },
                  },
                  'Invite',
                ),
              ),
            ).elements;
      const leave = h(
        'button',
        {
          type: 'button',
          class: 'small danger',
          onclick: async () => {
            if (
              !(await confirmDialog(`Leave ${titleOf(conversation)}?`, 'You will not see what is said there.', 'Leave'))
            )
              return;
            await chat.leave(id);
            if (!chat.store.conversation(id)) close();
          },
        },
        'Leave',
      );
      void load();
      return [...invites, list, more, ...(kind === 'lobby' || role === null ? [] : [leave])];
    },
    () => {
      off();
      chat.watches.show('members', []);
    },
  );
};
