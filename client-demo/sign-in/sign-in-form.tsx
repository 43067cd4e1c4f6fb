import { ChatError } from 'parley/client';
import { useRef, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import { TextField } from '../ui/field.tsx';
import { type FormProps, usernameOf } from './credentials.ts';
import { PasswordField } from './password-field.tsx';

/** For who has an account. */
export const SignInForm = ({ credentials, onChange, isBusy, alone }: FormProps) => {
  const { client } = useApp();
  const words = useWords();
  const { t } = words;
  const username = usernameOf(credentials);
  const { password } = credentials;
  const [error, setError] = useState<string>();
  const first = useRef<HTMLInputElement>(null);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    if (!username || !password) {
      setError(t('signIn.missing'));
      return first.current?.focus();
    }
    setError(undefined);
    try {
      await alone(() => client.signIn({ username, password }));
    } catch (thrown) {
      // What is no username at all is no account either.
      const isOdd = thrown instanceof ChatError && thrown.code === 'invalid_input';
      setError(isOdd ? t('errors.invalid_credentials') : errorText(words, thrown));
    }
  };

  return (
    <form class="sign-in-form" onSubmit={submit} noValidate>
      <TextField
        label={t('signIn.username')}
        value={username}
        onValue={value => onChange({ username: value })}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellcheck={false}
        inputRef={first}
      />
      <PasswordField
        value={password}
        onValue={value => onChange({ password: value })}
        autoComplete="current-password"
      />
      {error && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      <button type="submit" class="button primary wide" disabled={isBusy} aria-busy={isBusy}>
        {t('signIn.signIn')}
      </button>
    </form>
  );
};
