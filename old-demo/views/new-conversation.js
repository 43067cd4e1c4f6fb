// @ts-check
/** @import { Room, User } from '../../src/protocol/index.ts' */
/** @import { Chat } from '../chat.js' */
import { h } from '../dom.js';
import { isFailure, wordsFor } from '../failure.js';
import { avatar, counted, nameOf } from '../words.js';
import { createSearch, openDialog, peopleSearch, personRow } from './dialog.js';

/** @param {{ chat: Chat }} parts */
export const peopleDialog = ({ chat }) =>
  openDialog('Message somebody', close => {
    const search = peopleSearch(chat, 'Name or username', user =>
      personRow(
        user,
        h(
          'button',
          {
            type: 'button',
            class: 'small',
            'aria-label': `Message ${nameOf(user)}`,
            onclick: async () => {
              if (await chat.enter(chat.request('conversation:direct', { user_id: user.id }))) close();
            },
          },
          'Message',
        ),
      ),
    );
    return search.elements;
  });

/** @param {{ chat: Chat }} parts */
export const roomsDialog = ({ chat }) =>
  openDialog('Rooms', close => {
    /** @param {Room} room */
    const row = room => {
      const name = room.name ?? '';
      return h(
        'li',
        { class: 'row' },
        avatar(room.id, name, 'square'),
        h(
          'span',
          { class: 'words' },
          h('span', { class: 'title' }, h('bdi', {}, name)),
          h(
            'span',
            { class: 'hint', dir: 'auto' },
            [room.kind === 'lobby' ? 'everyone' : counted(room.members, 'member', 'members'), room.topic]
              .filter(Boolean)
              .join(' · '),
          ),
        ),
        h(
          'button',
          {
            type: 'button',
            class: 'small',
            'aria-label': `${room.joined ? 'Open' : 'Join'} ${name}`,
            onclick: async () => {
              if (room.joined) location.hash = `#/${room.id}`;
              else if (!(await chat.enter(chat.request('conversation:join', { conversation_id: room.id })))) return;
              close();
            },
          },
          room.joined ? 'Open' : 'Join',
        ),
      );
    };
    const search = createSearch({
      label: 'Find a room',
      search: async q => (await chat.request('conversation:directory', { limit: 50, ...(q !== '' && { q }) })).items,
      row,
      empty: 'No room of that name. You can create it.',
      least: 0,
    });
    void search.run();
    return [
      ...search.elements,
      h(
        'button',
        {
          type: 'button',
          class: 'small',
          onclick: () => {
            close();
            createDialog({ chat });
          },
        },
        'Create a room or group',
      ),
    ];
  });

/** @param {{ chat: Chat }} parts */
export const createDialog = ({ chat }) =>
  openDialog('New room or group', close => {
    /** @type {Map<string, User>} */
    const chosen = new Map();
    const room = h('input', { type: 'radio', name: 'kind', value: 'room', checked: true, onchange: () => draw() });
    const group = h('input', { type: 'radio', name: 'kind', value: 'group', onchange: () => draw() });
    const name = h('input', { name: 'name', dir: 'auto', required: true, maxlength: 80, autocomplete: 'off' });
    const topic = h('input', { name: 'topic', dir: 'auto', maxlength: 250, autocomplete: 'off' });
    const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
    const submit = h('button', { type: 'submit', class: 'primary' }, 'Create');
    const chips = h('ul', { class: 'chips', 'aria-label': 'To be invited' });

    const drawChips = () =>
      chips.replaceChildren(
        ...[...chosen.values()].map(user =>
          h(
            'li',
            {},
            h(
              'button',
              {
                type: 'button',
                'aria-label': `Do not invite ${nameOf(user)}`,
                onclick: () => {
                  chosen.delete(user.id);
                  drawChips();
                },
              },
              h('bdi', {}, nameOf(user)),
              ' ×',
            ),
          ),
        ),
      );
    const search = peopleSearch(chat, 'Invite people', user =>
      personRow(
        user,
        h(
          'button',
          {
            type: 'button',
            class: 'small',
            'aria-label': `Invite ${nameOf(user)}`,
            onclick: () => {
              chosen.set(user.id, user);
              drawChips();
              search.input.value = '';
              void search.run();
              search.input.focus();
            },
          },
          'Invite',
        ),
      ),
    );
    const members = h('div', { class: 'invite' }, chips, ...search.elements);
    const draw = () => {
      members.hidden = !group.checked;
    };
    draw();

    /** The same for every try of this dialog, so that a second try after a lost answer makes no second room. */
    const client_id = crypto.getRandomValues(new BigUint64Array(2)).join('-');

    return [
      h(
        'form',
        {
          class: 'stack',
          onsubmit: async (/** @type {Event} */ event) => {
            event.preventDefault();
            problem.hidden = true;
            submit.disabled = true;
            try {
              const made = await chat.request('conversation:create', {
                kind: group.checked ? 'group' : 'room',
                name: name.value.trim(),
                client_id,
                ...(topic.value.trim() && { topic: topic.value.trim() }),
                ...(group.checked && chosen.size > 0 && { members: [...chosen.keys()] }),
              });
              close();
              await chat.enter(Promise.resolve(made));
            } catch (error) {
              if (!isFailure(error)) throw error;
              problem.textContent = wordsFor(error);
              problem.hidden = false;
            } finally {
              submit.disabled = false;
            }
          },
        },
        h(
          'fieldset',
          { class: 'choice' },
          h('legend', { class: 'unseen' }, 'Kind'),
          h(
            'label',
            {},
            room,
            h(
              'span',
              {},
              h('strong', {}, 'Room'),
              h('small', { class: 'hint' }, 'Public: anybody may find and join it.'),
            ),
          ),
          h(
            'label',
            {},
            group,
            h('span', {}, h('strong', {}, 'Group'), h('small', { class: 'hint' }, 'Private: by invitation.')),
          ),
        ),
        h('label', { class: 'field' }, h('span', {}, 'Name'), name),
        h('label', { class: 'field' }, h('span', {}, 'Topic (optional)'), topic),
        members,
        problem,
        submit,
      ),
    ];
  });
