import { ChatError } from 'parley/client';
import { useRef, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import { TextField } from '../ui/field.tsx';
import { PasswordField } from './password-field.tsx';

/** For who has an account. */
export const SignInForm = () => {
  const { client } = useApp();
  const words = useWords();
  const { t } = words;
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (!username || !password) {
      setError(t('signIn.missing'));
      return first.current?.focus();
    }
    setBusy(true);
    setError(undefined);
    try {
      await client.signIn({ username, password });
    } catch (thrown) {
      // What is no username at all is no account either.
      const isOdd = thrown instanceof ChatError && thrown.code === 'invalid_input';
      setError(isOdd ? t('errors.invalid_credentials') : errorText(words, thrown));
      setBusy(false);
    }
  };

  return (
    <form class="sign-in-form" onSubmit={submit} noValidate>
      <TextField
        label={t('signIn.username')}
        value={username}
        onValue={setUsername}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellcheck={false}
        inputRef={first}
      />
      <PasswordField value={password} onValue={setPassword} autoComplete="current-password" />
      {error && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      <button type="submit" class="button primary wide" disabled={isBusy}>
        {t('signIn.signIn')}
      </button>
    </form>
  );
};
