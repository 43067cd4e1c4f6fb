import type { Summary, User } from 'parley/client';
import { useWords } from '../app/context.ts';
import { useWriteTo } from '../people/use-write-to.ts';
import { PersonAvatar } from '../ui/avatar.tsx';
import { nameOf } from '../ui/names.ts';
import { type Ask, typingMs, usePages } from '../ui/use-pages.ts';
import { FoundGroup } from './found-group.tsx';
import { FoundRow } from './found-row.tsx';

const ask: Ask<User> = (client, q, after) => client.call('user:search', { q, limit: 5, ...(after && { after }) });

/** People to write to, but for those whose conversation was found already. */
export const FoundPeople = ({
  query,
  me,
  own,
  onDone,
}: {
  query: string;
  me: User;
  own: readonly Summary[];
  onDone: () => void;
}) => {
  const writeTo = useWriteTo();
  const words = useWords();
  const { t } = words;
  const pages = usePages(query, ask, typingMs);
  const known = new Set([me.id, ...own.map(({ peer }) => peer?.id)]);
  return (
    <FoundGroup
      title={t('sidebar.people')}
      nothing={t(own.some(({ kind }) => kind === 'direct') ? 'sidebar.noMorePeople' : 'sidebar.noPeople')}
      items={(pages.items ?? []).filter(({ id }) => !known.has(id))}
      pages={pages}
    >
      {user => (
        <FoundRow
          key={user.id}
          avatar={<PersonAvatar user={user} />}
          title={nameOf(user, words)}
          onOpen={() => void writeTo(user, onDone)}
        >
          <span class="sidebar-line">
            <span class="sidebar-line-text">{t('sidebar.username', { username: user.username })}</span>
          </span>
        </FoundRow>
      )}
    </FoundGroup>
  );
};
