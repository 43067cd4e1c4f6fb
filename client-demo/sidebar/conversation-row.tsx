import { CircleAlert, Clock, MicOff } from 'lucide';
import type { Entry, Summary, User } from 'parley/client';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { addressOf } from '../app/route.ts';
import { ConversationAvatar } from '../ui/conversation-avatar.tsx';
import { Icon } from '../ui/icon.tsx';
import { memoApart } from '../ui/memo.tsx';
import { titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { useIsMuted } from '../ui/use-is-muted.ts';
import { Badge } from './badge.tsx';
import { followLink } from './follow-link.ts';
import { LastLine } from './last-line.tsx';
import type { ScreenWatch } from './use-screen-watch.ts';
import './conversation-row.css';

interface Props {
  summary: Summary;
  me: User;
  isOpen: boolean;
  /** Whether it is the row that Tab comes to. */
  isTabStop: boolean;
  draft: string | undefined;
  /** What waits to be sent there. */
  entry: Entry | undefined;
  watchScreen: ScreenWatch;
  onFocused: (id: string) => void;
}

/** One conversation of the list: what it is called, what was last said in it, and how much of it is new. */
export const ConversationRow = memoApart(
  ({ summary, me, isOpen, isTabStop, draft, entry, watchScreen, onFocused }: Props) => {
    const { client, route } = useApp();
    const words = useWords();
    const { t, dates } = words;
    const { id, kind, unread, last_message, muted_until } = summary;
    const item = useRef<HTMLLIElement>(null);
    const [isSeen, setSeen] = useState(false);
    const chat = useMemo(() => client.conversation(id), [client, id]);
    const typing = useObservable(chat.typing);

    useEffect(
      () => (kind === 'direct' && item.current ? watchScreen(item.current, setSeen) : undefined),
      [kind, watchScreen],
    );

    const place = { conversation_id: id };
    const isMuted = useIsMuted(muted_until);
    const isPendingNewer = entry !== undefined && entry.created_at > (last_message?.date ?? '');
    const date = isPendingNewer ? entry.created_at : last_message?.date;
    return (
      <li ref={item} class="sidebar-item">
        <a
          class="sidebar-row"
          href={addressOf(place)}
          aria-current={isOpen ? 'page' : undefined}
          tabIndex={isTabStop ? 0 : -1}
          draggable={false}
          onFocus={() => onFocused(id)}
          onClick={event => followLink(event, () => route.go(place))}
        >
          <ConversationAvatar conversation={summary} withPresence={isSeen} />
          <span class="sidebar-row-top">
            <span class="sidebar-row-title" dir="auto">
              {titleOf(summary, words)}
            </span>
            {isMuted && (
              <span class="sidebar-row-sign" title={t('sidebar.muted')}>
                <Icon of={MicOff} />
                <span class="unseen">{t('sidebar.muted')}</span>
              </span>
            )}
            {date && (
              <time class="sidebar-row-time" dateTime={date}>
                {dates.short(date)}
              </time>
            )}
          </span>
          <span class="sidebar-row-bottom">
            <LastLine
              summary={summary}
              me={me}
              draft={draft}
              typing={typing}
              entry={isPendingNewer ? entry : undefined}
            />
            {entry && <PendingMark isFailed={entry.state === 'failed'} />}
            {unread > 0 && (
              <>
                <Badge count={unread} />
                <span class="unseen">{t('sidebar.unreadCount', { count: unread })}</span>
              </>
            )}
          </span>
        </a>
      </li>
    );
  },
);

const PendingMark = ({ isFailed }: { isFailed: boolean }) => {
  const { t } = useWords();
  const label = t(isFailed ? 'sidebar.failed' : 'sidebar.waiting');
  return (
    <span class={isFailed ? 'sidebar-row-sign failed' : 'sidebar-row-sign waiting'} title={label}>
      <Icon of={isFailed ? CircleAlert : Clock} />
      <span class="unseen">{label}</span>
    </span>
  );
};
