import type { Server } from 'socket.io';
import type { Cluster } from '../ports/cluster.ts';
import type { Notification } from '../protocol/index.ts';
import type { Logger } from './logger.ts';
import { userRoom } from './namespace.ts';
import type { Sockets } from './sockets.ts';

export interface NotificationParts {
  cluster: Pick<Cluster, 'instance_id' | 'on'>;
  sockets: Pick<Sockets, 'ofUser' | 'toSocket'>;
  /** The namespace, where an adapter carries what is emitted there to all instances. */
  shared: ReturnType<Server['of']> | undefined;
  load: (user_id: string, notification_id: string) => Promise<Notification | undefined>;
  logger: Logger;
}

/**
 * Tells new entries of the inbox to their owner's sockets in `/notifications`: with an adapter the instance that recorded it tells all
 * of them, else each instance its own. Returns how to stop.
 */
export const tellNotifications = ({ cluster, sockets, shared, load, logger }: NotificationParts): (() => void) => {
  const tell = (user_id: string, notification: Notification) => {
    if (shared) shared.to(userRoom(user_id)).emit('notification:created', notification);
    else for (const local of sockets.ofUser(user_id)) sockets.toSocket(local.id, 'notification:created', notification);
  };

  return cluster.on('notification', ({ user_id, notification_id, instance_id }) => {
    const isMine = shared ? instance_id === cluster.instance_id : sockets.ofUser(user_id).size > 0;
    if (!isMine) return;
    load(user_id, notification_id)
      .then(notification => {
        if (notification) tell(user_id, notification);
      })
      // Nothing is lost: it is in the inbox.
      .catch(error => logger.warn('notification_not_told', { cause: error }));
  });
};
