import { ChatError, type User } from 'parley/client';
import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import { Dialog } from '../ui/dialog.tsx';
import { nameOf, titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { ChosenPeople } from './chosen-people.tsx';
import { PeoplePicker } from './people-picker.tsx';
import { useChosen } from './use-chosen.ts';
import { useMembers } from './use-members.ts';

/** Chooses people and adds them to a room or a group. */
export const Invite = ({ conversation_id, onClose }: { conversation_id: string; onClose: () => void }) => {
  const { client, notices } = useApp();
  const words = useWords();
  const { t } = words;
  const summary = useObservable(client.conversation(conversation_id).summary);
  const { members = [] } = useMembers(conversation_id);
  const { users, toggle, removeLast } = useChosen();
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const isMember = (user: User) => members.some(member => member.user.id === user.id);
  const count = users.length;

  const invite = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await client.call('conversation:invite', { conversation_id, user_ids: users.map(({ id }) => id) });
      notices.show(t('people.invited', { count, name: nameOf(users[0], words) }));
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
    }
    setBusy(false);
  };

  /** Nobody is invited where one of them cannot be: the answer names them by their id. */
  const reasonOf = (failure: unknown) => {
    const { code, details } = failure instanceof ChatError ? failure : {};
    if (code !== 'banned' && code !== 'not_found') return errorText(words, failure);
    const fact = String(details?.['user_ids'] ?? '');
    const culprit = users.find(({ id }) => fact.split(' ').includes(id));
    if (!culprit) return errorText(words, failure);
    return t(code === 'banned' ? 'people.inviteBanned' : 'people.inviteGone', { name: nameOf(culprit, words) });
  };

  return (
    <Dialog title={t('people.inviteTitle', { title: summary ? titleOf(summary, words) : '' })} onClose={onClose}>
      <div class="dialog-body people-body">
        {error && (
          <p class="form-error" role="alert">
            {error}
          </p>
        )}
        <ChosenPeople users={users} onRemove={toggle} />
        <PeoplePicker
          autofocus
          label={t('people.searchLabel')}
          onPick={toggle}
          chosen={users}
          noteOf={user => (isMember(user) ? t('people.alreadyIn') : undefined)}
          onErase={removeLast}
        />
      </div>
      <div class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          {t('app.cancel')}
        </button>
        <button type="button" class="button primary" disabled={count === 0 || isBusy} onClick={invite}>
          {count === 0 ? t('people.invite') : t('people.inviteCount', { count })}
        </button>
      </div>
    </Dialog>
  );
};
