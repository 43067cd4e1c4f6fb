import type { User } from 'parley/client';
import { useRef, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { randomText } from '../app/guest.ts';
import { ChosenPeople } from '../people/chosen-people.tsx';
import { PeoplePicker } from '../people/people-picker.tsx';
import { useChosen } from '../people/use-chosen.ts';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { useSubmit } from '../ui/use-submit.ts';
import './rooms.css';

interface Form {
  readonly name: string;
  readonly topic: string;
  readonly users: readonly User[];
  /** What was last asked for, and as which. */
  readonly begun: { same: string; client_id: string } | undefined;
}

/** What was filled in when the dialog went by Escape or a press beside it, as long as this person is signed in. */
const left = new WeakMap<object, Map<string, Form>>();

/** Makes a public room or a group of people, and opens it. */
export const NewConversation = ({ kind, onClose }: { kind: 'group' | 'room'; onClose: () => void }) => {
  const { client, route, drafts } = useApp();
  const { t } = useWords();
  const forms = left.get(drafts) ?? new Map<string, Form>();
  left.set(drafts, forms);
  const [name, setName] = useState(forms.get(kind)?.name ?? '');
  const [topic, setTopic] = useState(forms.get(kind)?.topic ?? '');
  const { users, toggle, removeLast } = useChosen(forms.get(kind)?.users);
  const begun = useRef(forms.get(kind)?.begun);
  const leave = () => {
    forms.set(kind, { name, topic, users, begun: begun.current });
    onClose();
  };
  const cancel = () => {
    forms.delete(kind);
    onClose();
  };
  const { isBusy, errors, setErrors, submit } = useSubmit(
    { name: 'rooms.nameBad', topic: 'rooms.topicBad', members: 'people.inviteRefused' },
    { name_taken: ['name'], not_found: ['members'] },
  );
  const isGroup = kind === 'group';

  const create = async () => {
    if (!name.trim()) {
      setErrors({ name: t('rooms.nameMissing') });
      return;
    }
    const members = users.map(({ id }) => id);
    const wanted = { kind, name: name.trim(), topic: topic.trim(), ...(isGroup && { members }) };
    const same = JSON.stringify(wanted);
    // Pressed again after an answer that was lost, it is the one that may be there by now.
    if (begun.current?.same !== same) begun.current = { same, client_id: randomText(24) };
    const made = await client.create({ ...wanted, client_id: begun.current.client_id });
    cancel();
    route.go({ conversation_id: made.id });
  };

  return (
    <Dialog title={t(isGroup ? 'rooms.newGroup' : 'rooms.newRoom')} onClose={leave}>
      <form class="rooms-form" noValidate onSubmit={submit(create)}>
        <div class={`dialog-body rooms-fields ${isGroup ? 'with-people' : ''}`}>
          <p class="rooms-lead">{t(isGroup ? 'rooms.newGroupLead' : 'rooms.newRoomLead')}</p>
          {errors.form && (
            <p class="form-error" role="alert">
              {errors.form}
            </p>
          )}
          <TextField
            label={t('rooms.name')}
            value={name}
            onValue={setName}
            error={errors.name}
            autofocus
            autoComplete="off"
            maxLength={80}
          />
          <TextField
            label={t('rooms.topic')}
            value={topic}
            onValue={setTopic}
            error={errors.topic}
            hint={t('rooms.topicHint')}
            autoComplete="off"
            maxLength={250}
          />
          {isGroup && (
            <div class="rooms-people">
              <span class="field-label">{t('rooms.members')}</span>
              {errors.members && <p class="field-error">{errors.members}</p>}
              <ChosenPeople users={users} onRemove={toggle} />
              <PeoplePicker label={t('people.searchLabel')} onPick={toggle} chosen={users} onErase={removeLast} />
            </div>
          )}
        </div>
        <div class="dialog-foot">
          <button type="button" class="button" onClick={cancel}>
            {t('app.cancel')}
          </button>
          <button type="submit" class="button primary" disabled={isBusy}>
            {t(isGroup ? 'rooms.createGroup' : 'rooms.createRoom')}
          </button>
        </div>
      </form>
    </Dialog>
  );
};
