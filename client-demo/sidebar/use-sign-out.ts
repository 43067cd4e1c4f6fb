import type { User } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { isGuest } from '../app/guest.ts';

/** Signs out; asks before where one cannot come back at once, something would be left unsent, or a draft or an account be lost. */
export const useSignOut = (me: User) => {
  const { client, dialogs, notices, drafts } = useApp();
  const { t } = useWords();
  return () => {
    const count = client.outbox.get().length;
    const begun = Object.keys(drafts.get()).length;
    const { status, error } = client.connection.get();
    const isAway = status === 'waiting' || (status === 'connecting' && error !== undefined);
    const reasons = [
      ...(isGuest(me) ? [t('sidebar.signOutGuest')] : []),
      ...(isAway && !isGuest(me) ? [t('sidebar.signOutOffline')] : []),
      ...(count > 0 ? [t('sidebar.signOutUnsent', { count })] : []),
      ...(begun > 0 ? [t('sidebar.signOutDrafts', { count: begun })] : []),
    ];
    if (reasons.length === 0) {
      client.signOut().catch(notices.fail);
      return;
    }
    dialogs.open({
      name: 'confirm',
      title: t('sidebar.signOutTitle'),
      text: reasons.join(' '),
      action: t('sidebar.signOut'),
      run: client.signOut,
    });
  };
};
