import { ChevronDown } from 'lucide';
import type { ChatConversation, Observable } from 'parley/client';
import { useWords } from '../app/context.ts';
import { Icon } from '../ui/icon.tsx';
import { useObservable, useSelected } from '../ui/state.ts';

/** Back to the end, with how much there is that was not seen. */
export const JumpButton = ({
  chat,
  isAway,
  onJump,
}: {
  chat: ChatConversation;
  isAway: Observable<boolean>;
  onJump: () => void;
}) => {
  const { t } = useWords();
  const isShown = useObservable(isAway);
  const count = useSelected(chat.summary, summary => summary?.unread) ?? 0;
  if (!isShown) return null;
  const label = count > 0 ? t('timeline.jumpLatestNew', { count }) : t('timeline.jumpLatest');
  return (
    <button type="button" class="jump-latest" aria-label={label} title={label} onClick={onJump}>
      <Icon of={ChevronDown} />
      {count > 0 && <span class="jump-count">{Math.min(count, 999)}</span>}
    </button>
  );
};
