import type { Summary } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { titleOf } from '../ui/names.ts';

/** Leaves a conversation, or deletes it for everybody: both ask before. */
export const useLeaving = () => {
  const { client, route, dialogs, members } = useApp();
  const words = useWords();
  const { t } = words;

  /** Away from what is gone: to the lobby, or to the list where there is room for one of them only. */
  const goHome = (from: string) => {
    if (route.get().conversation_id !== from) return;
    route.replace(matchMedia('(width >= 48rem)').matches ? { conversation_id: 'lobby' } : {});
  };

  /** What it would mean, as far as it is known who else is there. */
  const consequence = ({ id, kind, role }: Summary) => {
    const { members: known = [], hasMore } = members.of(id).get();
    const me = client.user.get()?.id;
    const others = known.filter(({ user }) => user.id !== me);
    if (known.length > 0 && others.length === 0) return 'rooms.leaveAlone';
    const isKnown = known.length > 0 && !hasMore;
    if (role === 'owner' && isKnown && !others.some(member => member.role === 'owner')) return 'rooms.leaveLastOwner';
    return kind === 'room' ? 'rooms.leaveRoomText' : 'rooms.leaveGroupText';
  };

  return {
    askToLeave: (summary: Summary) =>
      dialogs.open({
        name: 'confirm',
        title: t('rooms.leaveTitle', { title: titleOf(summary, words) }),
        text: t(consequence(summary)),
        action: t('rooms.leave'),
        run: () => client.leave(summary.id),
        done: () => goHome(summary.id),
      }),
    askToDelete: (summary: Summary) =>
      dialogs.open({
        name: 'confirm',
        title: t('rooms.deleteTitle', { title: titleOf(summary, words) }),
        text: t('rooms.deleteText'),
        action: t('rooms.delete'),
        run: () => client.call('conversation:delete', { conversation_id: summary.id }),
        done: () => goHome(summary.id),
      }),
  };
};
