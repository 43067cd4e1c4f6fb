import { useRef } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { TextField } from '../ui/field.tsx';
import { useSubmit } from '../ui/use-submit.ts';
import { type FormProps, usernameOf } from './credentials.ts';
import { PasswordField } from './password-field.tsx';
import { passwordRefused, shortestPassword } from './password-length.ts';

const allowed = /^[\p{L}\p{M}\p{N}._-]{3,20}$/u;

/** Three fields, one of which fills itself in. */
export const SignUpForm = ({ credentials, onChange, isBusy, alone }: FormProps) => {
  const { client } = useApp();
  const words = useWords();
  const { t } = words;
  const shortest = shortestPassword();
  const { fullName, password } = credentials;
  const { errors, setErrors, submit } = useSubmit(
    { full_name: 'settings.nameBad', username: 'signIn.usernameBad', password: passwordRefused(words) },
    { username_taken: ['username'] },
  );
  const form = useRef<HTMLFormElement>(null);
  const username = usernameOf(credentials);

  const look = () => ({
    ...(fullName.trim() ? {} : { full_name: t('signIn.missing') }),
    ...(allowed.test(username) ? {} : { username: t('signIn.usernameBad') }),
    ...([...password].length >= shortest ? {} : { password: t('signIn.passwordShort', { count: shortest }) }),
  });

  const signUp = async () => {
    const found = look();
    const [first] = Object.keys(found);
    if (first === undefined) return alone(() => client.signUp({ username, password, full_name: fullName.trim() }));
    setErrors(found);
    form.current?.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus();
  };

  return (
    <form ref={form} class="sign-in-form" onSubmit={submit(signUp)} noValidate>
      <TextField
        label={t('signIn.fullName')}
        value={fullName}
        onValue={value => onChange({ fullName: value })}
        error={errors.full_name}
        name="full_name"
        autoComplete="name"
        maxLength={80}
      />
      <TextField
        label={t('signIn.username')}
        value={username}
        onValue={value => onChange({ username: value })}
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
        onValue={value => onChange({ password: value })}
        error={errors.password}
        hint={t('signIn.passwordHint', { count: shortest })}
        autoComplete="new-password"
      />
      {errors.form && (
        <p class="form-error" role="alert">
          {errors.form}
        </p>
      )}
      <button type="submit" class="button primary wide" disabled={isBusy} aria-busy={isBusy}>
        {t('signIn.create')}
      </button>
    </form>
  );
};
