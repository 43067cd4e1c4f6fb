import { LogOut } from 'lucide';
import type { Summary } from 'parley/client';
import { useWords } from '../app/context.ts';
import { mayLeave, mayModerate, useStanding } from '../rooms/may.ts';
import { useLeaving } from '../rooms/use-leaving.ts';
import { Icon } from '../ui/icon.tsx';
import { Banned } from './banned.tsx';
import { ConversationCard } from './conversation-card.tsx';
import { MemberSection } from './member-section.tsx';

/** What a conversation is, who is in it, and the way out. */
export const PanelContent = ({ summary }: { summary: Summary }) => {
  const mine = useStanding(summary);
  return (
    <>
      <ConversationCard summary={summary} mine={mine} />
      {summary.kind !== 'direct' && <MemberSection summary={summary} mine={mine} />}
      {mayModerate(mine) && <Banned conversation_id={summary.id} />}
      {mayLeave(mine) && <Leave summary={summary} />}
    </>
  );
};

const Leave = ({ summary }: { summary: Summary }) => {
  const { t } = useWords();
  const { askToLeave } = useLeaving();
  return (
    <button type="button" class="members-leave" onClick={() => askToLeave(summary)}>
      <Icon of={LogOut} />
      {t('rooms.leave')}
    </button>
  );
};
