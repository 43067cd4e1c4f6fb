import { Search, X } from 'lucide';
import { useRef } from 'preact/hooks';
import { useWords } from '../app/context.ts';
import { Icon } from '../ui/icon.tsx';
import { focusFirst, openFirst } from './keys.ts';

/** Finds conversations, people, messages and rooms. Arrow down goes into what was found, Escape back to the list. */
export const SearchField = ({ text, onText }: { text: string; onText: (text: string) => void }) => {
  const { t } = useWords();
  const input = useRef<HTMLInputElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const sidebar = input.current?.closest('.sidebar');
    if (event.key === 'Escape') {
      onText('');
      input.current?.blur();
    } else if (event.key === 'ArrowDown' && !event.altKey && sidebar) focusFirst(sidebar);
    else if (event.key === 'Enter' && text.trim() && sidebar) openFirst(sidebar);
    else return;
    event.preventDefault();
  };
  return (
    <search class="search-field">
      <Icon of={Search} />
      <input
        ref={input}
        type="search"
        dir="auto"
        value={text}
        maxLength={80}
        placeholder={t('sidebar.search')}
        aria-label={t('sidebar.searchLabel')}
        autoComplete="off"
        spellcheck={false}
        enterKeyHint="search"
        onInput={event => onText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {text && (
        <button
          type="button"
          class="icon-button search-clear"
          aria-label={t('sidebar.clearSearch')}
          title={t('sidebar.clearSearch')}
          onClick={() => {
            onText('');
            input.current?.focus();
          }}
        >
          <Icon of={X} />
        </button>
      )}
    </search>
  );
};
