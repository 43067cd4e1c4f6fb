import type { Ban } from 'parley/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { useNamed } from '../app/use-named.ts';
import { nameOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { Person } from './person.tsx';

/** Who is kept out of a conversation, for those who can let them in again. Nothing where nobody is. */
export const Banned = ({ conversation_id }: { conversation_id: string }) => {
  const { client, notices } = useApp();
  const words = useWords();
  const { t } = words;
  const { bans, next, load } = useBans(conversation_id);
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
      {next !== undefined && (
        <button type="button" class="button small members-more" onClick={() => load(next)}>
          {t('people.showMore')}
        </button>
      )}
    </section>
  );
};

/** Asked anew whenever somebody is banned or let in again, and after each connect. */
const useBans = (conversation_id: string) => {
  const { client } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const [shown, setShown] = useState<{ bans: readonly Ban[]; next: string | undefined }>({ bans: [], next: undefined });

  /** Answers that were overtaken by another question are dropped. */
  const asked = useRef(0);
  const load = async (after?: string) => {
    asked.current += 1;
    const mine = asked.current;
    try {
      const page = await client.call('conversation:bans', { conversation_id, ...(after !== undefined && { after }) });
      if (mine !== asked.current) return;
      setShown(before => ({
        bans: after === undefined ? page.items : [...before.bans, ...page.items],
        next: page.next,
      }));
    } catch (error) {
      // What is there stays; the next event or connect asks again.
      console.warn('The bans could not be loaded:', error);
    }
  };

  useEffect(() => {
    if (isOnline) void load();
    return client.on('event', event => {
      const isNews = event.kind === 'banned' || event.kind === 'unbanned';
      if (isNews && event.conversation_id === conversation_id) void load();
    });
  }, [client, conversation_id, isOnline]);

  return { ...useNamed(shown), load };
};
