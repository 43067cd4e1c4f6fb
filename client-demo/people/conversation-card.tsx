import { Settings, UserPlus } from 'lucide';
import type { Summary, User } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { mayInvite, type Standing } from '../rooms/may.ts';
import { ConversationAvatar } from '../ui/conversation-avatar.tsx';
import { Icon } from '../ui/icon.tsx';
import { titleOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';

const kinds = {
  lobby: 'people.kindLobby',
  room: 'people.kindRoom',
  group: 'people.kindGroup',
} as const;

/** What a conversation is: its name, its topic and what can be done with it; of a direct one, the other person. */
export const ConversationCard = ({ summary, mine }: { summary: Summary; mine: Standing }) => {
  const { dialogs } = useApp();
  const words = useWords();
  const { t } = words;
  const { id: conversation_id, kind, peer, topic } = summary;
  return (
    <section class="members-card">
      <ConversationAvatar conversation={summary} size="large" />
      <h3 class="members-card-title" dir="auto">
        {titleOf(summary, words)}
      </h3>
      {kind === 'direct' ? (
        peer?.username && <PersonFacts user={peer} />
      ) : (
        <>
          <p class="members-card-soft">{t(kinds[kind])}</p>
          {topic && (
            <p class="members-card-topic" dir="auto">
              {topic}
            </p>
          )}
          <div class="members-card-actions">
            {mayInvite(mine) && (
              <button
                type="button"
                class="button small"
                onClick={() => dialogs.open({ name: 'invite', conversation_id })}
              >
                <Icon of={UserPlus} />
                {t('people.invite')}
              </button>
            )}
            <button
              type="button"
              class="button small"
              onClick={() => dialogs.open({ name: 'conversation-settings', conversation_id })}
            >
              <Icon of={Settings} />
              {t('people.settings')}
            </button>
          </div>
        </>
      )}
    </section>
  );
};

const PersonFacts = ({ user }: { user: User }) => {
  const { t, dates } = useWords();
  const presence = useObservable(useApp().client.presence(user.id));
  const seen = presence?.last_seen_at;
  return (
    <>
      <p class="members-card-soft">
        <bdi>{t('people.handle', user)}</bdi>
      </p>
      <p class={presence?.status === 'online' ? 'members-card-online' : 'members-card-soft'}>
        {presence?.status === 'online' ? t('app.online') : seen && t('app.lastSeen', { ago: dates.ago(seen) })}
      </p>
    </>
  );
};
