import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { TextField } from '../ui/field.tsx';
import { useSubmit } from '../ui/use-submit.ts';
import { SettingsForm } from './settings-form.tsx';
import { UsernameForKeeper } from './username-for-keeper.tsx';

/** The end of the account: for whoever knows its password and writes down its username. */
export const EraseAccount = ({ username }: { username: string }) => {
  const { client } = useApp();
  const { t } = useWords();
  const [password, setPassword] = useState('');
  const [written, setWritten] = useState('');
  const { isBusy, errors, setErrors, submit } = useSubmit(
    { password: 'settings.passwordMissing', written: 'settings.eraseMismatch' },
    { invalid_credentials: ['password', 'settings.passwordWrong'] },
  );

  const erase = async () => {
    const isMeant = written.trim().replace(/^@/, '') === username;
    if (!password || !isMeant) {
      setErrors({
        ...(!password && { password: t('settings.passwordMissing') }),
        ...(!isMeant && { written: t('settings.eraseMismatch', { username }) }),
      });
      return;
    }
    // The page hears the end of the session, and says so.
    await client.call('account:erase', { password });
  };

  return (
    <SettingsForm
      text={t('settings.eraseText')}
      error={errors.form}
      action={t('settings.eraseForever')}
      look="danger"
      isDisabled={isBusy}
      onSubmit={submit(erase)}
    >
      <UsernameForKeeper username={username} />
      <TextField
        label={t('settings.password')}
        type="password"
        value={password}
        onValue={setPassword}
        error={errors.password}
        autoComplete="current-password"
      />
      <TextField
        label={t('settings.eraseConfirm', { username })}
        value={written}
        onValue={setWritten}
        error={errors.written}
        autoComplete="off"
        autoCapitalize="none"
        spellcheck={false}
      />
    </SettingsForm>
  );
};
