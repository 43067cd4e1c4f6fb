import type { Handlers } from '../invoke.ts';
import { type Clock, isoDate } from '../ports/clock.ts';
import type { NotificationStore } from '../ports/storage.ts';
import type { NotificationPresenter } from './present.ts';

export interface NotificationParts {
  notifications: NotificationStore;
  presenter: NotificationPresenter;
  clock: Clock;
}

const defaultLimit = 50;

/** The inbox: always the caller's own. */
export const createNotificationHandlers = ({
  notifications,
  presenter,
  clock,
}: NotificationParts): Handlers<'notification:list' | 'notification:read'> => ({
  async 'notification:list'(actor, { after, limit = defaultLimit, unread }) {
    const [rows, count] = await Promise.all([
      notifications.list(actor.user_id, { before: after, unread, limit: limit + 1 }),
      notifications.countUnread(actor.user_id),
    ]);
    const page = rows.slice(0, limit);
    const has_more = rows.length > limit;
    const last = page.at(-1);
    return {
      items: await presenter.many(actor.user_id, page),
      has_more,
      ...(has_more && last && { next: last.id }),
      unread: count,
    };
  },
  async 'notification:read'(actor, { ids }) {
    await notifications.markRead(actor.user_id, ids, isoDate(clock.now()));
    return { unread: await notifications.countUnread(actor.user_id) };
  },
});
