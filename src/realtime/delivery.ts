import type { Clock } from '../ports/clock.ts';
import type { Log, StoredEvent } from '../ports/log.ts';
import type { Publisher } from '../ports/publisher.ts';
import { eventNames, type LogEvent } from '../protocol/index.ts';
import { moveAfter, moveBefore, movesMembers, newcomersIn, noteLeaving } from './membership.ts';
import { createPacket, eventText, type Packet } from './packet.ts';
import type { LocalSocket, Room, Sockets } from './sockets.ts';

export interface DeliveryParts {
  log: Pick<Log, 'head' | 'heads' | 'range'>;
  publisher: Publisher;
  /** Resolves names; synchronous where it knows them all. */
  present: (events: StoredEvent[]) => LogEvent[] | Promise<LogEvent[]>;
  sockets: Sockets;
  clock: Clock;
  onError: (error: unknown, facts: { conversation_id: string; attempt: string }) => void;
  /** Called before anything is delivered; may pause. */
  before?: () => void;
  /** Milliseconds from the date of an event to its emission. */
  delivered?: (ms: number) => void;
}

/**
 * Emits log events to the local sockets: of each conversation in seq order and without a gap (G12), whatever the order in which
 * they are published. A missing piece is fetched from the log, one fetch at a time per conversation; later events wait.
 */
export interface Delivery {
  /** Puts a socket into conversations; resolves when their positions are known, so that whatever is appended from then on reaches it. */
  admit(local: LocalSocket, conversation_ids: string[]): Promise<void>;
  /** The log reaches to this seq: fetches what was not published here. */
  reached(conversation_id: string, seq: number): void;
  /** Between the two nothing is emitted. */
  pause(): void;
  resume(): void;
  start(): void;
  stop(): void;
}

/** Events fetched and emitted in one go: few enough that the queue of a client that reads holds them. */
const fetchWindow = 100;
/** Published events kept per conversation while a fetch runs; beyond it they are fetched again. */
const maxWaiting = 1_000;
/** Milliseconds before a failed fetch or presentation is tried again. */
const retryMs = 500;

