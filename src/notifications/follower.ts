import { createHash } from 'node:crypto';
import type { States } from '../conversations/state.ts';
import { createFollower, type Follower, type FollowerParts } from '../messages/follow.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { StoredEvent } from '../ports/log.ts';
import type { NotificationRow, NotificationStore } from '../ports/storage.ts';
import { createRecipients, type RecipientParts } from './recipients.ts';

export interface NotifierParts
  extends Pick<FollowerParts, 'publisher' | 'onError' | 'delay' | 'interval'>,
    Omit<RecipientParts, 'log'> {
  log: FollowerParts['log'] & RecipientParts['log'];
  notifications: NotificationStore;
  states: Pick<States, 'fresh'>;
  cluster: Pick<Cluster, 'instance_id' | 'notify'>;
}

/** A position costs a transaction, hence not one for each conversation in which somebody speaks. */
const maxEventsUnwritten = 1_000;
const maxUnwritten = 10_000;

/**
 * Records notifications: each event once per person, whatever dies, as rows and position are written as one and a row is known by
 * conversation, seq and person. The consumer bears the log's epoch, so that after a backup was put back it reads the log anew. The
 * live notice comes at most once.
 */
export const createNotifier = ({
  notifications,
  states,
  cluster,
  storage,
  users,
  ...parts
}: NotifierParts): Follower => {
  const consumer = `notifications ${parts.log.epoch}`;
  const recipients = createRecipients({ log: parts.log, storage, users });

  const rowsOf = async (events: StoredEvent[]): Promise<NotificationRow[]> => {
    const concerned = events.filter(mayConcern);
    const [first] = concerned;
    if (!first) return [];
    const state = await states.fresh(first.conversation_id);
    if (!state || state.deleted) return [];
    const rows: NotificationRow[] = [];
    for (const event of concerned) {
      for (const [user_id, kind] of await recipients(event, state)) rows.push(rowOf(event, user_id, kind));
    }
    return rows;
  };

  /** Per conversation, how many events since its position was written. */
  const unwritten = new Map<string, number>();
  /** Events that notify nobody move the position in memory only, up to so many: those are looked at again after a restart, and notify nobody. */
  const isWorthWriting = (id: string, events: number, rows: number) => {
    const since = (unwritten.get(id) ?? 0) + events;
    if (unwritten.size >= maxUnwritten) unwritten.clear();
    const write = rows > 0 || since >= maxEventsUnwritten;
    if (write) unwritten.delete(id);
    else unwritten.set(id, since);
    return write;
  };

  return createFollower({
    ...parts,
    stamp: () => notifications.stamp(consumer),
    setStamp: stamp => notifications.setStamp(consumer, stamp),
    position: async id => (await notifications.position(consumer, id)) ?? 0,
    async handle(id, events) {
      const rows = await rowsOf(events);
      if (!isWorthWriting(id, events.length, rows.length)) return;
      const recorded = await notifications.record(consumer, id, events.at(-1)?.seq ?? 0, rows);
      for (const { user_id, id: notification_id } of recorded)
        cluster.notify('notification', { user_id, notification_id, instance_id: cluster.instance_id });
    },
  });
};

/** Without reading anything: most events concern nobody, but in a direct conversation every message does. */
const mayConcern = ({ kind }: StoredEvent) => kind === 'message' || kind === 'joined';

const rowOf = (event: StoredEvent, user_id: string, kind: NotificationRow['kind']): NotificationRow => ({
  id: notificationId(event, user_id),
  user_id,
  kind,
  conversation_id: event.conversation_id,
  seq: event.seq,
  message_id: event.kind === 'message' ? event.id : null,
  from_id: event.from,
  created_at: event.date,
  read_at: null,
});

/** Sorts by the event's date, then its seq; the same for the same event and person, so that two notifiers make one. */
const notificationId = ({ id, date, seq }: StoredEvent, user_id: string) => {
  const hash = createHash('sha256').update(`${id} ${user_id}`).digest('hex').slice(0, 16);
  return `${Date.parse(date).toString(36).padStart(9, '0')}.${seq.toString(36).padStart(8, '0')}.${hash}`;
};
