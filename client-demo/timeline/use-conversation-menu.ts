import { Link, LogOut, Settings, Trash2, UserPlus } from 'lucide';
import type { Summary } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { addressOf } from '../app/route.ts';
import type { MenuItem } from '../ui/menu.tsx';
import { titleOf } from '../ui/names.ts';
import { copyText } from './copy-text.ts';

/** What this person may do with a conversation as a whole, by kind and role. */
export const useConversationMenu = (summary: Summary | undefined): readonly MenuItem[] => {
  const { client, route, dialogs, notices } = useApp();
  const words = useWords();
  const { t } = words;
  if (!summary || summary.kind === 'direct') return [];
  const { id: conversation_id, kind, role } = summary;
  const title = titleOf(summary, words);
  const isModerator = role === 'owner' || role === 'admin';
  const items: MenuItem[] = [];

  if (isModerator)
    items.push({
      label: t('timeline.settings'),
      icon: Settings,
      run: () => dialogs.open({ name: 'conversation-settings', conversation_id }),
    });
  if (kind === 'room' || (kind === 'group' && isModerator))
    items.push({
      label: t('timeline.invite'),
      icon: UserPlus,
      run: () => dialogs.open({ name: 'invite', conversation_id }),
    });
  if (kind !== 'group')
    items.push({
      label: t('timeline.copyConversation'),
      icon: Link,
      run: () =>
        void copyText(new URL(addressOf({ conversation_id }), location.origin + location.pathname).href).then(done =>
          notices.show(t(done ? 'timeline.copied' : 'timeline.copyFailed')),
        ),
    });
  if (kind === 'lobby') return items;

  const go = async (leaving: Promise<unknown>) => {
    await leaving;
    if (route.get().conversation_id === conversation_id) route.replace({});
  };
  items.push({
    label: t('timeline.leave'),
    icon: LogOut,
    danger: true,
    run: () =>
      dialogs.open({
        name: 'confirm',
        title: t('timeline.leaveTitle', { title }),
        text: t(kind === 'room' ? 'timeline.leaveTextRoom' : 'timeline.leaveTextGroup'),
        action: t('timeline.leave'),
        run: () => go(client.leave(conversation_id)),
      }),
  });
  if (role === 'owner')
    items.push({
      label: t('timeline.delete'),
      icon: Trash2,
      danger: true,
      run: () =>
        dialogs.open({
          name: 'confirm',
          title: t('timeline.deleteTitle', { title }),
          text: t('timeline.deleteText'),
          action: t('timeline.delete'),
          run: () => go(client.call('conversation:delete', { conversation_id })),
        }),
    });
  return items;
};
