import type { Clock } from '../ports/clock.ts';
import type { Log, StoredEvent } from '../ports/log.ts';
import type { Origin, Publisher } from '../ports/publisher.ts';
import type { LogEvent } from '../protocol/index.ts';
import { createCatchUp } from './catch-up.ts';
import { createInterest } from './interest.ts';
import { enters, isTheirEnd, moveAfter, moveBefore, movesMembers, newcomersIn } from './membership.ts';
import type { LocalSocket, Room, Sockets } from './sockets.ts';
import { fetchWindow, nextRun, wait } from './waiting.ts';
import { writeEvents } from './write-events.ts';

export interface DeliveryParts {
  log: Pick<Log, 'head' | 'heads' | 'range'>;
  publisher: Publisher;
  /** Resolves names; synchronous where it knows them all. */
  present: (events: StoredEvent[]) => LogEvent[] | Promise<LogEvent[]>;
  sockets: Sockets;
  clock: Clock;
  onError: (error: unknown, facts: { conversation_id: string; attempt: string }) => void;
  /** Another instance says that somebody connected here came in by the event at `seq`, into a conversation that has no room here. */
  onHint: (user_id: string, conversation_id: string, seq: number) => void;
  /** Called before anything is delivered; may pause. */
  before?: () => void;
  /** Milliseconds from the date of an event to its emission. */
  delivered?: (ms: number) => void;
}

/**
 * Emits log events to the local sockets: of each conversation in seq order and without a gap (G12), whatever the order in which
 * they are published. A missing piece is fetched from the log, one fetch at a time per conversation; later events wait.
 * What other instances publish is shown, but nobody enters or leaves by it: events that do this are read from the log (S54).
 */
export interface Delivery {
  /** Puts a socket into conversations; resolves when their positions are known, so that whatever is appended from then on reaches it. */
  admit(local: LocalSocket, conversation_ids: string[]): Promise<void>;
  /**
   * Lets the sockets of a member in who are not: they get the event at `seq`, by which their user entered, and what followed, each
   * once; without a `seq`, what follows from now on.
   */
  bring(user_id: string, conversation_id: string, seq?: number): void;
  /** Sends the sockets of somebody out who is no member: at the event that says so, or at once where none lies ahead up to `head`. */
  expel(user_id: string, conversation_id: string, head: number): void;
  /** The log reaches to this seq: fetches what was not published here. */
  reached(conversation_id: string, seq: number): void;
  /** Between the two nothing is emitted. */
  pause(): void;
  resume(): void;
  start(): void;
  stop(): void;
}

/** Milliseconds before a failed fetch or presentation is tried again. */
const retryMs = 500;

