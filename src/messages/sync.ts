import type { Handlers } from '../invoke.ts';
import { type Log, maxWindow, type StoredEvent } from '../ports/log.ts';
import type { LogEvent } from '../protocol/index.ts';
import { createTurnstile } from '../turnstile.ts';
import type { Presenter } from './present.ts';
import { type Backlog, createSyncCursors } from './sync-cursors.ts';
import { createSyncMemberships } from './sync-memberships.ts';

export type SyncParts = Parameters<typeof createSyncCursors>[0] &
  Parameters<typeof createSyncMemberships>[0] & { log: Log; presenter: Presenter };

const maxEvents = 1_000;
const maxBytes = 256 * 1024;
/** Events of one conversation that are read in one go. */
const maxStep = 100;
/** After an outage everybody syncs at once: so many are worked on, so many wait, the others are told when to come back. */
const turnstile = { atOnce: 32, waiting: 1_000 };

interface Reading extends Backlog {
  events: LogEvent[];
  /** The caller was removed behind the point at which the membership was looked at (G9). */
  removed: boolean;
}

/**
 * Range scans over the logs from each cursor on, one after the other in small steps until the answer is full: those with the
 * least to tell come first, none starves. Heads are read after the command arrived, so what was acked before is in it (G6).
 */
export const createSync = (parts: SyncParts): Handlers<'sync'>['sync'] => {
  const { log, presenter } = parts;
  const judge = createSyncCursors(parts);
  const memberships = createSyncMemberships(parts);

  /** Reads one step; false where the log has no more to give than it had. */
  const read = async (reading: Reading, limit: number, viewer: string): Promise<StoredEvent[]> => {
    const stored = await log.range(reading.id, reading.at, Math.min(reading.head, reading.at + limit));
    reading.removed = stored.some(event => event.seq > reading.authorisedAt && endsSight(event, viewer));
    return stored;
  };

  const inTurn = createTurnstile(turnstile);

  const sync: Handlers<'sync'>['sync'] = async (actor, { cursors, since }) => {
    const { backlogs, left } = await judge(actor, cursors);
    const readings: Reading[] = backlogs.map(backlog => ({ ...backlog, events: [], removed: false }));
    const budget = { events: Math.min(maxEvents, maxWindow), bytes: maxBytes };
    const isOpen = ({ at, head, removed }: Reading) => at < head && !removed;
    let open = readings.filter(isOpen).sort((a, b) => a.head - a.at - (b.head - b.at));
    while (open.length > 0 && budget.events > 0 && budget.bytes > 0) {
      const step = Math.min(maxStep, Math.max(1, Math.floor(budget.events / open.length)));
      for (const reading of open) {
        if (budget.events <= 0 || budget.bytes <= 0) break;
        const stored = await read(reading, Math.min(step, budget.events), actor.user_id);
        if (stored.length === 0) reading.head = reading.at;
        if (reading.removed) continue;
        for (const event of await presenter.events(stored, actor.user_id)) {
          const bytes = Buffer.byteLength(JSON.stringify(event)) + 1;
          // The first event goes through whatever its size, so that every answer gets on.
          if (bytes > budget.bytes && budget.events < maxEvents) {
            budget.bytes = 0;
            break;
          }
          reading.events.push(event);
          reading.at = event.seq;
          budget.events--;
          budget.bytes -= bytes;
        }
      }
      open = open.filter(isOpen);
    }
    const changes = await memberships(actor, since);
    const visible = readings.filter(({ removed }) => !removed);
    const gone = readings.filter(({ removed }) => removed).map(({ id }) => id);
    return {
      // An own property whatever the id, `__proto__` too.
      conversations: Object.fromEntries(visible.map(reading => [reading.id, present(reading)])),
      joined: changes.joined,
      left: [...new Set([...left, ...gone, ...changes.left])],
      since: changes.since,
      more: changes.more || visible.some(({ at, head }) => at < head),
    };
  };

  return (actor, input, call) => inTurn(async () => await sync(actor, input, call));
};

const present = ({ events, head, floor, limited, reset }: Reading) => ({
  events,
  head,
  floor,
  ...(limited && { limited }),
  ...(reset && { reset }),
});

const endsSight = ({ kind, payload }: StoredEvent, user_id: string) =>
  kind === 'deleted' || ((kind === 'left' || kind === 'removed' || kind === 'banned') && payload.user_id === user_id);
