import { Copy, Eye, Link, Pencil, Reply, Undo2 } from 'lucide';
import type { Message } from 'parley/client';
import { linkTo } from '../app/route.ts';
import { mayModerate, mayRestrain, standingOf } from '../rooms/may.ts';
import type { MenuItem } from '../ui/menu.tsx';
import { isMuted } from '../ui/use-is-muted.ts';
import { copyText } from './copy-text.ts';
import type { Kit } from './kit.ts';

/** Whether this person moderates what the author says, as far as it is known who is a member. */
const moderates = ({ chat, client, members }: Kit, author_id: string): boolean => {
  const summary = chat.summary.get();
  const { members: known, hasMore } = members.get();
  if (!summary || !known) return false;
  const mine = standingOf(client, summary);
  const author = known.find(({ user }) => user.id === author_id);
  return author ? mayRestrain(mine, author) : mayModerate(mine) && !hasMore;
};

/** What may be done to a message, by whoever looks at it. Asked when it is offered, as roles change. */
export const actionsOf = (kit: Kit, message: Message) => {
  const { chat, me, kind, target, dialogs, notices, words } = kit;
  const { t } = words;
  const { id, seq, unsent, from } = message;
  const isMine = from.id === me.id;
  const isMutable = !unsent && !isMuted(chat.summary.get()?.muted_until);
  const copy = (text: string) =>
    copyText(text).then(done => notices.show(t(done ? 'timeline.copied' : 'timeline.copyFailed')));

  const actions = {
    reply: isMutable ? () => target.set({ kind: 'reply', message }) : undefined,
    edit: isMutable && isMine ? () => target.set({ kind: 'edit', message }) : undefined,
    copy: unsent ? undefined : () => void copy(message.message),
    copyLink: unsent ? undefined : () => void copy(linkTo({ conversation_id: chat.id, seq })),
    readers: unsent || kind === 'direct' ? undefined : () => dialogs.open({ name: 'readers', message_id: id }),
    unsend:
      !unsent && (isMine || moderates(kit, from.id))
        ? () =>
            dialogs.open({
              name: 'confirm',
              title: t('timeline.unsendTitle'),
              text: t('timeline.unsendText'),
              action: t('timeline.unsend'),
              run: () => chat.unsend(id),
            })
        : undefined,
    canReact: isMutable,
    react(emoji: string) {
      const isThere = message.reactions.some(reaction => reaction.emoji === emoji && reaction.me);
      return (isThere ? chat.unreact(id, emoji) : chat.react(id, emoji)).catch(notices.fail);
    },
  };

  const all: readonly [MenuItem['label'], MenuItem['icon'], (() => void) | undefined][] = [
    [t('timeline.reply'), Reply, actions.reply],
    [t('timeline.edit'), Pencil, actions.edit],
    [t('timeline.copy'), Copy, actions.copy],
    [t('timeline.copyLink'), Link, actions.copyLink],
    [t('timeline.readers'), Eye, actions.readers],
    [t('timeline.unsend'), Undo2, actions.unsend],
  ];
  const items = all.flatMap(([label, icon, run]): MenuItem[] =>
    run ? [{ label, ...(icon && { icon }), run, ...(run === actions.unsend && { danger: true }) }] : [],
  );
  return { ...actions, items };
};
