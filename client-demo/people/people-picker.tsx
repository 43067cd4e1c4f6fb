import { Check } from 'lucide';
import type { User } from 'parley/client';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import { Icon } from '../ui/icon.tsx';
import { SearchInput } from '../ui/search-input.tsx';
import { useObservable } from '../ui/state.ts';
import { Person } from './person.tsx';
import { useKnownPeople } from './use-known-people.ts';
import { usePeopleSearch } from './use-people-search.ts';
import './people-picker.css';

/**
 * Finds people by the beginning of their name: a field, and below it who was found, for arrow keys and Enter or the pointer. Before
 * anything is written, and without a connection, it offers those one has written with.
 */
export const PeoplePicker = ({
  label,
  onPick,
  chosen,
  noteOf = () => undefined,
  onErase,
  autofocus,
}: {
  label: string;
  onPick: (user: User) => void;
  /** Where several can be chosen: those who are. */
  chosen?: readonly User[];
  /** Why somebody cannot be chosen. */
  noteOf?: (user: User) => string | undefined;
  /** Backspace in the empty field. */
  onErase?: () => void;
  /** Where a dialog begins with it. */
  autofocus?: boolean;
}) => {
  const me = useObservable(useApp().client.user);
  const words = useWords();
  const { t } = words;
  const id = useId();
  const [written, setWritten] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const { text, people, hasMore, error } = usePeopleSearch(written);
  const known = useKnownPeople(text);
  const isKnown = text === '' || error !== undefined;
  const offered = (isKnown ? known : (people ?? [])).filter(user => user.id !== me?.id);
  const active = offered[Math.min(at, offered.length - 1)];
  // Where several are chosen, Enter after the last one chooses nobody more.
  const first = chosen && text === '' ? -1 : 0;
  const isSearching = !isKnown && people === undefined;

  useEffect(() => setAt(first), [text, first]);
  useEffect(() => {
    list.current?.querySelector('.people-option.active')?.scrollIntoView({ block: 'nearest' });
  }, [active?.id]);

  const pick = (user: User) => {
    if (noteOf(user) !== undefined) return;
    if (chosen) setWritten('');
    onPick(user);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const next = { ArrowDown: at + 1, ArrowUp: Math.max(at, 0) - 1 }[event.key];
    if (next !== undefined) setAt((next + offered.length) % Math.max(1, offered.length));
    else if (event.key === 'Enter') {
      if (active) pick(active);
    } else if (event.key === 'Backspace' && written === '' && onErase) onErase();
    else return;
    event.preventDefault();
  };

  const status = error
    ? errorText(words, error)
    : isSearching
      ? t('app.loading')
      : offered.length > 0
        ? hasMore
          ? t('people.moreFound')
          : ''
        : t(text === '' ? 'people.searchHint' : 'people.nobodyFound', { text });
  const optionId = (user: User) => `${id}-${user.id}`;

  return (
    <div class="people-picker">
      <SearchInput
        label={label}
        value={written}
        onValue={setWritten}
        placeholder={t('people.searchPlaceholder')}
        autofocus={autofocus}
        list={{ id: offered.length > 0 ? `${id}-list` : undefined, active: active && optionId(active) }}
        onKeyDown={onKeyDown}
      />
      <div class="people-found">
        {isKnown && offered.length > 0 && <p class="people-caption">{t('people.recent')}</p>}
        {offered.length > 0 && (
          <div ref={list} id={`${id}-list`} class="people-list" role="listbox" aria-label={label}>
            {offered.map((user, position) => {
              const note = noteOf(user);
              const isChosen = chosen?.some(one => one.id === user.id) ?? false;
              return (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's, where the focus stays
                // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field
                <div
                  key={user.id}
                  id={optionId(user)}
                  role="option"
                  class={`people-option ${user === active ? 'active' : ''}`}
                  aria-selected={chosen ? isChosen : user === active}
                  aria-disabled={note !== undefined}
                  // The field keeps the focus.
                  onPointerDown={event => event.preventDefault()}
                  onClick={() => pick(user)}
                  onPointerMove={() => setAt(position)}
                >
                  <Person user={user}>{note && <span class="person-mark">{note}</span>}</Person>
                  {isChosen && <Icon of={Check} class="people-check" />}
                </div>
              );
            })}
          </div>
        )}
        <p class="people-status" role="status">
          {status}
        </p>
      </div>
    </div>
  );
};
