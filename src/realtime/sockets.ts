import type { Socket } from 'socket.io';
import type { Actor } from '../actor.ts';
import { commandDeadlineMs } from '../invoke.ts';
import type { StoredEvent } from '../ports/log.ts';
import type { Signals } from '../presence/signals.ts';
import { type DisconnectCode, disconnectCatalogue, signals } from '../protocol/index.ts';
import type { Outbox } from './outbox.ts';
import { signalPacket } from './packet.ts';

/** A client's socket of this instance. */
export interface LocalSocket {
  readonly id: string;
  readonly actor: Actor;
  readonly socket: Socket;
  readonly outbox: Outbox;
  /** Takes several log events in one packet. */
  readonly batch: boolean;
  /** The conversations whose events it gets. */
  readonly rooms: Set<string>;
  /** Until its CONNECT was answered it is in its rooms, but gets nothing. */
  live: boolean;
  session: SocketSession;
  /** Commands not answered yet. */
  running: number;
  /** Set once the socket is told to go: takes no more commands, and goes when the last one was answered. */
  whenIdle: (() => void) | undefined;
}

/** Times in milliseconds since 1970. */
export interface SocketSession {
  expires_at: number;
  /** When `expires_at` was set. */
  renewed_at: number;
  /** Whether `session:expiring` was sent for this `expires_at`. */
  warned: boolean;
  /** When the session was last found alive. */
  checked_at: number;
  /** Whether that was by the store itself; a handshake may believe what was found some time before. */
  looked_up: boolean;
}

/** A conversation of which sockets are connected here. All but the first two fields belong to the delivery. */
export interface Room {
  readonly id: string;
  readonly members: Set<LocalSocket>;
  /** The seq up to which events were emitted here. */
  position: number;
  /** Settled once `position` is known. */
  ready: Promise<void>;
  /** Set while events are fetched or presented: what arrives meanwhile waits. */
  busy: boolean;
  waiting: StoredEvent[];
  /** A seq that is said to be in the log, though its event is not at hand. */
  target: number;
  /** What must happen between two events. */
  tasks: (() => Promise<void>)[];
}

/** The sockets of one namespace on this instance, by user and by conversation. */
export interface Sockets extends Signals {
  readonly rooms: ReadonlyMap<string, Room>;
  all(): Iterable<LocalSocket>;
  /** Oldest first. */
  ofUser(user_id: string): ReadonlySet<LocalSocket>;
  add(local: LocalSocket): void;
  /** Out of everything; harmless to repeat. */
  remove(local: LocalSocket): void;
  /** Ignored for a socket that was removed. */
  enter(local: LocalSocket, conversation_id: string): void;
  leave(local: LocalSocket, conversation_id: string): void;
  /** The room, even while nobody is in it yet. It vanishes when its last member leaves. */
  open(conversation_id: string, position: number): Room;
  /** Forgets the room and sends everybody out. */
  closeRoom(conversation_id: string): void;
  /** While held, signals are dropped. */
  hold(held: boolean): void;
  /** Why the socket is closed, for the catalogue; then closes its connection. */
  close(local: LocalSocket, code: DisconnectCode, after_ms?: number): void;
}

const nobody: ReadonlySet<LocalSocket> = new Set();
/** Milliseconds after which a connection that was told to close is cut. */
const cutAfterMs = 1_500;

export const createSockets = ({ onClosing }: { onClosing?: (code: DisconnectCode) => void } = {}): Sockets => {
  const sockets = new Map<string, LocalSocket>();
  const users = new Map<string, Set<LocalSocket>>();
  const rooms = new Map<string, Room>();
  let held = false;

  const open = (id: string, position: number) => {
    let room = rooms.get(id);
    if (!room) {
      room = {
        id,
        members: new Set(),
        position,
        ready: Promise.resolve(),
        busy: false,
        waiting: [],
        target: 0,
        tasks: [],
      };
      rooms.set(id, room);
    }
    return room;
  };

  const leave = (local: LocalSocket, id: string) => {
    local.rooms.delete(id);
    const room = rooms.get(id);
    if (!room?.members.delete(local) || room.members.size > 0) return;
    // One with work to do stays until the delivery has done it: it may bring somebody in.
    if (!room.busy && room.target <= room.position && room.tasks.length === 0) rooms.delete(id);
  };

  return {
    rooms,
    all: () => sockets.values(),
    ofUser: user_id => users.get(user_id) ?? nobody,
    open,
    leave,

    add(local) {
      sockets.set(local.id, local);
      const own = users.get(local.actor.user_id);
      if (own) own.add(local);
      else users.set(local.actor.user_id, new Set([local]));
    },

    remove(local) {
      sockets.delete(local.id);
      const own = users.get(local.actor.user_id);
      if (own?.delete(local) && own.size === 0) users.delete(local.actor.user_id);
      for (const id of [...local.rooms]) leave(local, id);
    },

    enter(local, id) {
      if (sockets.get(local.id) !== local) return;
      local.rooms.add(id);
      open(id, 0).members.add(local);
    },

    closeRoom(id) {
      const room = rooms.get(id);
      if (!room) return;
      for (const local of [...room.members]) leave(local, id);
      rooms.delete(id);
    },

    hold(on) {
      held = on;
    },

    close(local, code, after_ms = 0) {
      const { reconnect, final } = disconnectCatalogue[code];
      const connection = local.socket.conn;
      if (connection.readyState !== 'open' || local.whenIdle) return;
      const payload = { code, reconnect, after_ms: Math.round(after_ms) };
      const closing = signalPacket('closing', payload, local.socket.nsp.name);
      onClosing?.(code);
      if (code === 'slow') {
        local.outbox.writeLast(closing);
        connection.close(true);
        return;
      }
      local.outbox.write(closing);
      // Stock clients take a Socket.IO disconnect as final, and a closed connection as a reason to come back.
      if (final) local.socket.disconnect(true);
      else if (local.running === 0) connection.close();
      else local.whenIdle = () => connection.close();
      setTimeout(() => connection.close(true), local.whenIdle ? commandDeadlineMs : cutAfterMs).unref();
    },

    audience: id => rooms.get(id)?.members.size ?? 0,

    toConversation(id, name, payload) {
      const room = rooms.get(id);
      if (!room || room.members.size === 0 || held) return;
      const packet = signalPacket(name, payload);
      const { volatile } = signals[name];
      for (const local of room.members) if (local.live) local.outbox.write(packet, volatile);
    },

    toSocket(socket_id, name, payload) {
      const local = sockets.get(socket_id);
      if (local?.live && !held)
        local.outbox.write(signalPacket(name, payload, local.socket.nsp.name), signals[name].volatile);
    },
  };
};
