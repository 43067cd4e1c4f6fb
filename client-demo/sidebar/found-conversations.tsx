import type { Summary } from 'parley/client';
import { useMemo, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { ConversationAvatar } from '../ui/conversation-avatar.tsx';
import { titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { Badge } from './badge.tsx';
import { foldText, hasWords } from './fold-text.ts';
import { FoundGroup } from './found-group.tsx';
import { FoundRow } from './found-row.tsx';

/** The person's own conversations that fit; titles that begin with it first. Needs no connection. */
export const useOwn = (query: string): readonly Summary[] => {
  const words = useWords();
  const all = useObservable(useApp().client.conversations);
  return useMemo(() => {
    const wanted = foldText(query);
    const found = all.flatMap(summary => {
      const title = foldText(titleOf(summary, words));
      const texts = [title, foldText(summary.peer?.username ?? '')];
      return hasWords(wanted, texts) ? [{ summary, isFirst: title.startsWith(wanted) }] : [];
    });
    return [...found.filter(({ isFirst }) => isFirst), ...found.filter(({ isFirst }) => !isFirst)].map(
      ({ summary }) => summary,
    );
  }, [all, query, words]);
};

const atFirst = 5;
const nothing = async () => undefined;

export const FoundConversations = ({ own, onDone }: { own: readonly Summary[]; onDone: () => void }) => {
  const { route } = useApp();
  const words = useWords();
  const { t } = words;
  const [isWhole, setWhole] = useState(false);
  const pages = {
    isStale: false,
    isLoading: false,
    error: undefined,
    hasMore: !isWhole && own.length > atFirst,
    loadMore: () => setWhole(true),
    again: nothing,
  };
  return (
    <FoundGroup
      title={t('sidebar.conversations')}
      nothing={t('sidebar.noConversations')}
      items={isWhole ? own : own.slice(0, atFirst)}
      pages={pages}
    >
      {summary => (
        <FoundRow
          key={summary.id}
          avatar={<ConversationAvatar conversation={summary} withPresence={false} />}
          title={titleOf(summary, words)}
          onOpen={() => {
            route.go({ conversation_id: summary.id });
            onDone();
          }}
        >
          <span class="sidebar-line">
            <span class="sidebar-line-text" dir="auto">
              {summary.peer
                ? t('sidebar.username', { username: summary.peer.username })
                : summary.topic || t(`sidebar.${summary.kind}`)}
            </span>
          </span>
          {summary.unread > 0 && (
            <>
              <Badge count={summary.unread} />
              <span class="unseen">{t('sidebar.unreadCount', { count: summary.unread })}</span>
            </>
          )}
        </FoundRow>
      )}
    </FoundGroup>
  );
};
