import type { User } from 'parley/client';
import { useWords } from '../app/context.ts';
import { FoundConversations, useOwn } from './found-conversations.tsx';
import { FoundMessages } from './found-messages.tsx';
import { FoundPeople } from './found-people.tsx';
import { FoundRooms } from './found-rooms.tsx';
import { focusSearch, moveBetweenRows } from './keys.ts';
import './search-results.css';

/** Everything that fits a text: the person's own conversations at once, and what the server finds. */
export const SearchResults = ({ query, me, onDone }: { query: string; me: User; onDone: () => void }) => {
  const { t } = useWords();
  const own = useOwn(query);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return moveBetweenRows(event);
    event.preventDefault();
    focusSearch(event.currentTarget as Element);
    onDone();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the buttons in it
    <div class="sidebar-scroll search-results" onKeyDown={onKeyDown}>
      <p class="unseen" role="status">
        {t('sidebar.foundConversations', { count: own.length })}
      </p>
      <FoundConversations key={query} own={own} onDone={onDone} />
      <FoundPeople query={query} me={me} own={own} onDone={onDone} />
      <FoundMessages query={query} me={me} />
      <FoundRooms query={query} onDone={onDone} />
    </div>
  );
};
