import { CircleAlert } from 'lucide';
import { Icon } from '../ui/icon.tsx';
import { useWords } from './context.ts';

/** Instead of an empty page, where drawing it failed: the console has the cause, and nothing that was written is lost. */
export const Broken = () => {
  const { t } = useWords();
  return (
    <main class="broken">
      <div class="empty" role="alert">
        <Icon of={CircleAlert} />
        <h1>{t('app.brokenTitle')}</h1>
        <p>{t('app.brokenText')}</p>
        <button type="button" class="button primary" onClick={() => location.reload()}>
          {t('app.reload')}
        </button>
      </div>
    </main>
  );
};
