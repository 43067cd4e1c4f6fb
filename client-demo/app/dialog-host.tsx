import type { User } from 'parley/client';
import { useCallback } from 'preact/hooks';
import { Inbox } from '../notify/inbox.tsx';
import { FindPeople } from '../people/find-people.tsx';
import { Invite } from '../people/invite.tsx';
import { Readers } from '../people/readers.tsx';
import { ConversationSettings } from '../rooms/conversation-settings.tsx';
import { Directory } from '../rooms/directory.tsx';
import { NewConversation } from '../rooms/new-conversation.tsx';
import { Devices } from '../settings/devices.tsx';
import { Preferences } from '../settings/preferences.tsx';
import { Profile } from '../settings/profile.tsx';
import { Shortcuts } from '../settings/shortcuts.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { useObservable } from '../ui/state.ts';
import { useApp } from './context.ts';

/** The dialog that is open, if any. */
export const DialogHost = ({ me }: { me: User }) => {
  const { dialogs } = useApp();
  const dialog = useObservable(dialogs);
  // What a dialog began may end after it was left: that closes no other one.
  const onClose = useCallback(() => {
    if (dialogs.get() === dialog) dialogs.close();
  }, [dialogs, dialog]);
  switch (dialog?.name) {
    case undefined:
      return null;
    case 'directory':
      return <Directory onClose={onClose} />;
    case 'new-group':
      return <NewConversation kind="group" onClose={onClose} />;
    case 'new-room':
      return <NewConversation kind="room" onClose={onClose} />;
    case 'find-people':
      return <FindPeople onClose={onClose} />;
    case 'invite':
      return <Invite conversation_id={dialog.conversation_id} onClose={onClose} />;
    case 'conversation-settings':
      return <ConversationSettings conversation_id={dialog.conversation_id} onClose={onClose} />;
    case 'readers':
      return <Readers message_id={dialog.message_id} onClose={onClose} />;
    case 'profile':
      return <Profile me={me} onClose={onClose} />;
    case 'devices':
      return <Devices onClose={onClose} />;
    case 'settings':
      return <Preferences onClose={onClose} />;
    case 'inbox':
      return <Inbox onClose={onClose} />;
    case 'shortcuts':
      return <Shortcuts onClose={onClose} />;
    case 'confirm':
      return <Confirm {...dialog} onClose={onClose} />;
  }
};
