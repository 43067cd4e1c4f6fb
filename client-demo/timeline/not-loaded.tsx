import { CloudOff, TriangleAlert } from 'lucide';
import { useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import { Icon } from '../ui/icon.tsx';

/** Messages that are not there yet, in outline. */
export const Loading = () => {
  const { t } = useWords();
  return (
    <div class="timeline-outline" role="status">
      <span class="unseen">{t('timeline.loading')}</span>
      {outline.map((width, at) => (
        <span key={at} class={at % 3 === 2 ? 'mine' : 'theirs'} style={{ inlineSize: `${width}rem` }} />
      ))}
    </div>
  );
};

const outline = [14, 9, 11, 18, 12, 7];

/** Why nothing can be shown, and what to do about it. */
export const NotLoaded = ({
  error,
  isOnline,
  onTryAgain,
}: {
  error: unknown;
  isOnline: boolean;
  onTryAgain: () => void;
}) => {
  const words = useWords();
  const { t } = words;
  if (!isOnline)
    return (
      <div class="empty">
        <Icon of={CloudOff} />
        <h2>{t('timeline.offlineTitle')}</h2>
        <p>{t('timeline.offlineText')}</p>
      </div>
    );
  return (
    <div class="empty" role="alert">
      <Icon of={TriangleAlert} />
      <h2>{t('timeline.loadFailedTitle')}</h2>
      <p>{errorText(words, error)}</p>
      <button type="button" class="button" onClick={onTryAgain}>
        {t('app.tryAgain')}
      </button>
    </div>
  );
};
