import { useApp, useWords } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';
import { Badge } from './badge.tsx';

export type Filter = 'all' | 'unread';

/** Which conversations are listed. */
export const Filters = ({ filter, onFilter }: { filter: Filter; onFilter: (filter: Filter) => void }) => {
  const { client } = useApp();
  const { t } = useWords();
  const count = useObservable(client.conversations).filter(({ unread }) => unread > 0).length;
  return (
    <fieldset class="sidebar-filters" aria-label={t('sidebar.filter')}>
      <button type="button" class="sidebar-chip" aria-pressed={filter === 'all'} onClick={() => onFilter('all')}>
        {t('sidebar.all')}
      </button>
      <button type="button" class="sidebar-chip" aria-pressed={filter === 'unread'} onClick={() => onFilter('unread')}>
        {t('sidebar.unread')}
        {count > 0 && <Badge count={count} />}
      </button>
    </fieldset>
  );
};
