import type { RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { OnListKey } from './mention-list.tsx';
import { type MentionQuery, mentionAt } from './mentions.ts';
import { insertText } from './text.ts';

/** Completes names behind an `@`: what is looked for where the caret stands, and the keys that choose. */
export const useMention = (field: RefObject<HTMLTextAreaElement | null>) => {
  const [mention, setMention] = useState<MentionQuery>();
  const [option, setOption] = useState<string>();
  const listKeys = useRef<OnListKey | undefined>(undefined);
  /** Where the `@` stands whose list was closed. */
  const dismissed = useRef<number | undefined>(undefined);
  const close = () => setMention(undefined);

  return {
    mention,
    /** The id of the option that Enter would pick; undefined where nothing is to choose. */
    option,
    setOption,
    listKeys,
    close,

    /** Text or caret have changed. */
    look() {
      const { selectionStart, selectionEnd, value } = field.current ?? { value: '' };
      const found = selectionStart === selectionEnd ? mentionAt(value, selectionStart ?? 0) : undefined;
      if (found?.start !== dismissed.current) dismissed.current = undefined;
      setMention(dismissed.current === undefined ? found : undefined);
    },

    pick(username: string) {
      if (!mention || !field.current) return;
      field.current.setSelectionRange(mention.start, mention.start + 1 + mention.query.length);
      insertText(field.current, `@${username} `);
      close();
    },

    /** Whether the key was for the list. */
    onKey(key: string): boolean {
      if (!mention || !option) return false;
      if (key !== 'Escape') return listKeys.current?.(key) ?? false;
      dismissed.current = mention.start;
      close();
      return true;
    },
  };
};
