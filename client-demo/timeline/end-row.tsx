import { useWords } from '../app/context.ts';
import type { End, usePaging } from './use-paging.ts';

/** At an end of what is held: more is on its way, or why not. */
export const EndRow = ({ end, paging }: { end: End; paging: ReturnType<typeof usePaging> }) => {
  const { t } = useWords();
  if (!paging.isOnline) return <p class="timeline-end">{t('timeline.moreOffline')}</p>;
  if (paging.failed !== end)
    return (
      <p class="timeline-end">
        <span class="timeline-spinner" aria-hidden="true" />
        <span class="unseen">{t('timeline.loadingMore')}</span>
      </p>
    );
  return (
    <p class="timeline-end" role="alert">
      {t('timeline.moreFailed')}
      <button type="button" class="link-button" onClick={() => void paging.retry(end)}>
        {t('app.tryAgain')}
      </button>
    </p>
  );
};
