/** One room and who is in it, as indexes into the fleet's members. */
export interface Group {
  id: string;
  size: number;
  members: number[];
}

/** The clients of one server, one per user. */
export interface Fleet {
  url: string;
  /** Where there are several instances: member `i` is a client of `urls[i % urls.length]`. */
  urls?: string[];
  auths: Record<string, unknown>[];
  groups: Group[];
}

export interface Load {
  size: number;
  /** Members of each room who send, one message in flight each: the next is sent when the last was acknowledged. */
  senders: number;
  /** In all rooms of the size together. */
  messages: number;
  /** Messages a second, evenly spread; as fast as the closed loop goes where absent. */
  rate?: number;
}

/** What the load generator is asked for, over its IPC channel. `fleet` names the server. */
export type Ask =
  | { ask: 'connect'; fleet: string; plan: Fleet }
  | { ask: 'run'; fleet: string; load: Load }
  /** Opens more connections, round robin over the users, and keeps them. */
  | { ask: 'open'; fleet: string; count: number; width: number }
  | { ask: 'drop-opened'; fleet: string }
  | { ask: 'disconnect'; fleet: string };

/** What a run came to. Every message was acknowledged and reached every member once and in its sender's order, or it failed. */
export interface RunResult {
  messages: number;
  deliveries: number;
  ms: number;
  /** Share of one core that the generator itself used; near 1 it was the bottleneck. */
  generator_load: number;
  ack_p50_ms: number;
  ack_p99_ms: number;
}

export type Reply = { ok: true; result: RunResult | null } | { ok: false; error: string };
