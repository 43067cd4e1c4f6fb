import type { User } from 'parley/client';
import { useState } from 'preact/hooks';
import { useWords } from '../app/context.ts';
import { ConversationList } from './conversation-list.tsx';
import { Head } from './head.tsx';
import { SearchField } from './search-field.tsx';
import { SearchResults } from './search-results.tsx';
import './sidebar.css';

/** What there is to read, and the ways to more of it: the person's conversations, the search, and what a person may do. */
export const Sidebar = ({ me }: { me: User }) => {
  const { t } = useWords();
  const [text, setText] = useState('');
  const query = text.trim();
  return (
    <nav class="sidebar" aria-label={t('sidebar.label')}>
      <Head me={me} />
      <SearchField text={text} onText={setText} />
      {query ? <SearchResults query={query} me={me} onDone={() => setText('')} /> : <ConversationList me={me} />}
    </nav>
  );
};
