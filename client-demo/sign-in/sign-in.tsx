import { Check, CloudOff, Layers, ListOrdered } from 'lucide';
import type { Ending } from 'parley/client';
import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { signUpAsGuest } from '../app/guest.ts';
import { Icon } from '../ui/icon.tsx';
import { Brand } from './brand.tsx';
import type { Credentials } from './credentials.ts';
import { SignInForm } from './sign-in-form.tsx';
import { SignUpForm } from './sign-up-form.tsx';
import './sign-in.css';

const points = [
  ['signIn.pointOnce', Check],
  ['signIn.pointOrder', ListOrdered],
  ['signIn.pointOffline', CloudOff],
  ['signIn.pointDevices', Layers],
] as const;

/** The first thing that anybody sees: what this is, and the shortest ways in. */
export const SignIn = ({ ending }: { ending: Ending | undefined }) => {
  const { client, notices, words } = useApp();
  const { t } = useWords();
  // Who was signed in before has an account.
  const [isNew, setNew] = useState(ending !== 'signed_out' && ending !== 'here');
  const [isBusy, setBusy] = useState(false);

  const [credentials, setCredentials] = useState<Credentials>({ fullName: '', username: undefined, password: '' });

  const alone = async <T,>(work: () => Promise<T>) => {
    setBusy(true);
    try {
      return await work();
    } finally {
      setBusy(false);
    }
  };
  const onChange = (changed: Partial<Credentials>) => setCredentials(now => ({ ...now, ...changed }));
  const form = { credentials, onChange, isBusy, alone };

  return (
    <div class="sign-in">
      <header class="sign-in-pitch">
        <Brand />
        <h1>{t('signIn.title')}</h1>
        <p>{t('signIn.lead')}</p>
        <ul>
          {points.map(([key, icon]) => (
            <li key={key}>
              <Icon of={icon} />
              {t(key)}
            </li>
          ))}
        </ul>
      </header>
      <main class="sign-in-main">
        <div class="sign-in-card">
          <h2>{isNew ? t('signIn.create') : t('signIn.signIn')}</h2>
          {ending === 'signed_out' && <p class="sign-in-note">{t('signIn.endedSignedOut')}</p>}
          {ending === 'account_erased' && <p class="sign-in-note">{t('signIn.endedErased')}</p>}
          {isNew ? <SignUpForm {...form} /> : <SignInForm {...form} />}
          <p class="sign-in-other">
            {isNew ? t('signIn.haveAccount') : t('signIn.newHere')}{' '}
            <button type="button" class="link-button" disabled={isBusy} onClick={() => setNew(!isNew)}>
              {isNew ? t('signIn.signIn') : t('signIn.create')}
            </button>
          </p>
          <p class="sign-in-or" aria-hidden="true">
            {t('signIn.or')}
          </p>
          <button
            type="button"
            class="button wide"
            disabled={isBusy}
            onClick={() => alone(() => signUpAsGuest(client, words.get())).catch(notices.fail)}
          >
            {t('signIn.asGuest')}
          </button>
        </div>
      </main>
    </div>
  );
};
