import { Link, LogOut, Settings, Trash2, UserPlus } from 'lucide';
import type { Summary } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { linkTo } from '../app/route.ts';
import { mayInvite, mayLeave, mayModerate, mayOwn, useStanding } from '../rooms/may.ts';
import { useLeaving } from '../rooms/use-leaving.ts';
import type { MenuItem } from '../ui/menu.tsx';
import { copyText } from './copy-text.ts';

const nobodys = { kind: 'direct', role: null } as const;

/** What this person may do with a conversation as a whole, by kind and role. */
export const useConversationMenu = (summary: Summary | undefined): readonly MenuItem[] => {
  const { dialogs, notices } = useApp();
  const { t } = useWords();
  const { askToLeave, askToDelete } = useLeaving();
  const mine = useStanding(summary ?? nobodys);
  if (!summary || summary.kind === 'direct') return [];
  const { id: conversation_id, kind } = summary;
  const items: MenuItem[] = [];

  if (mayModerate(mine))
    items.push({
      label: t('timeline.settings'),
      icon: Settings,
      run: () => dialogs.open({ name: 'conversation-settings', conversation_id }),
    });
  if (mayInvite(mine))
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
        void copyText(linkTo({ conversation_id })).then(done =>
          notices.show(t(done ? 'timeline.copied' : 'timeline.copyFailed')),
        ),
    });
  if (mayLeave(mine))
    items.push({ label: t('rooms.leave'), icon: LogOut, danger: true, run: () => askToLeave(summary) });
  if (mayOwn(mine))
    items.push({ label: t('rooms.delete'), icon: Trash2, danger: true, run: () => askToDelete(summary) });
  return items;
};
