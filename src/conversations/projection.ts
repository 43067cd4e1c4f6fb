import type { Clock } from '../ports/clock.ts';
import type { Head, NewEvent } from '../ports/log.ts';
import type { ConversationRow, MemberRow } from '../ports/storage.ts';
import type { ConversationKind, Role } from '../protocol/index.ts';

/** A person's standing in a conversation. Replaced as a whole when it changes, never mutated. */
export interface MemberState {
  user_id: string;
  role: Role;
  /** ISO-8601; the past where it ran out. */
  muted_until: string | null;
  /** Where the latest joining stands in the log; 0 in the lobby, and until its event is there. */
  joined_seq: number;
  banned: boolean;
  active: boolean;
}

/** A conversation as of `head`. */
export interface ConversationState {
  readonly id: string;
  readonly kind: ConversationKind;
  readonly name: string | null;
  readonly topic: string;
  readonly slow_mode_ms: number;
  readonly history: 'all' | 'joined';
  readonly deleted: boolean;
  readonly head: Head;
  /** Undefined for who is neither member, banned nor muted. In the lobby everybody is a member unless banned. */
  member(user_id: string): MemberState | undefined;
  /** When this person last sent a message here, in milliseconds since 1970; known only while slow mode is on. */
  lastMessageAt(user_id: string): number | undefined;
  /** Whether the message at this seq was unsent by an event after `unsentKnownAfter` (and at or before the head). */
  isUnsent(seq: number): boolean;
  /** Events up to this seq may hold unsends that `isUnsent` does not know: ask the log's fold for those. */
  readonly unsentKnownAfter: number;
}

type Change = Pick<NewEvent, 'kind' | 'from' | 'payload'>;

/** How many unsends a projection remembers; whoever edits or reacts has read the fold moments before. */
const maxUnsent = 4_096;

/**
 * The state of one conversation: a snapshot of SQL brought forward by the events of the log. A draft is a view over another
 * projection that takes provisional events without touching it; the writer makes one per batch, hence a class.
 */
export class Projection implements ConversationState {
  readonly id: string;
  readonly kind: ConversationKind;
  readonly created_at: string;
  name: string | null;
  topic: string;
  slow_mode_ms: number;
  history: 'all' | 'joined';
  deleted: boolean;
  head: Head;
  /** The latest membership version that is in here; events that carry an older one are in the snapshot already. */
  version: number;
  unsentKnownAfter: number;
  /** Slow mode was switched on: who spoke when is unknown, the state must be loaded anew before the next decision. */
  stale = false;
  readonly #clock: Clock;
  readonly #base: Projection | undefined;
  #members: Map<string, MemberState | undefined> | undefined;
  #spoken: Map<string, number> | undefined;
  #unsent: Set<number> | undefined;

  private constructor(from: Projection | { row: ConversationRow; head: Head; clock: Clock }) {
    if (from instanceof Projection) {
      this.id = from.id;
      this.kind = from.kind;
      this.created_at = from.created_at;
      this.name = from.name;
      this.topic = from.topic;
      this.slow_mode_ms = from.slow_mode_ms;
      this.history = from.history;
      this.deleted = from.deleted;
      this.head = from.head;
      this.version = from.version;
      this.unsentKnownAfter = from.unsentKnownAfter;
      this.#clock = from.#clock;
      this.#base = from;
      return;
    }
    const { row, head, clock } = from;
    this.id = row.id;
    this.kind = row.kind;
    this.created_at = row.created_at;
    this.name = row.name;
    this.topic = row.topic;
    this.slow_mode_ms = row.slow_mode_ms;
    this.history = row.history;
    this.deleted = row.deleted_at !== null;
    this.head = head;
    this.version = row.version;
    this.unsentKnownAfter = head.seq;
    this.#clock = clock;
  }

  /**
   * `head` must have been read before `row`, and `row` before `members`: the rows may then be ahead of the log, which the
   * versions on the events make harmless, but never behind it.
   */
  static of(row: ConversationRow, members: MemberRow[], head: Head, clock: Clock): Projection {
    const projection = new Projection({ row, head, clock });
    projection.#members = new Map(members.map(member => [member.user_id, memberOfRow(member, row.kind)]));
    return projection;
  }

  draft(): Projection {
    return new Projection(this);
  }

