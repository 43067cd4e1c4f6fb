import type { Log, StoredEvent } from '../ports/log.ts';
import type { LogEvent } from '../protocol/index.ts';
import { isTheirEnd } from './membership.ts';
import type { LocalSocket, Room } from './sockets.ts';
import { fetchWindow } from './waiting.ts';
import { writeEvents } from './write-events.ts';

/**
 * Writes to a user's sockets what a room has emitted without them, from `seq` to its position, which must not move meanwhile. Resolves
 * with `there`, with `gone` where it ends with their leaving, or, where the delivery was paused, with the seq to go on from.
 */
export const createCatchUp =
  ({
    log,
    present,
    isPaused,
  }: {
    log: Pick<Log, 'range'>;
    present: (events: StoredEvent[]) => LogEvent[] | Promise<LogEvent[]>;
    isPaused: () => boolean;
  }) =>
  async (room: Room, late: LocalSocket[], user_id: string, seq: number): Promise<'there' | 'gone' | number> => {
    let after = seq - 1;
    while (after < room.position) {
      const stored = await log.range(room.id, after, Math.min(after + fetchWindow, room.position));
      const end = stored.findIndex(event => isTheirEnd(event, user_id));
      const theirs = end < 0 ? stored : stored.slice(0, end + 1);
      const events = await present(theirs);
      if (isPaused()) return after + 1;
      if (events.length > 0) writeEvents(late, events);
      if (end >= 0) return 'gone';
      after = stored.at(-1)?.seq ?? room.position;
      await new Promise(resolve => setImmediate(resolve));
    }
    return 'there';
  };
