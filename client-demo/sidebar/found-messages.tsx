import type { Hit, Summary, User } from 'parley/client';
import { useMemo } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { Avatar } from '../ui/avatar.tsx';
import { nameOf, titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { type Ask, typingMs, usePages } from '../ui/use-pages.ts';
import { FoundGroup } from './found-group.tsx';
import { FoundRow } from './found-row.tsx';
import { snippetOf } from './snippet.ts';

const ask: Ask<Hit> = (client, q, after) => client.call('message:search', { q, limit: 10, ...(after && { after }) });

/** Messages of all conversations. The search stays open, as one may look at several of them. */
export const FoundMessages = ({ query, me }: { query: string; me: User }) => {
  const { client, route } = useApp();
  const words = useWords();
  const { t, dates } = words;
  const pages = usePages(query, ask, typingMs);
  const all = useObservable(client.conversations);
  const known = useMemo(() => new Map(all.map(summary => [summary.id, summary])), [all]);
  const whoWrote = ({ from, conversation_id }: Hit) => {
    if (from.id === me.id) return t('app.you');
    // The title says it.
    return known.get(conversation_id)?.kind === 'direct' ? undefined : nameOf(from, words);
  };
  const titleFor = (summary: Summary | undefined) => (summary ? titleOf(summary, words) : '');
  return (
    <FoundGroup title={t('sidebar.messages')} nothing={t('sidebar.noMessages')} items={pages.items ?? []} pages={pages}>
      {hit => {
        const { id, conversation_id, seq, from, date, highlight } = hit;
        const who = whoWrote(hit);
        return (
          <FoundRow
            key={id}
            avatar={<Avatar id={from.id} name={nameOf(from, words)} />}
            title={titleFor(known.get(conversation_id))}
            time={
              <time class="sidebar-row-time" dateTime={date}>
                {dates.short(date)}
              </time>
            }
            isTall
            onOpen={() => route.go({ conversation_id, seq })}
          >
            <span class="sidebar-snippet" dir="auto">
              {who && words.parts('sidebar.whoBefore', { name: <bdi>{who}</bdi> })}
              {snippetOf(highlight).map(({ text, match }, at) => (match ? <mark key={at}>{text}</mark> : text))}
            </span>
          </FoundRow>
        );
      }}
    </FoundGroup>
  );
};
