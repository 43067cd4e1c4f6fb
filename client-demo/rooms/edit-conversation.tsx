import type { Input, Summary } from 'parley/client';
import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { TextField } from '../ui/field.tsx';
import { SelectField } from '../ui/select-field.tsx';
import { useSubmit } from '../ui/use-submit.ts';
import { mayOwn, type Standing } from './may.ts';
import { slowModes, slowModeText } from './slow-mode.ts';
import { useLeaving } from './use-leaving.ts';

type Change = Omit<Input<'conversation:update'>, 'conversation_id'>;

/** The form for those who may; what they did not touch follows what others change meanwhile. */
export const EditConversation = ({
  summary,
  mine,
  onClose,
}: {
  summary: Summary;
  mine: Standing;
  onClose: () => void;
}) => {
  const { client, notices } = useApp();
  const words = useWords();
  const { t } = words;
  const { id, kind } = summary;
  const [change, setChange] = useState<Change>({});
  const { isBusy, errors, setErrors, submit } = useSubmit(
    { name: 'rooms.nameBad', topic: 'rooms.topicBad' },
    { name_taken: ['name'] },
  );
  const put = (some: Change) => setChange({ ...change, ...some });
  const name = change.name ?? summary.name ?? '';
  const topic = change.topic ?? summary.topic;
  const slowMode = change.slow_mode_ms ?? summary.slow_mode_ms;

  const save = async () => {
    if (change.name !== undefined && !name.trim()) {
      setErrors({ name: t('rooms.nameMissing') });
      return;
    }
    await client.call('conversation:update', { conversation_id: id, ...change });
    notices.show(t('rooms.saved'));
    onClose();
  };

  return (
    <form class="rooms-form" noValidate onSubmit={submit(save)}>
      <div class="dialog-body rooms-fields">
        {errors.form && (
          <p class="form-error" role="alert">
            {errors.form}
          </p>
        )}
        <TextField
          label={t('rooms.name')}
          value={name}
          onValue={value => put({ name: value })}
          error={errors.name}
          autoComplete="off"
          maxLength={80}
        />
        <TextField
          label={t('rooms.topic')}
          value={topic}
          onValue={value => put({ topic: value })}
          error={errors.topic}
          hint={t('rooms.topicHint')}
          autoComplete="off"
          maxLength={250}
        />
        <SelectField
          label={t('rooms.slowMode')}
          value={slowMode}
          options={[...new Set([...slowModes, slowMode])].map(value => ({ value, label: slowModeText(value, words) }))}
          onValue={value => put({ slow_mode_ms: value })}
          hint={t('rooms.slowModeHint')}
        />
        {kind === 'group' && (
          <SelectField
            label={t('rooms.history')}
            value={change.history ?? summary.history}
            options={[
              { value: 'all', label: t('rooms.historyAll') },
              { value: 'joined', label: t('rooms.historyJoined') },
            ]}
            onValue={history => put({ history })}
          />
        )}
        {mayOwn(mine) && <Delete summary={summary} />}
      </div>
      <div class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          {t('app.cancel')}
        </button>
        <button type="submit" class="button primary" disabled={isBusy || Object.keys(change).length === 0}>
          {t('rooms.save')}
        </button>
      </div>
    </form>
  );
};

const Delete = ({ summary }: { summary: Summary }) => {
  const { t } = useWords();
  const { askToDelete } = useLeaving();
  return (
    <div class="rooms-danger">
      <p>{t('rooms.deleteLead')}</p>
      <button type="button" class="button danger" onClick={() => askToDelete(summary)}>
        {t('rooms.delete')}
      </button>
    </div>
  );
};
