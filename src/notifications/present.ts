import type { Visibility } from '../messages/visibility.ts';
import type { Log } from '../ports/log.ts';
import type { NotificationRow, NotificationStore } from '../ports/storage.ts';
import { excerpt } from '../protocol/excerpt.ts';
import type { Notification, User } from '../protocol/index.ts';

export interface NotificationPresenterParts {
  notifications: Pick<NotificationStore, 'list'>;
  log: Pick<Log, 'messageAt'>;
  people: { get(ids: Iterable<string>): Promise<Map<string, User>> };
  visibility: Visibility;
}

export interface NotificationPresenter {
  many(user_id: string, rows: NotificationRow[]): Promise<Notification[]>;
  /** For the live event; undefined where the user has no such notification. */
  one(user_id: string, notification_id: string): Promise<Notification | undefined>;
}

/** Notifications hold no text: a preview is read from the log, as far as its owner may still have it. */
export const createNotificationPresenter = ({
  notifications,
  log,
  people,
  visibility,
}: NotificationPresenterParts): NotificationPresenter => {
  const preview = async (user_id: string, row: NotificationRow, floor: number): Promise<string> => {
    if (row.message_id === null || row.seq < floor) return '';
    const folded = await log.messageAt(row.conversation_id, row.seq, user_id);
    if (folded?.event.id !== row.message_id || folded.event.payload.unsent) return '';
    return excerpt(folded.event.payload.message ?? '');
  };

  const many: NotificationPresenter['many'] = async (user_id, rows) => {
    const names = await people.get(new Set(rows.map(row => row.from_id)));
    const floors = new Map<string, number>();
    for (const { conversation_id } of rows) {
      if (!floors.has(conversation_id)) floors.set(conversation_id, await visibility.of(conversation_id, user_id));
    }
    return Promise.all(
      rows.map(async row => ({
        id: row.id,
        kind: row.kind,
        conversation_id: row.conversation_id,
        seq: row.seq,
        message_id: row.message_id,
        from: names.get(row.from_id) ?? { id: row.from_id, username: '', full_name: '' },
        preview: await preview(user_id, row, floors.get(row.conversation_id) ?? Number.POSITIVE_INFINITY),
        date: row.created_at,
        read: row.read_at !== null,
      })),
    );
  };

  return {
    many,
    async one(user_id, notification_id) {
      // `~` sorts behind whatever an id holds: the first row before it is the one, if there is one.
      const [row] = await notifications.list(user_id, { before: `${notification_id}~`, limit: 1 });
      if (row?.id !== notification_id) return undefined;
      return (await many(user_id, [row]))[0];
    },
  };
};
