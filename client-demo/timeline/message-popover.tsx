import { Plus } from 'lucide';
import type { Message } from 'parley/client';
import { EmojiPicker } from '../composer/emoji-picker.tsx';
import { Icon } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import type { Kit } from './kit.ts';
import { actionsOf } from './message-actions.ts';

/** What was opened for a message, and beside what. */
export interface Opened {
  readonly what: 'menu' | 'react' | 'picker';
  readonly beside: Element;
}

const quick = ['👍', '❤️', '😂', '🎉', '😮', '😢'];

/** The actions of a message, the emoji for it, or both. */
export const MessagePopover = ({
  kit,
  message,
  opened: { what, beside },
  onOpen,
  onClose,
}: {
  kit: Kit;
  message: Message;
  opened: Opened;
  onOpen: (what: Opened['what'], beside: Element) => void;
  onClose: () => void;
}) => {
  const { t } = kit.words;
  const { canReact, react, items } = actionsOf(kit, message);
  if (what === 'picker') return <EmojiPicker beside={beside} onPick={emoji => void react(emoji)} onClose={onClose} />;
  const isMine = (emoji: string) => message.reactions.some(reaction => reaction.emoji === emoji && reaction.me);
  return (
    <Menu
      label={t(what === 'react' ? 'timeline.react' : 'timeline.actions')}
      items={what === 'react' ? [] : items}
      beside={beside}
      onClose={onClose}
      head={
        canReact && (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset is nothing that a menu may have
          <div class="quick-emoji" role="group" aria-label={t('timeline.react')}>
            {quick.map(emoji => (
              <button
                key={emoji}
                type="button"
                role="menuitemcheckbox"
                aria-checked={isMine(emoji)}
                tabIndex={-1}
                aria-label={t('timeline.reactWith', { emoji })}
                onClick={() => {
                  onClose();
                  void react(emoji);
                }}
              >
                {emoji}
              </button>
            ))}
            <button
              type="button"
              role="menuitem"
              tabIndex={-1}
              aria-label={t('timeline.moreEmoji')}
              title={t('timeline.moreEmoji')}
              onClick={() => onOpen('picker', beside)}
            >
              <Icon of={Plus} />
            </button>
          </div>
        )
      }
    />
  );
};
