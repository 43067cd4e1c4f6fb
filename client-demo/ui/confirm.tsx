import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { Dialog } from './dialog.tsx';

/** Asks before something that cannot be taken back. */
export const Confirm = ({
  title,
  text,
  action,
  run,
  done,
  onClose,
}: {
  title: string;
  text: string;
  action: string;
  run: () => Promise<unknown>;
  done?: () => void;
  onClose: () => void;
}) => {
  const { notices } = useApp();
  const { t } = useWords();
  const [isBusy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      await run();
    } catch (error) {
      notices.fail(error);
      return onClose();
    }
    onClose();
    done?.();
  };
  return (
    <Dialog title={title} size="small" onClose={onClose}>
      <p class="dialog-body">{text}</p>
      <div class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          {t('app.cancel')}
        </button>
        <button type="button" class="button danger" disabled={isBusy} onClick={go}>
          {action}
        </button>
      </div>
    </Dialog>
  );
};