export const createDelivery = ({
  log,
  publisher,
  present,
  sockets,
  clock,
  onError,
  onHint,
  before,
  delivered,
}: DeliveryParts): Delivery => {
  const interest = createInterest({ publisher, sockets });
  const catchUp = createCatchUp({ log, present, isPaused: () => paused });
  let paused = false;
  let stopped = false;
  let unsubscribe: (() => void) | undefined;

  const onPublished = (conversation_id: string, events: StoredEvent[], origin: Origin) => {
    before?.();
    const [first] = events;
    const last = events.at(-1);
    if (!first || !last) return;
    const known = sockets.rooms.get(conversation_id);
    if (origin === 'elsewhere' && (!known || events.some(movesMembers))) {
      if (known) reached(conversation_id, last.seq);
      else for (const { user_id, seq } of newcomersIn(sockets, events)) onHint(user_id, conversation_id, seq);
      return;
    }
    const room = known ?? roomForNewcomers(conversation_id, events);
    if (!room) return;
    if (room.busy || paused || room.waiting.length > 0 || first.seq !== room.position + 1) {
      wait(room, events);
      advance(room);
    } else deliver(room, events);
  };

  /** Nobody here is in the conversation, but somebody here is just joining it. */
  const roomForNewcomers = (conversation_id: string, events: StoredEvent[]): Room | undefined => {
    const [first] = newcomersIn(sockets, events);
    return first && openAt(conversation_id, first.seq - 1);
  };

  const openAt = (conversation_id: string, position: number): Room => {
    const room = sockets.open(conversation_id, position);
    follow(conversation_id).catch(error => onError(error, { conversation_id, attempt: 'follow' }));
    return room;
  };

  /** What was published before the room was here, or elsewhere before it came here, is found in the log. */
  const follow = async (conversation_id: string) => {
    await interest.watch([conversation_id]);
    const head = (await log.heads([conversation_id])).get(conversation_id);
    if (head) reached(conversation_id, head.seq);
  };

  const reached = (conversation_id: string, seq: number) => {
    const room = sockets.rooms.get(conversation_id);
    if (!room || seq <= room.target || seq <= room.position) return;
    room.target = seq;
    advance(room);
  };

  /** Emits what can be, fetches what is missing; does nothing while one of both is going on. */
  const advance = (room: Room): void => {
    if (room.busy || paused || stopped || sockets.rooms.get(room.id) !== room) return;
    const task = room.tasks.shift();
    const run = task ? [] : nextRun(room);
    if (task) work(room, 'task', task);
    else if (run.length > 0) deliver(room, run);
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
      if (room.target > room.position || room.members.size === 0 || room.tasks.length > 0) advance(room);
      return;
    }
    const presented = events;
    work(room, 'present', async () => {
      const ready = await presented.catch(async error => {
        onError(error, { conversation_id: room.id, attempt: 'present' });
        await pauseFor(retryMs);
        return undefined;
      });
      if (ready && !paused) emit(room, stored, ready);
      // Read anew from the log, as it may be what was published that cannot be presented.
      else room.target = Math.max(room.target, stored.at(-1)?.seq ?? 0);
    });
  };

  const fetchMissing = async (room: Room) => {
    const [next] = room.waiting;
    // `waiting` is sorted here: `nextRun` ran before.
    const upTo = Math.min(next ? next.seq - 1 : room.target, room.position + fetchWindow);
    const stored = await log.range(room.id, room.position, upTo);
    const events = await present(stored);
    if (paused) return;
    if (stored.length > 0) emit(room, stored, events);
    else await passGap(room, upTo);
    // The clients get a turn to take what was written before the next piece follows.
    await new Promise(resolve => setImmediate(resolve));
  };

  /** Nothing is there: the beginning was removed, or the log reaches less far than somebody said. */
  const passGap = async (room: Room, upTo: number) => {
    const head = await log.head(room.id);
    if (head.seq >= upTo) {
      room.position = Math.max(room.position, upTo);
      return;
    }
    room.target = head.seq;
    room.waiting = room.waiting.filter(({ seq }) => seq <= head.seq);
  };

  /**
   * Keeps the room busy for as long as `job` runs, then goes on. A fetch that fails is tried again, as the position has not moved;
   * a task by whoever gave it, who finds that nothing came of it.
   */
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
      if (plain.length > 0 && room.members.size > 0) writeEvents(room.members, plain);
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
      writeEvents(room.members, [event]);
      moveAfter(sockets, source);
    }
    flush();
    const last = stored.at(-1);
    if (last) delivered?.(clock.now() - Date.parse(last.date));
  };

  /** Brings those who should have come in at `seq` to where the room is; until it has happened, the room stays there. */
  const letIn = async (room: Room, user_id: string, seq: number | undefined) => {
    if (seq !== undefined && room.position < seq) {
      room.target = Math.max(room.target, seq);
      return;
    }
    const late = [...sockets.ofUser(user_id)].filter(local => !local.rooms.has(room.id));
    if (late.length === 0) return;
    const end = seq === undefined ? 'there' : await catchUp(room, late, user_id, seq);
    if (typeof end === 'number') bring(user_id, room.id, end);
    else if (end === 'there') for (const local of late) sockets.enter(local, room.id);
  };

  const bring = (user_id: string, conversation_id: string, seq?: number) => {
    const room = sockets.rooms.get(conversation_id);
    if (room) {
      room.tasks.push(() => letIn(room, user_id, seq));
      advance(room);
    } else if (seq !== undefined) {
      openAt(conversation_id, seq - 1);
      reached(conversation_id, seq);
    } else {
      for (const local of sockets.ofUser(user_id))
        admit(local, [conversation_id]).catch(error => onError(error, { conversation_id, attempt: 'bring' }));
    }
  };

  const initialise = async (fresh: Room[]) => {
    const ids = fresh.map(room => room.id);
    await interest.watch(ids);
    const heads = await log.heads(ids);
    for (const room of fresh) room.position = (heads.get(room.id) ?? (await log.head(room.id))).seq;
  };

  const admit = async (local: LocalSocket, conversation_ids: string[]) => {
    const fresh: Room[] = [];
    for (const id of conversation_ids) {
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
  };

  return {
    admit,
    bring,
    reached,

    expel(user_id, conversation_id, head) {
      const room = sockets.rooms.get(conversation_id);
      if (!room) return;
      room.tasks.push(async () => {
        const between = await log.range(room.id, Math.min(room.position, head), Math.max(room.position, head));
        // Either their end lies ahead, or they were let in again since it was found that they are out.
        if (between.some(event => isTheirEnd(event, user_id) || enters(event) === user_id)) {
          room.target = Math.max(room.target, head);
          return;
        }
        for (const local of sockets.ofUser(user_id)) sockets.leave(local, room.id);
      });
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
      interest.start();
    },

    stop() {
      stopped = true;
      interest.stop();
      unsubscribe?.();
    },
  };
};

const pauseFor = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms).unref());
