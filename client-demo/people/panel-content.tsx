import { LogOut } from 'lucide';
import type { Summary, User } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { mayLeave, mayModerate, useStanding } from '../rooms/may.ts';
import { useGoHome } from '../rooms/use-go-home.ts';
import { Icon } from '../ui/icon.tsx';
import { titleOf } from '../ui/names.ts';
import { Banned } from './banned.tsx';
import { ConversationCard } from './conversation-card.tsx';
import { MemberSection } from './member-section.tsx';
import { useMembers } from './use-members.ts';

/** What a conversation is, who is in it, and the way out. */
export const PanelContent = ({ summary, me }: { summary: Summary; me: User }) => {
  const mine = useStanding(summary, me.id);
  return (
    <>
      <ConversationCard summary={summary} mine={mine} />
      {summary.kind !== 'direct' && <MemberSection summary={summary} mine={mine} />}
      {mayModerate(mine) && <Banned conversation_id={summary.id} />}
      {mayLeave(mine) && <Leave summary={summary} me={me} />}
    </>
  );
};

const Leave = ({ summary, me }: { summary: Summary; me: User }) => {
  const { client, dialogs } = useApp();
  const words = useWords();
  const { t } = words;
  const goHome = useGoHome();
  const { members = [], hasMore } = useMembers(summary.id);
  const { id, kind, role } = summary;

  const consequence = () => {
    const others = members.filter(({ user }) => user.id !== me.id);
    if (members.length > 0 && others.length === 0) return 'people.leaveAlone';
    if (role === 'owner' && !hasMore && !others.some(member => member.role === 'owner')) return 'people.leaveLastOwner';
    return kind === 'room' ? 'people.leaveRoomText' : 'people.leaveGroupText';
  };

  const ask = () =>
    dialogs.open({
      name: 'confirm',
      title: t('people.leaveTitle', { title: titleOf(summary, words) }),
      text: t(consequence()),
      action: t('people.leave'),
      run: async () => {
        await client.leave(id);
        goHome(id);
      },
    });

  return (
    <button type="button" class="members-leave" onClick={ask}>
      <Icon of={LogOut} />
      {t('people.leave')}
    </button>
  );
};
