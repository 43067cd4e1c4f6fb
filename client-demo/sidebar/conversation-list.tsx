import { CheckCheck, CloudOff } from 'lucide';
import type { Entry, User } from 'parley/client';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { Icon } from '../ui/icon.tsx';
import { useObservable } from '../ui/state.ts';
import { ConversationRow } from './conversation-row.tsx';
import { type Filter, Filters } from './filters.tsx';
import { FirstSteps } from './first-steps.tsx';
import { moveBetweenRows } from './keys.ts';
import { Skeleton } from './skeleton.tsx';
import { useScreenWatch } from './use-screen-watch.ts';

/** From so many on, filters are worth their space. */
const manyConversations = 7;
/** Who has so few is new here. */
const fewConversations = 4;

/** All conversations of the person. Only rows that changed are drawn again. */
export const ConversationList = ({ me }: { me: User }) => {
  const { client, route, drafts } = useApp();
  const { t } = useWords();
  const all = useObservable(client.conversations);
  const pending = usePending();
  const begun = useObservable(drafts);
  const openId = useObservable(route).conversation_id;
  const [filter, setFilter] = useState<Filter>('all');
  const [focusedId, setFocusedId] = useState<string>();
  const list = useRef<HTMLUListElement>(null);
  const watchScreen = useScreenWatch();

  const hasFilters = all.length >= manyConversations;
  // What is open stays, though opening it has made it read.
  const shown = hasFilters && filter === 'unread' ? all.filter(({ id, unread }) => unread > 0 || id === openId) : all;
  const hasRow = (id: string | undefined) => shown.some(summary => summary.id === id);
  // The one row that Tab comes to.
  const stopId = hasRow(focusedId) ? focusedId : hasRow(openId) ? openId : shown[0]?.id;

  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [openId]);

  if (all.length === 0) return <NoList />;
  return (
    <>
      {hasFilters && <Filters filter={filter} onFilter={setFilter} />}
      <div class="sidebar-scroll">
        {shown.length > 0 ? (
          <ul ref={list} class="sidebar-list" aria-label={t('sidebar.conversations')} onKeyDown={moveBetweenRows}>
            {shown.map(summary => (
              <ConversationRow
                key={summary.id}
                summary={summary}
                me={me}
                isOpen={summary.id === openId}
                isTabStop={summary.id === stopId}
                draft={summary.id === openId ? undefined : begun[summary.id]?.text.trim() || undefined}
                entry={pending.get(summary.id)}
                watchScreen={watchScreen}
                onFocused={setFocusedId}
              />
            ))}
          </ul>
        ) : (
          <div class="empty">
            <Icon of={CheckCheck} />
            <h2>{t('sidebar.allReadTitle')}</h2>
            <p>{t('sidebar.allReadText')}</p>
          </div>
        )}
        {all.length <= fewConversations && <FirstSteps me={me} isAlone={all.length === 1} />}
      </div>
    </>
  );
};

/** Of each conversation the last message that is not sent yet, a failed one before others: that needs somebody. */
const usePending = (): ReadonlyMap<string, Entry> => {
  const entries = useObservable(useApp().client.outbox);
  return useMemo(() => {
    const last = new Map<string, Entry>();
    for (const entry of entries) {
      if (entry.state === 'failed' || last.get(entry.conversation_id)?.state !== 'failed')
        last.set(entry.conversation_id, entry);
    }
    return last;
  }, [entries]);
};

/** Nothing was ever loaded on this device: it is coming, or cannot come now. */
const NoList = () => {
  const { client } = useApp();
  const { t } = useWords();
  const { status } = useObservable(client.connection);
  if (status !== 'waiting' && status !== 'ended') return <Skeleton label={t('app.loading')} rows={7} />;
  return (
    <div class="empty">
      <Icon of={CloudOff} />
      <h2>{t('sidebar.noListTitle')}</h2>
      <p>{t('sidebar.noListText')}</p>
    </div>
  );
};
