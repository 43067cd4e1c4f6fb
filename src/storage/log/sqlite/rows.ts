import { eventId, type NewEvent, type Payload, type StoredEvent } from '../../../ports/log.ts';
import type { LogEventKind } from '../../../protocol/index.ts';

/** How kinds are stored; a number is never given to another kind. The schema's partial index knows that a message is 0. */
export const kindCodes: Record<LogEventKind, number> = {
  message: 0,
  edit: 1,
  unsend: 2,
  react: 3,
  unreact: 4,
  created: 5,
  updated: 6,
  deleted: 7,
  joined: 8,
  left: 9,
  removed: 10,
  banned: 11,
  unbanned: 12,
  role: 13,
  muted: 14,
};

const kindNames = new Map(Object.entries(kindCodes).map(([name, code]) => [code, name as LogEventKind]));

/** The columns that `toEvent` reads, of `events` under the alias `e`. */
export const eventColumns = 'e.seq, e.n, e.kind, e.sender, e.client_id, e.date, e.random, e.payload';
export type EventRow = [
  seq: number,
  n: number,
  kind: number,
  sender: string,
  client_id: string,
  date: number,
  random: string,
  payload: string,
];

export const toEvent = (conversation_id: string, row: EventRow): StoredEvent => {
  const kind = kindNames.get(row[2]);
  if (!kind) throw new Error(`The log holds an event of unknown kind ${row[2]}: was it written by a newer version?`);
  return {
    conversation_id,
    id: eventId(conversation_id, row[0], row[6]),
    seq: row[0],
    n: row[1],
    kind,
    from: row[3],
    client_id: row[4],
    date: new Date(row[5]).toISOString(),
    payload: parsePayload(row[7]),
  };
};

export const parsePayload = (text: string) => JSON.parse(text) as Payload;

/** The part of an event's id that is stored. */
export const randomOf = (id: string | undefined) => (id ? id.slice(id.lastIndexOf('.') + 1) : '');

export type Cell = string | number;

/** One append as it travels to the worker: a few cells for the call, then `cellsPerEvent` for each event. */
export const cellsPerCall = 5;
export const cellsPerEvent = 6;

export const encodeCall = (
  cells: Cell[],
  conversation_id: string,
  at: { seq: number; n: number; id?: string },
  count: number,
) => cells.push(conversation_id, at.seq, at.n, randomOf(at.id), count);

export const encodeEvent = (cells: Cell[], event: NewEvent, date: number, random: string) =>
  cells.push(kindCodes[event.kind], event.from, event.client_id, date, random, JSON.stringify(event.payload));
