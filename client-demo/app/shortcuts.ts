import { useEffect } from 'preact/hooks';
import type { Key } from '../language/words.ts';
import { type App, useApp } from './context.ts';

/** A key, or several with the same meaning, as the list of shortcuts shows them. */
export interface Shortcut {
  readonly keys: readonly string[];
  readonly label: Key;
}

interface Bound extends Shortcut {
  matches(event: KeyboardEvent): boolean;
  run(app: App): void;
}

const plain = ({ ctrlKey, metaKey, altKey }: KeyboardEvent) => !ctrlKey && !metaKey && !altKey;
const alt = ({ ctrlKey, metaKey, altKey }: KeyboardEvent) => altKey && !ctrlKey && !metaKey;

/** Opens the conversation so many places below the open one in the list. */
const step = ({ client, route }: App, by: number) => {
  const all = client.conversations.get();
  const at = all.findIndex(({ id }) => id === route.get().conversation_id);
  const next = all[at < 0 ? 0 : (at + by + all.length) % all.length];
  if (next) route.go({ conversation_id: next.id });
};

/** From anywhere on the page; single letters not while somebody writes. */
export const shortcuts: readonly Bound[] = [
  {
    keys: ['?'],
    label: 'settings.shortcutHelp',
    matches: event => event.key === '?' && plain(event) && !isWriting(event),
    run: ({ dialogs }) => dialogs.open({ name: 'shortcuts' }),
  },
  {
    keys: ['/', 'Ctrl K'],
    label: 'settings.shortcutSearch',
    matches: event =>
      (event.key === '/' && plain(event) && !isWriting(event)) ||
      (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey),
    run: () => document.querySelector<HTMLElement>('.search-field input')?.focus(),
  },
  {
    keys: ['Alt ↓'],
    label: 'settings.shortcutNext',
    matches: event => event.key === 'ArrowDown' && alt(event),
    run: app => step(app, 1),
  },
  {
    keys: ['Alt ↑'],
    label: 'settings.shortcutPrevious',
    matches: event => event.key === 'ArrowUp' && alt(event),
    run: app => step(app, -1),
  },
  {
    keys: ['Alt N'],
    label: 'settings.shortcutNew',
    // By its place on the keyboard: with Alt the letter may be another one.
    matches: event => event.code === 'KeyN' && alt(event),
    run: ({ dialogs }) => dialogs.open({ name: 'find-people' }),
  },
  {
    keys: ['Alt M'],
    label: 'settings.shortcutMembers',
    matches: event => event.code === 'KeyM' && alt(event),
    run: ({ route }) => {
      const { conversation_id, panel } = route.get();
      if (conversation_id !== undefined) route.go(panel ? { conversation_id } : { conversation_id, panel: 'members' });
    },
  },
];

const isWriting = ({ target }: KeyboardEvent) =>
  target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;

export const useShortcuts = () => {
  const app = useApp();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return;
      const shortcut = shortcuts.find(({ matches }) => matches(event));
      if (!shortcut) return;
      event.preventDefault();
      shortcut.run(app);
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [app]);
};
