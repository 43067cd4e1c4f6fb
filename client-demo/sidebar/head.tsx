import {
  Bell,
  Compass,
  Hash,
  Keyboard,
  LogOut,
  MessageCirclePlus,
  MonitorSmartphone,
  Settings,
  SquarePen,
  UserRound,
  Users,
} from 'lucide';
import type { User } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Icon } from '../ui/icon.tsx';
import { MenuButton } from '../ui/menu.tsx';
import { nameOf } from '../ui/names.ts';
import { Badge } from './badge.tsx';
import { useSignOut } from './use-sign-out.ts';
import { useUnreadNotices } from './use-unread-notices.ts';
import './head.css';

/** Who is signed in and what they may do with their account; the inbox; and what can be begun. */
export const Head = ({ me }: { me: User }) => {
  const { dialogs } = useApp();
  const words = useWords();
  const { t } = words;
  const unread = useUnreadNotices();
  const signOut = useSignOut(me);
  const inboxLabel = unread > 0 ? t('sidebar.inboxUnread', { count: unread }) : t('sidebar.inbox');
  return (
    <header class="sidebar-head">
      <MenuButton
        class="sidebar-me"
        label={t('sidebar.account', { name: nameOf(me, words) })}
        items={[
          { label: t('sidebar.profile'), icon: UserRound, run: () => dialogs.open({ name: 'profile' }) },
          { label: t('sidebar.devices'), icon: MonitorSmartphone, run: () => dialogs.open({ name: 'devices' }) },
          { label: t('sidebar.settings'), icon: Settings, run: () => dialogs.open({ name: 'settings' }) },
          { label: inboxLabel, icon: Bell, run: () => dialogs.open({ name: 'inbox' }) },
          { label: t('sidebar.shortcuts'), icon: Keyboard, run: () => dialogs.open({ name: 'shortcuts' }) },
          { label: t('sidebar.signOut'), icon: LogOut, danger: true, run: signOut },
        ]}
      >
        <Avatar id={me.id} name={me.full_name || me.username} size="small" />
      </MenuButton>
      <h1>{t('sidebar.title')}</h1>
      <button
        type="button"
        class="icon-button sidebar-inbox"
        title={inboxLabel}
        onClick={() => dialogs.open({ name: 'inbox' })}
      >
        <Icon of={Bell} />
        <span class="unseen">{inboxLabel}</span>
        {unread > 0 && <Badge count={unread} />}
      </button>
      <MenuButton
        label={t('sidebar.new')}
        items={[
          {
            label: t('sidebar.newMessage'),
            icon: MessageCirclePlus,
            run: () => dialogs.open({ name: 'find-people' }),
          },
          { label: t('sidebar.newGroup'), icon: Users, run: () => dialogs.open({ name: 'new-group' }) },
          { label: t('sidebar.newRoom'), icon: Hash, run: () => dialogs.open({ name: 'new-room' }) },
          { label: t('sidebar.browse'), icon: Compass, run: () => dialogs.open({ name: 'directory' }) },
        ]}
      >
        <Icon of={SquarePen} />
      </MenuButton>
    </header>
  );
};
