import type { ReplyPreview } from 'parley/client';
import { nameOf } from '../ui/names.ts';
import type { Kit } from './kit.ts';

/** What a message answers; leads there. */
export const Quote = ({
  kit,
  preview: { id, from, message, unsent },
  seq,
}: {
  kit: Kit;
  preview: ReplyPreview;
  /** Of the answer. */
  seq: number;
}) => {
  const { words } = kit;
  const name = nameOf(from, words);
  const text = unsent ? words.t('timeline.takenBack') : message;
  return (
    <button type="button" class="quote" onClick={() => kit.jumpTo(id, seq)}>
      <span class="unseen">{words.t('timeline.inReplyTo')}</span>
      <bdi class="quote-name">{name}</bdi>
      <span class={unsent ? 'quote-text unsent' : 'quote-text'} dir="auto">
        {text}
      </span>
    </button>
  );
};
