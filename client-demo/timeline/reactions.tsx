import type { Message } from 'parley/client';
import { useState } from 'preact/hooks';
import type { Kit } from './kit.ts';
import { actionsOf } from './message-actions.ts';

/** Who reacted is a number; one's own are marked, and taken back by the same button. */
export const Reactions = ({ kit, message }: { kit: Kit; message: Message }) => {
  const { t } = kit.words;
  const [busy, setBusy] = useState<readonly string[]>([]);
  const toggle = async (emoji: string) => {
    // The answer of the first click decides what a second one means.
    if (busy.includes(emoji)) return;
    setBusy(before => [...before, emoji]);
    await actionsOf(kit, message).react(emoji);
    setBusy(before => before.filter(each => each !== emoji));
  };
  return (
    <ul class="reactions" aria-label={t('timeline.reactions')}>
      {message.reactions.map(({ emoji, count, me }) => (
        <li key={emoji}>
          <button
            type="button"
            class="reaction"
            aria-pressed={me}
            aria-busy={busy.includes(emoji)}
            aria-label={t('timeline.reaction', { emoji, count })}
            onClick={() => void toggle(emoji)}
          >
            <span class="reaction-emoji">{emoji}</span>
            <span class="reaction-count">{count}</span>
          </button>
        </li>
      ))}
    </ul>
  );
};
