import type { TargetedEvent } from 'preact';
import { useId } from 'preact/hooks';
import type { Emoji } from './emoji-data.ts';

/** As many stand in a row where there is room, see emoji-picker.css. */
const columns = 8;
const rowRem = 2.5;

/** Emoji under a heading. What is out of sight costs the browser nothing until it is scrolled to. */
export const EmojiSection = ({
  name,
  section,
  emoji,
  onEmoji,
}: {
  name: string;
  section?: string;
  emoji: readonly Emoji[];
  onEmoji: (event: TargetedEvent<HTMLButtonElement>) => void;
}) => {
  const id = useId();
  return (
    <section
      class="emoji-section"
      data-section={section}
      aria-labelledby={id}
      style={{ containIntrinsicBlockSize: `auto ${Math.ceil(emoji.length / columns) * rowRem + 2}rem` }}
    >
      <h3 id={id}>{name}</h3>
      <div class="emoji-grid">
        {emoji.map(({ emoji: picture, label }, at) => (
          <button
            key={picture}
            type="button"
            class="emoji-choice"
            value={picture}
            aria-label={label}
            title={label}
            tabIndex={at === 0 ? 0 : -1}
            onClick={onEmoji}
          >
            {picture}
          </button>
        ))}
      </div>
    </section>
  );
};
