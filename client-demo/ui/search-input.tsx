import { Search } from 'lucide';
import { Icon } from './icon.tsx';
import './search-input.css';

interface SearchInputProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  placeholder?: string;
  /** Where a dialog begins with it. */
  autofocus?: boolean | undefined;
  /** Where its keys choose from a list: that list's id, if it is there, and that of the item they stand on. */
  list?: { readonly id: string | undefined; readonly active: string | undefined };
  onKeyDown?: (event: KeyboardEvent) => void;
}

/** A field to search in. */
export const SearchInput = ({ label, value, onValue, list, ...rest }: SearchInputProps) => (
  <div class="search-input">
    <Icon of={Search} />
    <input
      {...rest}
      {...(list
        ? {
            role: 'combobox',
            'aria-autocomplete': 'list',
            'aria-expanded': list.id !== undefined,
            'aria-controls': list.id,
            'aria-activedescendant': list.active,
          }
        : { role: 'searchbox' })}
      class="input"
      type="text"
      enterKeyHint="search"
      dir="auto"
      value={value}
      maxLength={80}
      aria-label={label}
      autoComplete="off"
      autoCapitalize="none"
      spellcheck={false}
      onInput={event => onValue(event.currentTarget.value)}
    />
  </div>
);
