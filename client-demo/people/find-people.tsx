import { useWords } from '../app/context.ts';
import { Dialog } from '../ui/dialog.tsx';
import { PeoplePicker } from './people-picker.tsx';
import { useWriteTo } from './use-write-to.ts';

/** Finds somebody to write to, and opens the conversation with them. */
export const FindPeople = ({ onClose }: { onClose: () => void }) => {
  const { t } = useWords();
  const writeTo = useWriteTo();
  return (
    <Dialog title={t('people.findTitle')} onClose={onClose}>
      <div class="dialog-body people-body">
        <PeoplePicker autofocus label={t('people.searchLabel')} onPick={user => void writeTo(user, onClose)} />
      </div>
    </Dialog>
  );
};
