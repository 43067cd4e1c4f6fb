import { SmilePlus } from 'lucide';
import type { TargetedEvent, TargetedKeyboardEvent } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useWords } from '../app/context.ts';
import type { Key } from '../language/words.ts';
import { Icon } from '../ui/icon.tsx';
import { createKept } from '../ui/kept.ts';
import { place } from '../ui/menu.tsx';
import { findEmoji, useEmoji } from './emoji-data.ts';
import { AllEmoji, GroupButtons, groups } from './emoji-groups.tsx';
import { moveInGrid } from './emoji-keys.ts';
import { EmojiSection } from './emoji-section.tsx';
import './emoji-picker.css';

const maxRecent = 16;
const isPhone = () => matchMedia('(width < 48rem)').matches;

/**
 * Every emoji, to find by its name in the person's language; beside an element, a sheet on phones. Closes by itself after the choice;
 * the focus is back where it was when `onPick` is called.
 */
export const EmojiPicker = ({
  onPick,
  onClose,
  beside,
}: {
  onPick: (emoji: string) => void;
  onClose: () => void;
  beside: Element;
}) => {
  const { t, language } = useWords();
  const { emoji, hasFailed, retry } = useEmoji(language);
  const [query, setQuery] = useState('');
  const kept = useMemo(() => createKept<string[]>('parley.emoji'), []);
  const recent = useMemo(() => {
    const byEmoji = new Map(emoji?.map(each => [each.emoji, each]));
    return (kept.read() ?? []).flatMap(each => byEmoji.get(each) ?? []);
  }, [emoji, kept]);
  const byGroup = useMemo(() => groups.map(({ group }) => emoji?.filter(each => each.group === group) ?? []), [emoji]);
  const found = useMemo(() => (emoji && query.trim() ? findEmoji(emoji, query) : undefined), [emoji, query]);

  const picker = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const before = useRef(document.activeElement);

  const leave = () => {
    if (before.current instanceof HTMLElement) before.current.focus();
    onClose();
  };
  const pick = (chosen: string) => {
    kept.write([chosen, ...(kept.read() ?? []).filter(each => each !== chosen)].slice(0, maxRecent));
    leave();
    onPick(chosen);
  };
  const onEmoji = (event: TargetedEvent<HTMLButtonElement>) => pick(event.currentTarget.value);

  useLayoutEffect(() => {
    const element = picker.current;
    if (!element) return;
    // In the top layer: neither cut off by what scrolls nor under a dialog.
    element.showPopover();
    const put = () => {
      if (!isPhone()) return place(element, beside);
      element.style.left = '';
      element.style.top = '';
    };
    put();
    // Where the keyboard is on the screen, it would hide what there is to choose.
    (matchMedia('(pointer: coarse)').matches ? element : search.current)?.focus();
    addEventListener('resize', put);
    return () => removeEventListener('resize', put);
  }, [beside]);

  useEffect(() => {
    const onPointer = ({ target }: Event) => {
      const node = target as Node;
      if (!picker.current?.contains(node) && !beside.contains(node)) onClose();
    };
    addEventListener('pointerdown', onPointer, true);
    return () => removeEventListener('pointerdown', onPointer, true);
  }, [beside, onClose]);

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    if (event.isComposing) return;
    const first = found?.[0];
    if (event.key === 'Escape') leave();
    else if (event.target === search.current && event.key === 'Enter' && first) pick(first.emoji);
    else if (!moveInGrid(event.currentTarget, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  const jump = (name: Key) =>
    picker.current?.querySelector(`[data-section="${name}"]`)?.scrollIntoView({ block: 'start' });

  return (
    <div
      ref={picker}
      class="emoji-picker"
      role="dialog"
      tabIndex={-1}
      popover="manual"
      aria-label={t('composer.emoji')}
      onKeyDown={onKeyDown}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        const isElsewhere =
          relatedTarget instanceof Node && ![currentTarget, beside].some(e => e.contains(relatedTarget));
        if (isElsewhere) onClose();
      }}
    >
      <input
        ref={search}
        type="search"
        class="input emoji-search"
        dir="auto"
        value={query}
        placeholder={t('composer.emojiSearch')}
        aria-label={t('composer.emojiSearch')}
        autoComplete="off"
        onInput={event => {
          setQuery(event.currentTarget.value);
          picker.current?.querySelector('.emoji-list')?.scrollTo(0, 0);
        }}
      />
      <p class="unseen" role="status">
        {found && t('composer.emojiFound', { count: found.length })}
      </p>
      <div class="emoji-list">
        {hasFailed ? (
          <div class="empty">
            <Icon of={SmilePlus} />
            <p>{t('composer.emojiFailed')}</p>
            <button type="button" class="button" onClick={retry}>
              {t('app.tryAgain')}
            </button>
          </div>
        ) : !emoji ? (
          <p class="emoji-hint">{t('app.loading')}</p>
        ) : found ? (
          found.length > 0 ? (
            <EmojiSection name={t('composer.emojiResults')} emoji={found} onEmoji={onEmoji} />
          ) : (
            <p class="emoji-hint">{t('composer.emojiNone')}</p>
          )
        ) : (
          <AllEmoji recent={recent} byGroup={byGroup} onEmoji={onEmoji} />
        )}
      </div>
      {emoji && !found && <GroupButtons hasRecent={recent.length > 0} onJump={jump} />}
    </div>
  );
};
