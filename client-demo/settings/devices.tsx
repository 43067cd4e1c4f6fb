import { Monitor, Smartphone } from 'lucide';
import type { Session } from 'parley/client';
import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import type { Words } from '../language/words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { type Ask, usePages } from '../ui/use-pages.ts';
import { deviceOf } from './user-agent.ts';
import './settings.css';

const ask: Ask<Session> = client => client.call('session:list', {});

/** Where one is signed in, and how to end that. */
export const Devices = ({ onClose }: { onClose: () => void }) => {
  const { client, notices } = useApp();
  const words = useWords();
  const { t } = words;
  const { items, error, again } = usePages('', ask);
  const [isBusy, setBusy] = useState(false);
  const sessions = items?.toSorted((a, b) => b.last_seen_at.localeCompare(a.last_seen_at));
  const others = sessions?.filter(({ current }) => !current) ?? [];
  const here = sessions?.filter(({ current }) => current) ?? [];

  const signOut = async (ids: readonly string[]) => {
    setBusy(true);
    try {
      for (const id of ids) await client.call('session:revoke', { id });
      notices.show(t('settings.signedOut', { count: ids.length }));
    } catch (failure) {
      notices.fail(failure);
    }
    await again();
    setBusy(false);
  };

  return (
    <Dialog title={t('settings.devices')} onClose={onClose}>
      <div class="dialog-body settings-body" aria-busy={!sessions && !error}>
        {error && (
          <p class="form-error" role="alert">
            {errorText(words, error)}
          </p>
        )}
        {!sessions && !error && <p class="empty">{t('app.loading')}</p>}
        {sessions && (
          <ul class="settings-list">
            {[...here, ...others].map(session => (
              <Item key={session.id} session={session} isBusy={isBusy} onSignOut={() => signOut([session.id])} />
            ))}
          </ul>
        )}
        {sessions && others.length === 0 && <p class="settings-soft">{t('settings.onlyHere')}</p>}
      </div>
      {others.length > 1 && (
        <div class="dialog-foot">
          <button
            type="button"
            class="button danger"
            disabled={isBusy}
            onClick={() => signOut(others.map(({ id }) => id))}
          >
            {t('settings.signOutOthers')}
          </button>
        </div>
      )}
    </Dialog>
  );
};

const Item = ({ session, isBusy, onSignOut }: { session: Session; isBusy: boolean; onSignOut: () => void }) => {
  const words = useWords();
  const { t, dates } = words;
  const { current, user_agent, created_at, last_seen_at } = session;
  const name = nameOfDevice(user_agent, words);
  return (
    <li class="settings-device">
      <Icon of={deviceOf(user_agent).isPhone ? Smartphone : Monitor} />
      <div class="settings-device-text">
        <h3 title={user_agent}>{name}</h3>
        {current ? (
          <p class="settings-here">{t('settings.thisDevice')}</p>
        ) : (
          <p class="settings-soft" title={dates.full(last_seen_at)}>
            {t('app.lastSeen', { ago: dates.ago(last_seen_at) })}
          </p>
        )}
        <p class="settings-soft" title={dates.full(created_at)}>
          {t('settings.since', { ago: dates.ago(created_at) })}
        </p>
      </div>
      {!current && (
        <button
          type="button"
          class="button small"
          aria-label={t('settings.signOutNamed', { name })}
          disabled={isBusy}
          onClick={onSignOut}
        >
          {t('settings.signOut')}
        </button>
      )}
    </li>
  );
};

const nameOfDevice = (user_agent: string, { t }: Words) => {
  const { browser, system } = deviceOf(user_agent);
  if (browser && system) return t('settings.browserOn', { browser, system });
  return browser ?? system ?? (user_agent.slice(0, 40) || t('settings.unknownDevice'));
};
