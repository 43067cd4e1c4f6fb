import { Check, SendHorizontal } from 'lucide';
import type { ChatConversation, Summary, User } from 'parley/client';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import { Icon } from '../ui/icon.tsx';
import { titleOf } from '../ui/names.ts';
import type { State } from '../ui/state.ts';
import { EmojiButton } from './emoji-button.tsx';
import { MentionList } from './mention-list.tsx';
import { Note } from './note.tsx';
import type { Target } from './target.ts';
import { TargetBar } from './target-bar.tsx';
import { cleaned, insertText, isBlank, maxLength } from './text.ts';
import { useMention } from './use-mention.ts';
import { useWriting } from './use-writing.ts';

const hasMouse = () => matchMedia('(hover: hover)').matches;

/** The text field with everything around it. */
export const Writer = ({
  chat,
  me,
  target,
  summary,
}: {
  chat: ChatConversation;
  me: User;
  target: State<Target | undefined>;
  summary: Summary;
}) => {
  const words = useWords();
  const { t } = words;
  const { aim, text, setText, take } = useWriting(chat, target);
  const isEdit = aim?.kind === 'edit';
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const mentions = useMention(field);
  const [isSaving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>();
  const mayGo = !isBlank(text) && cleaned(text).length <= maxLength && !isSaving;

  // As it is drawn, not a moment later: by then somebody may have gone elsewhere.
  useLayoutEffect(() => {
    // Nobody asked for a keyboard on the screen yet.
    if (hasMouse() && !document.querySelector('dialog[open]')) field.current?.focus();
  }, []);
  useLayoutEffect(() => {
    setError(undefined);
    if (!aim || !field.current) return;
    field.current.focus();
    field.current.setSelectionRange(text.length, text.length);
  }, [aim]);
  useEffect(() => chat.stopTyping, [chat]);
  useEffect(() => {
    if (error === undefined || aim?.kind !== 'edit') return;
    // Nobody knew whether it worked: its event says that it did.
    return chat.messages.subscribe(() => {
      if (isHeld(aim.message.id, cleaned(text))) target.set(undefined);
    });
  }, [chat, error, aim, text]);

  const onInput = (value: string) => {
    setText(value);
    setError(undefined);
    mentions.look();
    if (isEdit) return;
    if (value === '') chat.stopTyping();
    else chat.startTyping();
  };

  const isHeld = (message_id: string, wanted: string) =>
    chat.messages.get()?.messages.find(each => each.id === message_id)?.message === wanted;

  const save = async ({ message }: Target) => {
    const next = cleaned(text);
    if (next === message.message) return target.set(undefined);
    setSaving(true);
    setError(undefined);
    try {
      await chat.edit(message.id, next);
      if (target.get()?.message.id === message.id) target.set(undefined);
    } catch (caught) {
      // The answer may be lost, and the event have come.
      if (isHeld(message.id, next)) target.set(undefined);
      else setError(caught);
    }
    setSaving(false);
  };

  const submit = () => {
    if (!mayGo) return;
    field.current?.focus();
    if (aim?.kind === 'edit') return void save(aim);
    const reply_to = take();
    chat.send(cleaned(text), reply_to === undefined ? {} : { reply_to });
  };

  const editLast = () => {
    const message = chat.messages.get()?.messages.findLast(({ from, unsent }) => from.id === me.id && !unsent);
    if (message) target.set({ kind: 'edit', message });
    return message !== undefined;
  };

  /** Whether the key was for the page, not for the text. */
  const onKey = ({ key, shiftKey, altKey, ctrlKey, metaKey }: KeyboardEvent): boolean => {
    const isPlain = !shiftKey && !altKey && !ctrlKey && !metaKey;
    if (isPlain && mentions.onKey(key)) return true;
    if (key === 'Enter' && (ctrlKey || metaKey || (isPlain && hasMouse()))) {
      submit();
      return true;
    }
    if (key === 'Escape' && aim) {
      target.set(undefined);
      return true;
    }
    return key === 'ArrowUp' && isPlain && text === '' && !aim && editLast();
  };

  const length = cleaned(text).length;
  const label = t(isEdit ? 'composer.save' : 'composer.send');
  return (
    <form
      class="composer"
      onSubmit={event => {
        event.preventDefault();
        submit();
      }}
    >
      {mentions.mention && (
        <MentionList
          id={`${id}-people`}
          chat={chat}
          me={me}
          query={mentions.mention.query}
          onPick={mentions.pick}
          onActive={mentions.setOption}
          keys={mentions.listKeys}
        />
      )}
      <div class="composer-box">
        {aim && <TargetBar id={`${id}-target`} target={aim} onCancel={() => target.set(undefined)} />}
        {error !== undefined && (
          <p class="composer-error" role="alert">
            {errorText(words, error)}
          </p>
        )}
        <div class="composer-row">
          {/* Grows with its text: what is written lies invisible behind it. */}
          <div class="composer-grow" data-text={text}>
            <textarea
              ref={field}
              class="composer-field"
              dir="auto"
              rows={1}
              value={text}
              readOnly={isSaving}
              placeholder={t('composer.placeholder', { name: titleOf(summary, words) })}
              enterkeyhint={hasMouse() ? 'send' : 'enter'}
              aria-label={t('composer.message')}
              aria-describedby={`${aim ? `${id}-target ` : ''}${id}-note`}
              aria-invalid={length > maxLength ? true : undefined}
              aria-autocomplete="list"
              aria-haspopup="listbox"
              aria-controls={mentions.option ? `${id}-people` : undefined}
              aria-activedescendant={mentions.option}
              onInput={event => onInput(event.currentTarget.value)}
              onSelect={mentions.look}
              onBlur={mentions.close}
              onKeyDown={event => {
                // Half a character of a keyboard that composes them is no command.
                if (event.isComposing || event.keyCode === 229 || !onKey(event)) return;
                event.preventDefault();
                event.stopPropagation();
              }}
            />
          </div>
          <EmojiButton onPick={emoji => field.current && insertText(field.current, emoji)} />
          <button
            type="submit"
            class="composer-send"
            aria-label={label}
            title={label}
            disabled={!mayGo}
            // On phones the keyboard stays.
            onPointerDown={event => event.preventDefault()}
          >
            <Icon of={isEdit ? Check : SendHorizontal} />
          </button>
        </div>
      </div>
      <Note id={`${id}-note`} length={length} summary={summary} />
    </form>
  );
};
