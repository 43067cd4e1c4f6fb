import { Eye, EyeOff } from 'lucide';
import { useState } from 'preact/hooks';
import { useWords } from '../app/context.ts';
import { TextField } from '../ui/field.tsx';
import { Icon } from '../ui/icon.tsx';

/** With a button to see what was typed, instead of typing it twice. */
export const PasswordField = ({
  value,
  onValue,
  autoComplete,
  error,
  hint,
}: {
  value: string;
  onValue: (value: string) => void;
  autoComplete: 'current-password' | 'new-password';
  error?: string | undefined;
  hint?: string;
}) => {
  const { t } = useWords();
  const [isShown, setShown] = useState(false);
  return (
    <div class="password-field">
      <TextField
        label={t('signIn.password')}
        type={isShown ? 'text' : 'password'}
        name="password"
        {...{ value, onValue, autoComplete, error, hint }}
      />
      <button
        type="button"
        class="icon-button"
        aria-label={t('signIn.showPassword')}
        title={t('signIn.showPassword')}
        aria-pressed={isShown}
        onClick={() => setShown(!isShown)}
      >
        <Icon of={isShown ? EyeOff : Eye} />
      </button>
    </div>
  );
};
