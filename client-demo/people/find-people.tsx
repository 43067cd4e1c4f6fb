import type { User } from 'parley/client';
import { useWords } from '../app/context.ts';
import { Dialog } from '../ui/dialog.tsx';
import { PeoplePicker } from './people-picker.tsx';
import { useWriteTo } from './use-write-to.ts';

/** Finds somebody to write to, and opens the conversation with them. */
export const FindPeople = ({ onClose }: { onClose: () => void }) => {
  const { t } = useWords();
  const writeTo = useWriteTo();
  const pick = async (user: User) => {
    if (await writeTo(user)) onClose();
  };
  return (
    <Dialog title={t('people.findTitle')} onClose={onClose}>
      <div class="dialog-body people-body">
        <PeoplePicker autofocus label={t('people.searchLabel')} onPick={pick} />
      </div>
    </Dialog>
  );
};
