import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { passwordRefused, shortestPassword } from '../sign-in/password-length.ts';
import { TextField } from '../ui/field.tsx';
import { useSubmit } from '../ui/use-submit.ts';
import { SettingsForm } from './settings-form.tsx';
import { UsernameForKeeper } from './username-for-keeper.tsx';

/** A new password, for whoever knows the one before. */
export const ChangePassword = ({ username }: { username: string }) => {
  const { client, notices } = useApp();
  const words = useWords();
  const { t } = words;
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const { isBusy, errors, setErrors, submit } = useSubmit(
    { current_password: 'settings.passwordMissing', new_password: passwordRefused(words) },
    { invalid_credentials: ['current_password', 'settings.passwordWrong'] },
  );

  const change = async () => {
    if (!current || !next) {
      setErrors({
        ...(!current && { current_password: t('settings.passwordMissing') }),
        ...(!next && { new_password: t('settings.passwordMissing') }),
      });
      return;
    }
    await client.call('account:password', { current_password: current, new_password: next });
    setCurrent('');
    setNext('');
    notices.show(t('settings.passwordChanged'));
  };

  return (
    <SettingsForm
      text={t('settings.passwordText')}
      error={errors.form}
      action={t('settings.changePassword')}
      isDisabled={isBusy}
      onSubmit={submit(change)}
    >
      <UsernameForKeeper username={username} />
      <TextField
        label={t('settings.currentPassword')}
        type="password"
        value={current}
        onValue={setCurrent}
        error={errors.current_password}
        autoComplete="current-password"
      />
      <TextField
        label={t('settings.newPassword')}
        type="password"
        value={next}
        onValue={setNext}
        error={errors.new_password}
        hint={t('signIn.passwordHint', { count: shortestPassword() })}
        autoComplete="new-password"
      />
    </SettingsForm>
  );
};
