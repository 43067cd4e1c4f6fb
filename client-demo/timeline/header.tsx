import { ArrowLeft, EllipsisVertical, Users } from 'lucide';
import type { ChatConversation } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { ConversationAvatar } from '../ui/conversation-avatar.tsx';
import { Icon } from '../ui/icon.tsx';
import { MenuButton } from '../ui/menu.tsx';
import { titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { HeaderLine } from './header-line.tsx';
import { useConversationMenu } from './use-conversation-menu.ts';
import './header.css';

/** What is open, what goes on there, and what can be done with it as a whole. */
export const ConversationHeader = ({ chat }: { chat: ChatConversation }) => {
  const { route } = useApp();
  const words = useWords();
  const { t } = words;
  const summary = useObservable(chat.summary);
  const { panel } = useObservable(route);
  const items = useConversationMenu(summary);
  if (!summary) return null;
  const { id, kind } = summary;
  return (
    <header class="conversation-header">
      <BackButton />
      <ConversationAvatar conversation={summary} />
      <div class="conversation-names">
        <h1 title={titleOf(summary, words)}>
          <bdi>{titleOf(summary, words)}</bdi>
        </h1>
        <HeaderLine chat={chat} summary={summary} />
      </div>
      {kind !== 'direct' && (
        <button
          type="button"
          class="icon-button"
          aria-label={t('timeline.showMembers')}
          title={t('timeline.showMembers')}
          aria-pressed={panel === 'members'}
          onClick={() =>
            route.go(panel === 'members' ? { conversation_id: id } : { conversation_id: id, panel: 'members' })
          }
        >
          <Icon of={Users} />
        </button>
      )}
      {items.length > 0 && (
        <MenuButton label={t('timeline.menu')} items={items}>
          <Icon of={EllipsisVertical} />
        </MenuButton>
      )}
    </header>
  );
};

/** To the list, where that is not beside it. */
export const BackButton = () => {
  const { route } = useApp();
  const { t } = useWords();
  return (
    <button
      type="button"
      class="icon-button back-button"
      aria-label={t('timeline.back')}
      title={t('timeline.back')}
      onClick={() => route.go({})}
    >
      <Icon of={ArrowLeft} />
    </button>
  );
};
