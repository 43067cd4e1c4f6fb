import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../errors.ts';
import type { Log, NewEvent, StoredEvent } from '../ports/log.ts';
import type { Publisher } from '../ports/publisher.ts';
import { type ConversationStore, type OutboxEntry, outboxClientId } from '../ports/storage.ts';

/** Entries that one append takes; the writer's batches are twice as large. */
export const entriesAtOnce = 100;

/** An entry as it goes into the log. */
export const eventOfEntry = (entry: OutboxEntry): NewEvent => ({
  ...entry.event,
  client_id: outboxClientId(entry),
  payload: { ...entry.event.payload, version: entry.version },
});

/** Whose row says where this entry stands in the log: a joining, or a ban. */
const placedUser = ({ event: { kind, from, payload } }: OutboxEntry): string | undefined => {
  if (kind === 'created') return payload.conversation_kind === 'lobby' ? undefined : from;
  return kind === 'joined' || kind === 'banned' ? payload.user_id : undefined;
};

/** After all of `entries` are in the log, as `events`: tells SQL where the joinings and bans stand, then forgets the entries. */
export const finishEntries = async (
  storage: ConversationStore,
  conversation_id: string,
  entries: OutboxEntry[],
  events: StoredEvent[],
): Promise<void> => {
  const places = entries.map(async (entry, index) => {
    const event = events[index];
    const user_id = placedUser(entry);
    if (event && user_id !== undefined) {
      await storage.setJoined(conversation_id, user_id, entry.version, event.seq, event.n);
    }
  });
  await Promise.all(places);
  const last = entries.at(-1);
  if (last) await storage.outboxDone(conversation_id, last.version);
};

export interface PendingEntriesParts {
  storage: ConversationStore;
  log: Log;
  publisher: Publisher;
}

/**
 * Completes a conversation's outbox straight through the log, for a conversation that no writer of this instance is at:
 * when its state is being loaded. Other instances may do the same meanwhile; the client_ids keep it to one event each, and
 * whoever appends begins at the oldest entry, so that versions stand in order.
 */
export const createPendingEntries =
  ({ storage, log, publisher }: PendingEntriesParts) =>
  async (conversation_id: string): Promise<void> => {
    for (;;) {
      const entries = await storage.outbox({ conversation_id, limit: entriesAtOnce });
      if (entries.length === 0) return;
      const events = await appendInOrder(log, conversation_id, entries.map(eventOfEntry));
      publisher.publish(conversation_id, events);
      await finishEntries(storage, conversation_id, entries, events);
      if (entries.length < entriesAtOnce) return;
    }
  };

/** Each event once, in this order, wherever the head is; returns the originals of those that were there already. */
const appendInOrder = async (log: Log, conversation_id: string, events: NewEvent[]): Promise<StoredEvent[]> => {
  const done: StoredEvent[] = [];
  for (let attempt = 0; attempt < 200; attempt++) {
    const { stored, conflict } = await log.append(
      conversation_id,
      await log.head(conversation_id),
      events.slice(done.length),
    );
    done.push(...stored);
    if (conflict?.on === 'client_id') done.push(conflict.original);
    if (done.length === events.length) return done;
    if (conflict?.on === 'seq' && attempt > 2) await sleep(Math.random() * 20);
  }
  throw new ParleyError('unavailable', { cause: new Error('others kept appending first') });
};
