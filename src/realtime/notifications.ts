import type { Cluster } from '../ports/cluster.ts';
import type { Notification } from '../protocol/index.ts';
import type { Logger } from './logger.ts';
import type { Sockets } from './sockets.ts';

/** Tells new entries of the inbox to their owner's sockets in `/notifications`. Returns how to stop. */
export const tellNotifications = ({
  cluster,
  sockets,
  load,
  logger,
}: {
  cluster: Pick<Cluster, 'on'>;
  sockets: Pick<Sockets, 'ofUser' | 'toSocket'>;
  load: (user_id: string, notification_id: string) => Promise<Notification | undefined>;
  logger: Logger;
}): (() => void) =>
  cluster.on('notification', ({ user_id, notification_id }) => {
    if (sockets.ofUser(user_id).size === 0) return;
    load(user_id, notification_id)
      .then(notification => {
        if (!notification) return;
        for (const local of sockets.ofUser(user_id)) sockets.toSocket(local.id, 'notification:created', notification);
      })
      // Nothing is lost: it is in the inbox.
      .catch(error => logger.warn('notification_not_told', { cause: error }));
  });
