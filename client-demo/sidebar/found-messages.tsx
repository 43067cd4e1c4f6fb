import type { Hit } from 'parley/client';
import { useMemo } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { Avatar } from '../ui/avatar.tsx';
import { nameOf, titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { FoundGroup } from './found-group.tsx';
import { FoundRow } from './found-row.tsx';
import { snippetOf } from './snippet.ts';
import { type Ask, useLookup } from './use-lookup.ts';

const ask: Ask<Hit> = (client, q, after) => client.call('message:search', { q, limit: 10, ...(after && { after }) });

/** Messages of all conversations. The search stays open, as one may look at several of them. */
export const FoundMessages = ({ query }: { query: string }) => {
  const { client, route } = useApp();
  const words = useWords();
  const { t, dates } = words;
  const lookup = useLookup(query, ask);
  const all = useObservable(client.conversations);
  const titles = useMemo(() => new Map(all.map(summary => [summary.id, titleOf(summary, words)])), [all, words]);
  return (
    <FoundGroup title={t('sidebar.messages')} nothing={t('sidebar.noMessages')} items={lookup.items} state={lookup}>
      {({ id, conversation_id, seq, from, date, highlight }) => (
        <FoundRow
          key={id}
          avatar={<Avatar id={from.id} name={nameOf(from, words)} />}
          title={titles.get(conversation_id) ?? ''}
          time={
            <time class="sidebar-row-time" dateTime={date}>
              {dates.short(date)}
            </time>
          }
          isTall
          onOpen={() => route.go({ conversation_id, seq })}
        >
          <span class="sidebar-snippet" dir="auto">
            <span class="sidebar-line-who">
              {words.parts('sidebar.who', { name: <bdi>{nameOf(from, words)}</bdi> })}
            </span>{' '}
            {snippetOf(highlight).map(({ text, match }, at) => (match ? <mark key={at}>{text}</mark> : text))}
          </span>
        </FoundRow>
      )}
    </FoundGroup>
  );
};
