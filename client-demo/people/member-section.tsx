import type { Member, Role, Summary } from 'parley/client';
import { useMemo, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import type { Standing } from '../rooms/may.ts';
import { nameOf } from '../ui/names.ts';
import { SearchInput } from '../ui/search-input.tsx';
import { useObservable } from '../ui/state.ts';
import { MemberRow } from './member-row.tsx';
import { useMembers } from './use-members.ts';

const searchableFrom = 20;
const shownAtOnce = 100;
const order: Record<Role, number> = { owner: 0, admin: 1, member: 2 };

/** Who is in a conversation: its owners and admins first, then by name. */
export const MemberSection = ({ summary, mine }: { summary: Summary; mine: Standing }) => {
  const { client } = useApp();
  const words = useWords();
  const { t, language } = words;
  const { members, hasMore, loadMore } = useMembers(summary.id);
  const isOnline = useObservable(client.connection).status === 'online';
  const [written, setWritten] = useState('');
  const [atMost, setAtMost] = useState(shownAtOnce);

  const all = useMemo(() => {
    const { compare } = new Intl.Collator(language);
    const byName = (a: Member, b: Member) =>
      order[a.role] - order[b.role] || compare(nameOf(a.user, words), nameOf(b.user, words));
    return [...(members ?? [])].sort(byName);
  }, [members, words, language]);
  const wanted = written.trim().toLocaleLowerCase();
  const found = all.filter(({ user }) =>
    [user.username, user.full_name].some(name => name.toLocaleLowerCase().includes(wanted)),
  );
  const owners = all.filter(({ role }) => role === 'owner').length;

  const showMore = () => {
    setAtMost(atMost + shownAtOnce);
    if (found.length < atMost + shownAtOnce) loadMore();
  };

  return (
    <section class="members-section">
      <h3 class="members-title">
        {members
          ? t(hasMore ? 'people.membersAtLeast' : 'people.memberCount', { count: all.length })
          : t('people.members')}
      </h3>
      {summary.kind === 'lobby' && <p class="members-hint">{t('people.everybody')}</p>}
      {all.length > searchableFrom && (
        <div class="members-search">
          <SearchInput
            label={t('people.searchWithin')}
            value={written}
            onValue={setWritten}
            placeholder={t('people.searchWithin')}
          />
        </div>
      )}
      {!members && <p class="members-hint">{t(isOnline ? 'app.loading' : 'people.membersOffline')}</p>}
      {found.length > 0 && (
        <ul class="members-list">
          {found.slice(0, atMost).map(member => (
            <MemberRow key={member.user.id} conversation_id={summary.id} member={member} mine={mine} owners={owners} />
          ))}
        </ul>
      )}
      {members && found.length === 0 && (
        <p class="members-hint">{t('people.nobodyWithin', { text: written.trim() })}</p>
      )}
      {(hasMore || found.length > atMost) && (
        <button type="button" class="button small members-more" onClick={showMore}>
          {t('people.showMore')}
        </button>
      )}
    </section>
  );
};
