import { useWords } from '../app/context.ts';

const most = 99;

/** How many are unread, no wider than three characters. Its meaning is said by the label beside it. */
export const Badge = ({ count }: { count: number }) => {
  const { t } = useWords();
  return (
    <span class="sidebar-badge" aria-hidden="true">
      {count > most ? t('sidebar.manyUnread', { most }) : count}
    </span>
  );
};