  /** What it holds in memory, in entries. */
  get weight(): number {
    return 1 + (this.#members?.size ?? 0) + (this.#spoken?.size ?? 0);
  }

  member(user_id: string): MemberState | undefined {
    return this.#known(user_id) ?? (this.kind === 'lobby' ? implicitMember(user_id) : undefined);
  }

  lastMessageAt(user_id: string): number | undefined {
    return this.#spoken?.get(user_id) ?? this.#base?.lastMessageAt(user_id);
  }

  isUnsent(seq: number): boolean {
    return this.#unsent?.has(seq) === true || this.#base?.isUnsent(seq) === true;
  }

  /** Takes the event that stands at `head`, directly after the head until now. `date`: the event's; absent for one that is being made. */
  apply(event: Change, head: Head, date?: string): void {
    this.head = head;
    switch (event.kind) {
      case 'message':
      case 'unsend':
        this.remember(event, date);
        break;
      case 'edit':
      case 'react':
      case 'unreact':
        break;
      default:
        this.#applyChange(event, head.seq);
    }
  }

  /** Learns of an event at or before the head what decisions need: who spoke when, and what was unsent. */
  remember({ kind, from, payload }: Change, date?: string): void {
    if (kind === 'message' && this.slow_mode_ms > 0) {
      // Another instance's clock may be ahead: nobody has to wait for longer than slow mode says.
      const now = this.#clock.now();
      const at = date === undefined ? now : Math.min(now, Date.parse(date));
      if (at <= (this.lastMessageAt(from) ?? 0)) return;
      this.#spoken ??= new Map();
      this.#spoken.set(from, at);
      if (this.#spoken.size > 10_000) this.#forgetSpoken(now);
    }
    if (kind === 'unsend' && payload.target_seq !== undefined) {
      this.#unsent ??= new Set();
      this.#unsent.add(payload.target_seq);
      if (this.#unsent.size > maxUnsent) this.#unsent.delete(this.#unsent.values().next().value ?? 0);
    }
  }

  #applyChange({ kind, from, payload }: Change, seq: number): void {
    const user_id = kind === 'created' ? from : payload.user_id;
    if (payload.version !== undefined && payload.version <= this.version) {
      // The rows knew of it, but not yet where it would stand.
      const known = user_id === undefined ? undefined : this.#known(user_id);
      if (known?.active && (kind === 'joined' || kind === 'created')) this.#put({ ...known, joined_seq: seq });
      return;
    }
    if (payload.version !== undefined) this.version = payload.version;
    if (kind === 'updated') this.#update(payload);
    if (kind === 'deleted') this.deleted = true;
    if (user_id === undefined) return;
    const member = this.member(user_id) ?? { ...implicitMember(user_id), active: false };
    const changed = this.#changed(member, kind, payload, seq);
    if (changed !== member) this.#put(changed);
  }

  #changed(member: MemberState, kind: Change['kind'], payload: Change['payload'], joined_seq: number): MemberState {
    switch (kind) {
      case 'created': {
        // The lobby is made by the server and belongs to nobody; a direct conversation belongs to both.
        if (this.kind === 'lobby') return member;
        return { ...member, role: this.kind === 'direct' ? 'member' : 'owner', active: true, joined_seq };
      }
      case 'joined':
        return { ...member, role: payload.role ?? 'member', active: true, banned: false, joined_seq };
      case 'left':
      case 'removed':
        return { ...member, role: 'member', active: false };
      case 'banned':
        return { ...member, role: 'member', active: false, banned: true };
      case 'unbanned':
        return { ...member, banned: false, active: this.kind === 'lobby' };
      case 'role':
        return { ...member, role: payload.role ?? member.role };
      case 'muted':
        return { ...member, muted_until: payload.muted_until ?? null };
      default:
        return member;
    }
  }

  #update({ name, topic, slow_mode_ms, history }: Change['payload']): void {
    if (name !== undefined) this.name = name;
    if (topic !== undefined) this.topic = topic;
    if (history !== undefined) this.history = history;
    if (slow_mode_ms !== undefined) {
      this.stale ||= slow_mode_ms > this.slow_mode_ms;
      this.slow_mode_ms = slow_mode_ms;
    }
  }

  #known(user_id: string): MemberState | undefined {
    if (this.#members?.has(user_id)) return this.#members.get(user_id);
    return this.#base ? this.#base.#known(user_id) : undefined;
  }

  #put(member: MemberState): void {
    this.#members ??= new Map();
    const plain =
      this.kind === 'lobby'
        ? member.active && member.muted_until === null
        : !member.active && !member.banned && member.muted_until === null;
    if (!plain) this.#members.set(member.user_id, member);
    else if (this.#base) this.#members.set(member.user_id, undefined);
    else this.#members.delete(member.user_id);
  }

  #forgetSpoken(now: number): void {
    for (const [user_id, at] of this.#spoken ?? []) {
      if (now - at > this.slow_mode_ms) this.#spoken?.delete(user_id);
    }
  }
}

const implicitMember = (user_id: string): MemberState => ({
  user_id,
  role: 'member',
  muted_until: null,
  joined_seq: 0,
  banned: false,
  active: true,
});

/** A row's standing. In the lobby a row holds only cursors or sanctions: whoever is not banned is a member. */
export const memberOfRow = (row: MemberRow, kind: ConversationKind): MemberState => ({
  user_id: row.user_id,
  role: row.role,
  muted_until: row.muted_until,
  joined_seq: row.joined_seq,
  banned: row.state === 'banned',
  active: kind === 'lobby' ? row.state !== 'banned' : row.state === 'active',
});
