import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import type { Pages } from '../ui/use-pages.ts';
import { Skeleton } from './skeleton.tsx';

/** One kind of what was found, or why there is nothing of it. */
export const FoundGroup = <T,>({
  title,
  nothing,
  items,
  pages: { isStale, isLoading, error, hasMore, loadMore, again },
  children,
}: {
  title: string;
  /** Said where nothing was found. */
  nothing: string;
  items: readonly T[];
  pages: Pick<Pages<unknown>, 'isStale' | 'isLoading' | 'error' | 'hasMore' | 'loadMore' | 'again'>;
  children: (item: T) => ComponentChildren;
}) => {
  const words = useWords();
  const { t } = words;
  const titleId = useId();
  const isSettled = !isLoading && !hasMore;
  const isOffline = error?.code === 'offline';
  return (
    <section
      class={isSettled && items.length === 0 ? 'found-group is-empty' : 'found-group'}
      aria-labelledby={titleId}
      aria-busy={isLoading}
    >
      <h2 id={titleId}>{title}</h2>
      {items.length > 0 && (
        // What an earlier text found is neither for the mouse nor for Enter.
        <ul class="sidebar-list" inert={isStale}>
          {items.map(children)}
        </ul>
      )}
      {isLoading && items.length === 0 && <Skeleton label={t('app.loading')} rows={1} />}
      {isSettled && items.length === 0 && !error && <p class="found-note">{nothing}</p>}
      {error && (
        <p class="found-note">
          {isOffline ? t('sidebar.searchOffline') : errorText(words, error)}
          <button type="button" class="link-button" onClick={again}>
            {t('app.tryAgain')}
          </button>
        </p>
      )}
      {hasMore && (
        <button type="button" class="found-more" onClick={loadMore}>
          {t('sidebar.showMore')}
        </button>
      )}
    </section>
  );
};
