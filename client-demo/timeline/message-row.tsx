import type { Message } from 'parley/client';
import { useRef, useState } from 'preact/hooks';
import { Avatar } from '../ui/avatar.tsx';
import { memo } from '../ui/memo.tsx';
import { nameOf } from '../ui/names.ts';
import type { Kit } from './kit.ts';
import { actionsOf } from './message-actions.ts';
import { MessagePopover, type Opened } from './message-popover.tsx';
import { Meta, spaceFor } from './meta.tsx';
import { countEmoji } from './parse-text.ts';
import { Quote } from './quote.tsx';
import { Reactions } from './reactions.tsx';
import { RichText } from './rich-text.tsx';
import { Toolbar } from './toolbar.tsx';
import type { Tick } from './use-ticks.ts';
import './message-row.css';

/** One message, with what can be done to it: by pointer, by touch, and by keys while it has the focus. */
export const MessageRow = memo(
  ({
    kit,
    message,
    rowKey,
    isFirst,
    isFlashed,
    tick,
  }: {
    kit: Kit;
    message: Message;
    rowKey: string;
    /** Of those of its author that stand together. */
    isFirst: boolean;
    isFlashed: boolean;
    /** Of messages of one's own. */
    tick: Tick | undefined;
  }) => {
    const { words, me, kind } = kit;
    const { t } = words;
    const row = useRef<HTMLLIElement>(null);
    const bubble = useRef<HTMLDivElement>(null);
    const pointer = useRef('');
    const [isPointed, setPointed] = useState(false);
    const [isFocused, setFocused] = useState(false);
    const [opened, setOpened] = useState<Opened>();
    const isMine = message.from.id === me.id;
    const name = nameOf(message.from, words);
    const emoji = message.unsent || message.reply_preview ? 0 : countEmoji(message.message);

    const open = (what: Opened['what'], beside: Element | null) => {
      if (beside && !message.unsent) setOpened({ what, beside });
    };
    const close = () => {
      setOpened(undefined);
      row.current?.focus({ preventScroll: true });
    };

    const onKeyDown = (event: KeyboardEvent) => {
      if (event.target !== row.current || event.ctrlKey || event.metaKey || event.altKey) return;
      const actions = actionsOf(kit, message);
      const run = {
        Enter: () => open('menu', bubble.current),
        '+': actions.canReact ? () => open('react', bubble.current) : undefined,
        r: actions.reply,
        e: actions.edit,
        c: actions.copy,
        Delete: actions.unsend,
      }[event.key];
      if (!run) return;
      event.preventDefault();
      run();
    };

    /** Fingers have no hover: a tap opens what the pointer finds beside the message. */
    const onTap = ({ target }: Event) => {
      if (pointer.current !== 'touch' || !getSelection()?.isCollapsed) return;
      const touched = (target as Element).closest('a, button, .bubble');
      if (touched === bubble.current) open('menu', bubble.current);
    };

    const classes = [
      'message',
      isMine ? 'mine' : 'theirs',
      isFirst && 'first',
      emoji > 0 && 'emoji-only',
      isFlashed && 'flashed',
      message.unsent && 'unsent',
    ];
    return (
      <li
        ref={row}
        class={classes.filter(Boolean).join(' ')}
        data-key={rowKey}
        data-seq={message.seq}
        data-id={message.id}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        onClick={onTap}
        onPointerDown={({ pointerType }) => {
          pointer.current = pointerType;
        }}
        onPointerEnter={({ pointerType }) => pointerType !== 'touch' && setPointed(true)}
        onPointerLeave={() => setPointed(false)}
        onFocusIn={({ target }) => (target as Element).matches(':focus-visible') && setFocused(true)}
        onFocusOut={({ relatedTarget }) => !row.current?.contains(relatedTarget as Node | null) && setFocused(false)}
      >
        {!isMine && kind !== 'direct' && (
          <span class="message-author">{isFirst && <Avatar id={message.from.id} name={name} size="small" />}</span>
        )}
        <div class="message-main">
          {isFirst && !isMine && kind !== 'direct' && (
            <p class="message-name" title={message.from.username && `@${message.from.username}`}>
              <bdi>{name}</bdi>
            </p>
          )}
          <div ref={bubble} class="bubble">
            {message.reply_preview && !message.unsent && (
              <Quote kit={kit} preview={message.reply_preview} seq={message.seq} />
            )}
            <div class="bubble-body" dir="auto">
              <div class="message-text" data-space={spaceFor(words, message)}>
                {message.unsent ? <em>{t('timeline.takenBack')}</em> : <RichText kit={kit} message={message} />}
              </div>
              <Meta words={words} message={message} tick={message.unsent ? undefined : tick} />
            </div>
            {(isPointed || isFocused || opened) && !message.unsent && (
              <Toolbar kit={kit} message={message} onOpen={open} />
            )}
          </div>
          {message.reactions.length > 0 && !message.unsent && <Reactions kit={kit} message={message} />}
        </div>
        {opened && <MessagePopover kit={kit} message={message} opened={opened} onOpen={open} onClose={close} />}
      </li>
    );
  },
);
