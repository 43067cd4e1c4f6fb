import type { StoredEvent } from '../ports/log.ts';
import type { Room } from './sockets.ts';

/** Events fetched and emitted in one go: few enough that the queue of a client that reads holds them. */
export const fetchWindow = 100;
/** Published events kept per conversation while a fetch runs; beyond it they are fetched again. */
const maxWaiting = 1_000;

/** Keeps published events until their turn comes. */
export const wait = (room: Room, events: StoredEvent[]): void => {
  const last = events.at(-1);
  if (!last || last.seq <= room.position) return;
  room.target = Math.max(room.target, last.seq);
  if (room.waiting.length + events.length <= maxWaiting) room.waiting.push(...events);
};

/** Takes the events that follow the position out of `waiting`, which is sorted and rid of what is behind. */
export const nextRun = (room: Room): StoredEvent[] => {
  if (room.waiting.length === 0) return [];
  const ahead = room.waiting.filter(event => event.seq > room.position).sort((a, b) => a.seq - b.seq);
  const run: StoredEvent[] = [];
  let taken = 0;
  for (const event of ahead) {
    const expected = room.position + run.length + 1;
    if (event.seq > expected || run.length === fetchWindow) break;
    taken += 1;
    if (event.seq === expected) run.push(event);
  }
  room.waiting = ahead.slice(taken);
  return run;
};
