import { Hash, Plus } from 'lucide';
import type { Room } from 'parley/client';
import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import { ConversationAvatar } from '../ui/conversation-avatar.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { SearchInput } from '../ui/search-input.tsx';
import { type Ask, typingMs, usePages } from '../ui/use-pages.ts';
import './rooms.css';

const ask: Ask<Room> = (client, q, after) =>
  client.call('conversation:directory', { limit: 50, ...(q && { q }), ...(after !== undefined && { after }) });

/** The public rooms, to look through, enter and open. */
export const Directory = ({ onClose }: { onClose: () => void }) => {
  const { dialogs } = useApp();
  const words = useWords();
  const { t } = words;
  const [written, setWritten] = useState('');
  const text = written.trim().slice(0, 80);
  const { items: rooms, hasMore, isLoading, error, loadMore } = usePages(text, ask, text ? typingMs : 0);
  const createRoom = () => dialogs.open({ name: 'new-room' });
  return (
    <Dialog title={t('rooms.directory')} size="large" onClose={onClose}>
      <div class="dialog-body rooms-body">
        <SearchInput
          label={t('rooms.searchLabel')}
          value={written}
          onValue={setWritten}
          placeholder={t('rooms.searchPlaceholder')}
          autofocus
        />
        {error && (
          <p class="form-error" role="alert">
            {errorText(words, error)}
          </p>
        )}
        {!rooms && !error && <p class="empty">{t('app.loading')}</p>}
        {rooms?.length === 0 && (
          <div class="empty">
            <Icon of={Hash} />
            <h3>{t(text ? 'rooms.noneFound' : 'rooms.noRooms', { text })}</h3>
            <p>{t('rooms.noRoomsText')}</p>
          </div>
        )}
        {rooms && rooms.length > 0 && (
          <ul class="rooms-list" aria-busy={isLoading}>
            {rooms.map(room => (
              <Item key={room.id} room={room} onClose={onClose} />
            ))}
          </ul>
        )}
        {hasMore && (
          <button type="button" class="button small rooms-more" disabled={isLoading} onClick={loadMore}>
            {t('rooms.showMore')}
          </button>
        )}
      </div>
      <div class="dialog-foot">
        <button type="button" class="button" onClick={createRoom}>
          <Icon of={Plus} />
          {t('rooms.createRoom')}
        </button>
      </div>
    </Dialog>
  );
};

const Item = ({ room, onClose }: { room: Room; onClose: () => void }) => {
  const { client, route, notices } = useApp();
  const { t } = useWords();
  const [isBusy, setBusy] = useState(false);
  const { id, name, topic, members, joined } = room;
  const enter = async () => {
    setBusy(true);
    try {
      if (!joined) await client.join({ conversation_id: id });
      onClose();
      route.go({ conversation_id: id });
    } catch (error) {
      notices.fail(error);
      setBusy(false);
    }
  };
  const title = name ?? '';
  return (
    <li class="rooms-item">
      <ConversationAvatar conversation={room} />
      <div class="rooms-text">
        <h3 class="rooms-name" dir="auto">
          {title}
        </h3>
        {topic && (
          <p class="rooms-topic" dir="auto">
            {topic}
          </p>
        )}
        <p class="rooms-count">{t('rooms.memberCount', { count: members })}</p>
      </div>
      <button
        type="button"
        class={`button small ${joined ? '' : 'rooms-join'}`}
        aria-label={t(joined ? 'rooms.openNamed' : 'rooms.joinNamed', { title })}
        disabled={isBusy}
        onClick={enter}
      >
        {t(joined ? 'rooms.open' : 'rooms.join')}
      </button>
    </li>
  );
};