export const createDelivery = ({
  log,
  publisher,
  present,
  sockets,
  clock,
  onError,
  before,
  delivered,
}: DeliveryParts): Delivery => {
  let paused = false;
  let stopped = false;
  let unsubscribe: (() => void) | undefined;

  const onPublished = (conversation_id: string, events: StoredEvent[]) => {
    before?.();
    const room = sockets.rooms.get(conversation_id) ?? roomForNewcomers(conversation_id, events);
    const [first] = events;
    if (!room || !first) return;
    if (room.busy || paused || room.waiting.length > 0 || first.seq !== room.position + 1) {
      wait(room, events);
      advance(room);
    } else deliver(room, events);
  };

  /** Nobody here is in the conversation, but somebody here is just joining it. */
  const roomForNewcomers = (conversation_id: string, events: StoredEvent[]): Room | undefined => {
    const joins = newcomersIn(sockets, events);
    if (joins) return sockets.open(conversation_id, joins.seq - 1);
    noteLeaving(sockets, events);
    return undefined;
  };

  const wait = (room: Room, events: StoredEvent[]) => {
    const last = events.at(-1);
    if (!last || last.seq <= room.position) return;
    room.target = Math.max(room.target, last.seq);
    if (room.waiting.length + events.length <= maxWaiting) room.waiting.push(...events);
  };

  /** Emits what can be, fetches what is missing; does nothing while one of both is going on. */
  const advance = (room: Room): void => {
    if (room.busy || paused || stopped || sockets.rooms.get(room.id) !== room) return;
    const run = nextRun(room);
    if (run.length > 0) deliver(room, run);
    else if (room.target > room.position) work(room, 'fetch', () => fetchMissing(room));
    else if (room.members.size === 0) sockets.closeRoom(room.id);
  };

  const deliver = (room: Room, stored: StoredEvent[]): void => {
    let events: LogEvent[] | Promise<LogEvent[]>;
    try {
      events = present(stored);
    } catch (error) {
      events = Promise.reject(error);
    }
    if (Array.isArray(events)) {
      // Busy, so that the room outlives its last member leaving in the middle of the run.
      room.busy = true;
      emit(room, stored, events);
      room.busy = false;
      if (room.target > room.position || room.members.size === 0) advance(room);
      return;
    }
    const presented = events;
    work(room, 'present', async () => {
      const ready = await presented.catch(async error => {
        onError(error, { conversation_id: room.id, attempt: 'present' });
        await pauseFor(retryMs);
        return undefined;
      });
      if (paused || !ready) wait(room, stored);
      else emit(room, stored, ready);
    });
  };

  const fetchMissing = async (room: Room) => {
    const [next] = room.waiting;
    // `waiting` is sorted here: `nextRun` ran before.
    const upTo = Math.min(next ? next.seq - 1 : room.target, room.position + fetchWindow);
    const stored = await log.range(room.id, room.position, upTo);
    if (paused) return;
    if (stored.length > 0) emit(room, stored, await present(stored));
    // The log was dropped, or its beginning removed: there is nothing to wait for.
    else room.position = Math.max(room.position, upTo);
    // The clients get a turn to take what was written before the next piece follows.
    await new Promise(resolve => setImmediate(resolve));
  };

  /** Keeps the room busy for as long as `job` runs, then goes on. A job that fails is tried again: the position has not moved. */
  const work = (room: Room, attempt: string, job: () => Promise<void>): void => {
    room.busy = true;
    const run = async () => {
      try {
        await job();
      } catch (error) {
        onError(error, { conversation_id: room.id, attempt });
        await pauseFor(retryMs);
      }
      room.busy = false;
      advance(room);
    };
    void run();
  };

  const emit = (room: Room, stored: StoredEvent[], events: LogEvent[]): void => {
    let plain: LogEvent[] = [];
    const flush = () => {
      if (plain.length > 0) write(room, plain);
      plain = [];
    };
    for (const [index, event] of events.entries()) {
      const source = stored[index];
      if (!source || source.seq <= room.position) continue;
      room.position = source.seq;
      if (!movesMembers(source)) {
        plain.push(event);
        continue;
      }
      flush();
      moveBefore(sockets, source);
      write(room, [event]);
      moveAfter(sockets, source);
    }
    flush();
    const last = stored.at(-1);
    if (last) delivered?.(clock.now() - Date.parse(last.date));
  };

  const write = (room: Room, events: LogEvent[]): void => {
    if (room.members.size === 0) return;
    const json = events.map(event => JSON.stringify(event));
    const packet = createPacket(events.map((event, index) => eventText(eventNames[event.kind], json[index] ?? '')));
    let batch: Packet | undefined;
    for (const local of room.members) {
      if (!local.live) continue;
      if (local.batch && events.length > 1) {
        batch ??= createPacket([eventText('log:batch', `[${json.join(',')}]`)]);
        local.outbox.write(batch);
      } else local.outbox.write(packet);
    }
  };

  const initialise = async (fresh: Room[]) => {
    const heads = await log.heads(fresh.map(room => room.id));
    for (const room of fresh) room.position = (heads.get(room.id) ?? (await log.head(room.id))).seq;
  };

  return {
    async admit(local, conversation_ids) {
      const fresh: Room[] = [];
      for (const id of conversation_ids) {
        if (local.left.has(id)) continue;
        const known = sockets.rooms.has(id);
        sockets.enter(local, id);
        const room = sockets.rooms.get(id);
        if (!room || known) continue;
        room.busy = true;
        fresh.push(room);
      }
      if (fresh.length > 0) {
        const ready = initialise(fresh);
        for (const room of fresh) room.ready = ready;
        try {
          await ready;
        } catch (error) {
          // Without a position nothing could be delivered: everybody in them is about to fail the same way.
          for (const room of fresh) if (sockets.rooms.get(room.id) === room) sockets.closeRoom(room.id);
          throw error;
        }
        for (const room of fresh) {
          room.busy = false;
          advance(room);
        }
      }
      for (const id of [...local.rooms]) await sockets.rooms.get(id)?.ready;
    },

    reached(conversation_id, seq) {
      const room = sockets.rooms.get(conversation_id);
      if (!room || seq <= room.target || seq <= room.position) return;
      room.target = seq;
      advance(room);
    },

    pause() {
      paused = true;
    },

    resume() {
      paused = false;
      for (const room of [...sockets.rooms.values()]) advance(room);
    },

    start() {
      unsubscribe = publisher.subscribe(onPublished);
    },

    stop() {
      stopped = true;
      unsubscribe?.();
    },
  };
};

/** Takes the events that follow the position out of `waiting`, which is sorted and rid of what is behind. */
const nextRun = (room: Room): StoredEvent[] => {
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

const pauseFor = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms).unref());
