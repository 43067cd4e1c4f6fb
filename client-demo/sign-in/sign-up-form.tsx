import { ChatError } from 'parley/client';
import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import { TextField } from '../ui/field.tsx';
import { PasswordField } from './password-field.tsx';

type Field = 'full_name' | 'username' | 'password';

const allowed = /^[\p{L}\p{M}\p{N}._-]{3,20}$/u;
/** The server's own standard (PASSWORD_MIN_LENGTH); it says so itself where it wants more. */
const shortest = 8;

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
  const [fullName, setFullName] = useState('');
  const [ownUsername, setUsername] = useState<string>();
  const [password, setPassword] = useState('');
  const [errors, setErrors] = useState<Partial<Record<Field | 'form', string>>>({});
  const [isBusy, setBusy] = useState(false);
  const username = ownUsername ?? usernameFrom(fullName);

  const look = () => ({
    ...(fullName.trim() ? {} : { full_name: t('signIn.missing') }),
    ...(allowed.test(username) ? {} : { username: t('signIn.usernameBad') }),
    ...([...password].length >= shortest ? {} : { password: t('signIn.passwordShort') }),
  });

  /** Beside the field that it is about, where the server names one. */
  const put = (error: unknown) => {
    const details = error instanceof ChatError ? (error.details ?? {}) : {};
    const named = (['full_name', 'username', 'password'] as const).filter(field => typeof details[field] === 'string');
    if (error instanceof ChatError && error.code === 'username_taken')
      return setErrors({ username: errorText(words, error) });
    if (named.length === 0) return setErrors({ form: errorText(words, error) });
    const own: Record<Field, string> = {
      full_name: String(details['full_name']),
      username: t('signIn.usernameBad'),
      password: String(details['password']),
    };
    setErrors(Object.fromEntries(named.map(field => [field, own[field]])));
  };

  const submit = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const found = look();
    setErrors(found);
    const [first] = Object.keys(found);
    if (first) return form.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus();
    setBusy(true);
    try {
      await client.signUp({ username, password, full_name: fullName.trim() });
    } catch (error) {
      put(error);
      setBusy(false);
    }
  };

  return (
    <form class="sign-in-form" onSubmit={submit} noValidate>
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
        hint={t('signIn.passwordHint')}
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
