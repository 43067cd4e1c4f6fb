import { X } from 'lucide';
import { Icon } from '../ui/icon.tsx';
import { useObservable } from '../ui/state.ts';
import { useApp, useWords } from './context.ts';
import './notice-list.css';

/** Said aloud as they come; they go by themselves. */
export const NoticeList = () => {
  const { notices } = useApp();
  const { t } = useWords();
  return (
    <div class="notices" role="status" aria-live="polite">
      {useObservable(notices).map(({ id, text, tone }) => (
        <div key={id} class={`notice ${tone}`}>
          <span class="notice-text">{text}</span>
          <button type="button" class="notice-close" aria-label={t('app.close')} onClick={() => notices.dismiss(id)}>
            <Icon of={X} />
          </button>
        </div>
      ))}
    </div>
  );
};
