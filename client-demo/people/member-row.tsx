import { EllipsisVertical, MicOff } from 'lucide';
import type { Member } from 'parley/client';
import { useWords } from '../app/context.ts';
import type { Standing } from '../rooms/may.ts';
import { Icon } from '../ui/icon.tsx';
import { MenuButton } from '../ui/menu.tsx';
import { nameOf } from '../ui/names.ts';
import { useIsMuted } from '../ui/use-is-muted.ts';
import { Person } from './person.tsx';
import { useMemberActions } from './use-member-actions.ts';

interface Row {
  conversation_id: string;
  member: Member;
  mine: Standing;
  /** How many owners there are. */
  owners: number;
}

/** Somebody in a conversation: their role, whether they are muted, and what one may do with them. */
export const MemberRow = ({ conversation_id, member, mine, owners }: Row) => {
  const words = useWords();
  const { t, dates } = words;
  const { user, role, muted_until } = member;
  const isMuted = useIsMuted(muted_until);
  const actions = useMemberActions({ conversation_id, member, mine, owners, isMuted });
  const mutedLabel = muted_until && t('people.mutedUntil', { date: dates.full(muted_until) });
  return (
    <li class="members-row">
      <Person user={user}>
        {user.id === mine.user_id && <span class="person-mark">{t('people.you')}</span>}
        {role !== 'member' && <span class="person-mark role">{t(`people.${role}`)}</span>}
        {isMuted && mutedLabel && (
          <span class="person-mark" title={mutedLabel}>
            <Icon of={MicOff} />
            <span class="unseen">{mutedLabel}</span>
          </span>
        )}
      </Person>
      {actions.length > 0 && (
        <MenuButton label={t('people.actionsFor', { name: nameOf(user, words) })} items={actions}>
          <Icon of={EllipsisVertical} />
        </MenuButton>
      )}
    </li>
  );
};
