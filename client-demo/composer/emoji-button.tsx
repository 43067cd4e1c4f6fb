import { Smile } from 'lucide';
import { useRef, useState } from 'preact/hooks';
import { useWords } from '../app/context.ts';
import { Icon } from '../ui/icon.tsx';
import { EmojiPicker } from './emoji-picker.tsx';

/** Opens the emoji beside the text field. */
export const EmojiButton = ({ onPick }: { onPick: (emoji: string) => void }) => {
  const { t } = useWords();
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        ref={button}
        type="button"
        class="icon-button"
        aria-label={t('composer.emoji')}
        title={t('composer.emoji')}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon of={Smile} />
      </button>
      {isOpen && button.current && (
        <EmojiPicker beside={button.current} onPick={onPick} onClose={() => setOpen(false)} />
      )}
    </>
  );
};
