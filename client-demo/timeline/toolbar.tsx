import { Ellipsis, Reply, SmilePlus } from 'lucide';
import type { Message } from 'parley/client';
import { Icon } from '../ui/icon.tsx';
import type { Kit } from './kit.ts';
import { actionsOf } from './message-actions.ts';
import type { Opened } from './message-popover.tsx';

/** Beside a message, while the pointer or the focus is there. */
export const Toolbar = ({
  kit,
  message,
  onOpen,
}: {
  kit: Kit;
  message: Message;
  onOpen: (what: Opened['what'], beside: Element) => void;
}) => {
  const { t } = kit.words;
  const { canReact, reply } = actionsOf(kit, message);
  return (
    // biome-ignore lint/a11y/useSemanticElements: no form is filled in here
    <div class="message-toolbar" role="group" aria-label={t('timeline.actions')}>
      {canReact && (
        <button
          type="button"
          class="message-tool"
          aria-label={t('timeline.react')}
          title={t('timeline.react')}
          onClick={({ currentTarget }) => onOpen('react', currentTarget)}
        >
          <Icon of={SmilePlus} />
        </button>
      )}
      {reply && (
        <button
          type="button"
          class="message-tool"
          aria-label={t('timeline.reply')}
          title={t('timeline.reply')}
          onClick={reply}
        >
          <Icon of={Reply} />
        </button>
      )}
      <button
        type="button"
        class="message-tool"
        aria-label={t('app.more')}
        title={t('app.more')}
        aria-haspopup="menu"
        onClick={({ currentTarget }) => onOpen('menu', currentTarget)}
      >
        <Icon of={Ellipsis} />
      </button>
    </div>
  );
};
