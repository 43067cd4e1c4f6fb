import type { Room } from 'parley/client';
import { useApp, useWords } from '../app/context.ts';
import { ConversationAvatar } from '../ui/conversation-avatar.tsx';
import { titleOf } from '../ui/names.ts';
import { type Ask, typingMs, usePages } from '../ui/use-pages.ts';
import { FoundGroup } from './found-group.tsx';
import { FoundRow } from './found-row.tsx';

const ask: Ask<Room> = (client, q, after) =>
  client.call('conversation:directory', { q, limit: 10, ...(after && { after }) });

/** Public rooms that the person has not joined: those are among the conversations. */
export const FoundRooms = ({ query, onDone }: { query: string; onDone: () => void }) => {
  const { client, route, notices } = useApp();
  const words = useWords();
  const { t } = words;
  const pages = usePages(query, ask, typingMs);
  const join = async (conversation_id: string) => {
    try {
      await client.join({ conversation_id });
      route.go({ conversation_id });
      onDone();
    } catch (error) {
      notices.fail(error);
    }
  };
  return (
    <FoundGroup
      title={t('sidebar.rooms')}
      nothing={t('sidebar.noRooms')}
      items={(pages.items ?? []).filter(({ joined }) => !joined)}
      pages={pages}
    >
      {room => (
        <FoundRow
          key={room.id}
          avatar={<ConversationAvatar conversation={room} />}
          title={titleOf(room, words)}
          end={t('sidebar.join')}
          onOpen={() => void join(room.id)}
        >
          <span class="sidebar-line">
            <span class="sidebar-line-text" dir="auto">
              {room.topic
                ? t('sidebar.membersAndTopic', { count: room.members, topic: room.topic })
                : t('sidebar.members', { count: room.members })}
            </span>
          </span>
        </FoundRow>
      )}
    </FoundGroup>
  );
};
