import type { Ban } from 'parley/client';
import { useEffect } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { nameOf } from '../ui/names.ts';
import { type Ask, usePages } from '../ui/use-pages.ts';
import { Person } from './person.tsx';

/** Who is kept out of a conversation, for those who can let them in again. Nothing where nobody is. */
export const Banned = ({ conversation_id }: { conversation_id: string }) => {
  const { client, notices } = useApp();
  const words = useWords();
  const { t } = words;
  const { bans, hasMore, loadMore } = useBans(conversation_id);
  if (bans.length === 0) return null;
  const unban = (user_id: string) =>
    client.call('conversation:unban', { conversation_id, user_id }).catch(notices.fail);
  return (
    <section class="members-section">
      <h3 class="members-title">{t('people.banned')}</h3>
      <ul class="members-list">
        {bans.map(({ user }) => (
          <li key={user.id} class="members-row">
            <Person user={user} />
            <button
              type="button"
              class="button small"
              aria-label={t('people.unbanNamed', { name: nameOf(user, words) })}
              onClick={() => unban(user.id)}
            >
              {t('people.unban')}
            </button>
          </li>
        ))}
      </ul>
      {hasMore && (
        <button type="button" class="button small members-more" onClick={loadMore}>
          {t('people.showMore')}
        </button>
      )}
    </section>
  );
};

const ask: Ask<Ban> = (client, conversation_id, after) =>
  client.call('conversation:bans', { conversation_id, ...(after !== undefined && { after }) });

/** Asked anew whenever somebody is banned or let in again. Where there is no answer, the next of these or the next connection asks. */
const useBans = (conversation_id: string) => {
  const { client } = useApp();
  const { items, isStale, hasMore, loadMore, again } = usePages(conversation_id, ask);
  useEffect(
    () =>
      client.on('event', event => {
        const isNews = event.kind === 'banned' || event.kind === 'unbanned';
        if (isNews && event.conversation_id === conversation_id) void again();
      }),
    [client, conversation_id],
  );
  return { bans: (!isStale && items) || [], hasMore, loadMore };
};
