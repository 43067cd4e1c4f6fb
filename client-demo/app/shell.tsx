import { MessagesSquare } from 'lucide';
import type { User } from 'parley/client';
import { useEffect } from 'preact/hooks';
import { useOnlyText } from '../composer/use-only-text.ts';
import { ConnectionBanner } from '../connection/connection-banner.tsx';
import { useAlerts } from '../notify/use-alerts.ts';
import { MembersPanel } from '../people/members-panel.tsx';
import { Sidebar } from '../sidebar/sidebar.tsx';
import { ConversationView } from '../timeline/conversation-view.tsx';
import { Icon } from '../ui/icon.tsx';
import { useObservable } from '../ui/state.ts';
import { useMedia } from '../ui/use-media.ts';
import { useApp, useWords } from './context.ts';
import { DialogHost } from './dialog-host.tsx';
import { useShortcuts } from './shortcuts.ts';
import './shell.css';

/** Who is signed in sees: the conversations, one of them, and who is in it. One of the three on phones. */
export const Shell = ({ me }: { me: User }) => {
  const { route, client, dialogs } = useApp();
  const { conversation_id, panel } = useObservable(route);
  const shows = panel ?? (conversation_id === undefined ? 'list' : 'conversation');
  const isPhone = useMedia('(width < 48rem)');
  const isTablet = useMedia('(width < 68rem)');
  // As shell.css has it: the list or the members stand in its place.
  const isMainHidden = (isPhone && shows === 'list') || (isTablet && shows === 'members');
  useShortcuts();
  useAlerts();
  useOnlyText();
  // Back and forward lead to another place, which nothing is to lie on.
  useEffect(() => {
    addEventListener('popstate', dialogs.close);
    return () => removeEventListener('popstate', dialogs.close);
  }, [dialogs]);
  useEffect(() => {
    // Where there is room for both, nobody begins with nothing.
    if (route.get().conversation_id === undefined && matchMedia('(width >= 48rem)').matches)
      route.replace({ conversation_id: 'lobby' });
  }, [route]);
  return (
    <div class="app" data-shows={shows}>
      <ConnectionBanner />
      <div class="shell" role={isMainHidden ? 'main' : undefined}>
        <Sidebar me={me} />
        <main class="main">
          {conversation_id === undefined ? (
            <NothingOpen />
          ) : (
            <ConversationView key={conversation_id} chat={client.conversation(conversation_id)} me={me} />
          )}
        </main>
        {panel === 'members' && conversation_id !== undefined && (
          <MembersPanel key={conversation_id} conversation_id={conversation_id} />
        )}
      </div>
      <DialogHost me={me} />
    </div>
  );
};

const NothingOpen = () => {
  const { t } = useWords();
  return (
    <div class="empty">
      <Icon of={MessagesSquare} />
      <h2>{t('app.emptyTitle')}</h2>
      <p>{t('app.emptyText')}</p>
    </div>
  );
};
