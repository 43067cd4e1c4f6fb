import { useRef, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { TextField } from '../ui/field.tsx';
import { useSubmit } from '../ui/use-submit.ts';
import { PasswordField } from './password-field.tsx';
import { passwordRefused, shortestPassword } from './password-length.ts';

const allowed = /^[\p{L}\p{M}\p{N}._-]{3,20}$/u;

/** What a username made of this name looks like; they may write another. */
const usernameFrom = (name: string) =>
  [
    ...name
      .trim()
      .toLocaleLowerCase()
      .replaceAll(/\s+/gu, '.')
      .replaceAll(/[^\p{L}\p{M}\p{N}._-]/gu, ''),
  ]
    .slice(0, 20)
    .join('');

/** Three fields, one of which fills itself in. */
export const SignUpForm = () => {
  const { client } = useApp();
  const words = useWords();
  const { t } = words;
  const shortest = shortestPassword();
  const [fullName, setFullName] = useState('');
  const [ownUsername, setUsername] = useState<string>();
  const [password, setPassword] = useState('');
  const { isBusy, errors, setErrors, submit } = useSubmit(
    { full_name: 'settings.nameBad', username: 'signIn.usernameBad', password: passwordRefused(words) },
    { username_taken: ['username'] },
  );
  const form = useRef<HTMLFormElement>(null);
  const username = ownUsername ?? usernameFrom(fullName);

  const look = () => ({
    ...(fullName.trim() ? {} : { full_name: t('signIn.missing') }),
    ...(allowed.test(username) ? {} : { username: t('signIn.usernameBad') }),
    ...([...password].length >= shortest ? {} : { password: t('signIn.passwordShort', { count: shortest }) }),
  });

  const signUp = async () => {
    const found = look();
    const [first] = Object.keys(found);
    if (first === undefined) return client.signUp({ username, password, full_name: fullName.trim() });
    setErrors(found);
    form.current?.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus();
  };

  return (
    <form ref={form} class="sign-in-form" onSubmit={submit(signUp)} noValidate>
      <TextField
        label={t('signIn.fullName')}
        value={fullName}
        onValue={setFullName}
        error={errors.full_name}
        name="full_name"
        autoComplete="name"
        maxLength={80}
      />
      <TextField
        label={t('signIn.username')}
        value={username}
        onValue={setUsername}
        error={errors.username}
        hint={t('signIn.usernameHint')}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellcheck={false}
        maxLength={40}
      />
      <PasswordField
        value={password}
        onValue={setPassword}
        error={errors.password}
        hint={t('signIn.passwordHint', { count: shortest })}
        autoComplete="new-password"
      />
      {errors.form && (
        <p class="form-error" role="alert">
          {errors.form}
        </p>
      )}
      <button type="submit" class="button primary wide" disabled={isBusy}>
        {t('signIn.create')}
      </button>
    </form>
  );
};
