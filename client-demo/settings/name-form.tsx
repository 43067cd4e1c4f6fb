import type { Profile, User } from 'parley/client';
import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { TextField } from '../ui/field.tsx';
import { useSubmit } from '../ui/use-submit.ts';
import { SettingsForm } from './settings-form.tsx';

/** Name and address. What was not touched is not sent, as it may be known here late or not at all. */
export const NameForm = ({ me, profile }: { me: User; profile: Profile | undefined }) => {
  const { client, notices } = useApp();
  const { t } = useWords();
  const [known, setKnown] = useState<Profile>();
  const [name, setName] = useState<string>();
  const [email, setEmail] = useState<string>();
  const { isBusy, errors, setErrors, submit } = useSubmit(
    { full_name: 'settings.nameBad', email: 'settings.emailBad' },
    { email_taken: ['email'] },
  );
  const facts = known ?? profile;

  const save = async () => {
    if (name !== undefined && !name.trim()) {
      setErrors({ full_name: t('settings.nameMissing') });
      return;
    }
    const answer = await client.call('account:update', {
      ...(name !== undefined && { full_name: name.trim() }),
      ...(email !== undefined && { email: email.trim() || null }),
    });
    setKnown(answer);
    setName(undefined);
    setEmail(undefined);
    notices.show(t('settings.saved'));
  };

  return (
    <SettingsForm
      error={errors.form}
      action={t('settings.save')}
      look="primary"
      isDisabled={isBusy || (name === undefined && email === undefined)}
      onSubmit={submit(save)}
    >
      <TextField
        label={t('settings.name')}
        value={name ?? facts?.full_name ?? me.full_name}
        onValue={setName}
        error={errors.full_name}
        autoComplete="name"
        maxLength={80}
      />
      <TextField
        label={t('settings.email')}
        type="email"
        value={email ?? facts?.email ?? ''}
        onValue={setEmail}
        error={errors.email}
        hint={t('settings.emailHint')}
        autoComplete="email"
        autoCapitalize="none"
        spellcheck={false}
        maxLength={254}
      />
    </SettingsForm>
  );
};
