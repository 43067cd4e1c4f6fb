import type { ChatConversation, Message, User } from 'parley/client';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import type { Target } from '../composer/target.ts';
import { useWriteTo } from '../people/use-write-to.ts';
import { mayModerate, useStanding } from '../rooms/may.ts';
import { isLookedAt } from '../ui/is-looked-at.ts';
import { createState, type State, useObservable, useSelected } from '../ui/state.ts';
import { Announcer } from './announcer.tsx';
import { Beginning } from './beginning.tsx';
import { DaySection } from './day-section.tsx';
import { EndRow } from './end-row.tsx';
import { JumpButton } from './jump-button.tsx';
import type { Kit } from './kit.ts';
import { Loading, NotLoaded } from './not-loaded.tsx';
import { createPlace } from './place.ts';
import { rowsOf } from './rows.ts';
import { useKind } from './use-kind.ts';
import { useNewLine } from './use-new-line.ts';
import { useOpening } from './use-opening.ts';
import { usePaging } from './use-paging.ts';
import { useReading } from './use-reading.ts';
import { useRoving } from './use-roving.ts';
import { useTicks } from './use-ticks.ts';
import './timeline.css';

/** Pixels from the end from which there is a button that leads back. */
const farFromEnd = 240;
const flashMs = 1_800;
const none: readonly Message[] = [];

/** What was said, in order; the reader's place stays where it is, whatever comes and goes around it. */
export const Timeline = ({
  chat,
  me,
  target,
}: {
  chat: ChatConversation;
  me: User;
  target: State<Target | undefined>;
}) => {
  const { client, route, notices, dialogs, members } = useApp();
  const words = useWords();
  const kind = useKind(chat);
  const window = useObservable(chat.messages);
  const pending = useObservable(chat.pending);
  const tickOf = useTicks(chat, me);
  const place = useMemo(createPlace, []);
  const isAway = useMemo(() => createState(false), []);
  const [flashed, setFlashed] = useState<number>();
  const scroller = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);

  const settle = useCallback(() => {
    const reached = place.restore(isLookedAt());
    if (reached?.kind !== 'message') return;
    setFlashed(reached.seq);
    setTimeout(() => setFlashed(now => (now === reached.seq ? undefined : now)), flashMs);
  }, [place]);

  // Whom a moderator outranks is known from the members.
  const role = useSelected(chat.summary, summary => summary?.role ?? undefined) ?? null;
  const isModerator = mayModerate(useStanding({ kind, role }));
  const list = useMemo(() => members.of(chat.id), [members, chat.id]);
  useEffect(() => (isModerator ? list.subscribe(() => undefined) : undefined), [list, isModerator]);

  const opening = useOpening(chat, place, settle);
  const newLine = useNewLine(chat, opening.isReady);
  const paging = usePaging(chat, place);
  const markRead = useReading(chat, place, opening.isReady);
  const roving = useRoving(scroller);
  const writeTo = useWriteTo();

  const moved = useCallback(() => {
    // Behind the members on phones.
    if (!place.isVisible()) return;
    isAway.set(place.distance() > farFromEnd || chat.messages.get()?.hasNewer === true);
    markRead();
    paging.check();
  }, [chat, place, isAway, markRead, paging.check]);

  /** Whether the address names a message here. */
  const isAtMessage = () => route.get().conversation_id === chat.id && route.get().seq !== undefined;
  /** To the end; the message that the address names is left, or a reload would lead back to it. */
  const toLatest = () => {
    if (isAtMessage()) route.replace({ conversation_id: chat.id });
    else opening.showLatest().catch(notices.fail);
  };

  // Before the rows change, as long as what the reader sees can still be measured.
  place.remember();
  const lastWritten = useRef(pending.at(-1)?.position ?? 0);
  useLayoutEffect(() => {
    place.attach(scroller.current);
    const newest = pending.at(-1)?.position ?? 0;
    if (newest > lastWritten.current) {
      // Whoever writes sees what they wrote.
      if (window?.hasNewer || isAtMessage()) toLatest();
      else place.aim({ kind: 'end' });
    }
    lastWritten.current = Math.max(lastWritten.current, newest);
    settle();
    moved();
  });

  // The window, the composer, or the letters became larger or smaller.
  useLayoutEffect(() => {
    if (!scroller.current || !content.current) return;
    const observer = new ResizeObserver(() => {
      settle();
      moved();
    });
    observer.observe(scroller.current);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, [settle, moved]);

  const kit = useMemo<Kit>(
    () => ({
      ...{ client, notices, dialogs, words, chat, me, kind, target, writeTo, members: list },
      async jumpTo(message_id, from_seq) {
        try {
          const held = chat.messages.get()?.messages.find(({ id }) => id === message_id);
          const { seq } = held ?? (await client.call('message:get', { id: message_id }));
          // They may have gone elsewhere meanwhile.
          if (route.get().conversation_id !== chat.id) return;
          // Back leads to where they came from.
          route.replace({ conversation_id: chat.id, seq: from_seq });
          route.go({ conversation_id: chat.id, seq });
        } catch (error) {
          notices.fail(error);
        }
      },
    }),
    [client, route, notices, dialogs, list, words, chat, me, kind, target, writeTo],
  );

  const { messages = none, hasOlder = false } = window ?? {};
  const days = useMemo(
    () => rowsOf(messages, pending, { me: me.id, after: newLine.after, hasOlder, dates: words.dates }),
    [messages, hasOlder, pending, me.id, newLine.after, words],
  );

  return (
    <div class="timeline-frame">
      <section
        ref={scroller}
        aria-label={words.t('timeline.messages')}
        class={kind === 'direct' ? 'timeline direct' : 'timeline'}
        onScroll={() => {
          place.scrolled(window?.hasNewer !== true);
          moved();
        }}
        {...roving}
      >
        <div ref={content} class={days.length === 0 ? 'timeline-content bare' : 'timeline-content'}>
          {window?.hasOlder && <EndRow end="older" paging={paging} />}
          {window && !window.hasOlder && <Beginning chat={chat} isEmpty={days.length === 0} />}
          {!window && opening.error === undefined && paging.isOnline && <Loading />}
          {!window && (opening.error !== undefined || !paging.isOnline) && (
            <NotLoaded error={opening.error} isOnline={paging.isOnline} onTryAgain={opening.tryAgain} />
          )}
          {days.map(day => (
            <DaySection key={day.key} day={day} kit={kit} tickOf={tickOf} flashed={flashed} />
          ))}
          {window?.hasNewer && <EndRow end="newer" paging={paging} />}
        </div>
      </section>
      <JumpButton
        chat={chat}
        isAway={isAway}
        onJump={() => {
          newLine.renew();
          toLatest();
        }}
      />
      <Announcer chat={chat} me={me} />
    </div>
  );
};
