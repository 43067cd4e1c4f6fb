import type { Profile as ProfileFacts, User } from 'parley/client';
import { useEffect, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { isGuest } from '../app/guest.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { nameOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';
import { ChangePassword } from './change-password.tsx';
import { EraseAccount } from './erase-account.tsx';
import { NameForm } from './name-form.tsx';
import './settings.css';

/** One's own account: name, address, password, and its end. */
export const Profile = ({ me, onClose }: { me: User; onClose: () => void }) => {
  const words = useWords();
  const { t } = words;
  const profile = useProfile();
  const name = nameOf(me, words);
  return (
    <Dialog title={t('settings.profile')} onClose={onClose}>
      <div class="dialog-body settings-body">
        <div class="settings-me">
          <Avatar id={me.id} name={name} size="large" />
          <div class="settings-me-text">
            <p class="settings-me-name" dir="auto">
              {name}
            </p>
            <p class="settings-soft">
              <bdi>{t('people.handle', me)}</bdi>
            </p>
          </div>
        </div>
        <NameForm me={me} profile={profile} />
        {isGuest(me) ? (
          <p class="settings-section settings-soft">{t('settings.guest')}</p>
        ) : (
          <>
            <details class="settings-section">
              <summary>{t('settings.changePassword')}</summary>
              <ChangePassword username={me.username} />
            </details>
            <details class="settings-section danger">
              <summary>{t('settings.erase')}</summary>
              <EraseAccount username={me.username} />
            </details>
          </>
        )}
      </div>
    </Dialog>
  );
};

/** What only the person themselves sees of their account; undefined until it is known. */
const useProfile = (): ProfileFacts | undefined => {
  const { client, notices } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const [profile, setProfile] = useState<ProfileFacts>();
  useEffect(() => {
    let isCurrent = true;
    client.call('account:profile', {}).then(
      answer => isCurrent && setProfile(answer),
      error => isCurrent && notices.fail(error),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, notices, isOnline]);
  return profile;
};
