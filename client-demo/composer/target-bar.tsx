import { Pencil, Reply, X } from 'lucide';
import { useWords } from '../app/context.ts';
import { useNamed } from '../app/use-named.ts';
import { Icon } from '../ui/icon.tsx';
import { nameOf } from '../ui/names.ts';
import type { Target } from './target.ts';

/** Above the text field: the message that is answered or changed, and how to leave that. */
export const TargetBar = ({
  id,
  target: { kind, message },
  onCancel,
}: {
  id: string;
  target: Target;
  onCancel: () => void;
}) => {
  const words = useWords();
  const { t, parts } = words;
  const { from } = useNamed(message);
  const isEdit = kind === 'edit';
  const cancel = t(isEdit ? 'composer.cancelEdit' : 'composer.cancelReply');
  return (
    <div class="composer-target">
      <Icon of={isEdit ? Pencil : Reply} />
      <div id={id} class="composer-target-text">
        <p class="composer-target-title">
          {isEdit
            ? t('composer.editing')
            : parts('composer.replyingTo', { name: <bdi key="name">{nameOf(from, words)}</bdi> })}
        </p>
        <p class="composer-target-line" dir="auto">
          {message.message}
        </p>
      </div>
      <button type="button" class="icon-button" aria-label={cancel} title={cancel} onClick={onCancel}>
        <Icon of={X} />
      </button>
    </div>
  );
};
