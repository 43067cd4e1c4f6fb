import mongoose from 'mongoose';
import { isoDate } from '../../../ports/clock.ts';
import { eventId, type Head, type NewEvent, type StoredEvent } from '../../../ports/log.ts';
import type { EventDocument } from './collections.ts';

/** The last event of a log as a head row has it. */
export interface Place {
  seq: number;
  n: number;
  random: string;
}

export const toEvent = (document: EventDocument): StoredEvent => {
  const { conversation_id, seq, n, kind, from, client_id, date, random, payload } = document;
  const id = eventId(conversation_id, seq, random);
  return { conversation_id, id, seq, n, kind, from, client_id, date: isoDate(date.getTime()), payload };
};

export const toHead = (conversation_id: string, { seq, n, random }: Place): Head =>
  seq === 0 ? { seq, n } : { seq, n, id: eventId(conversation_id, seq, random) };

export const toPlace = ({ seq, n, id }: StoredEvent): Place => ({ seq, n, random: randomOf(id) ?? '' });

export const randomOf = (id: string | undefined) => (id ? id.slice(id.lastIndexOf('.') + 1) : undefined);

/** The message that an edit, unsend or reaction is about; undefined where there can be none. */
export const targetOf = ({ payload }: Pick<NewEvent, 'payload'>, seq: number): number | undefined => {
  const { target_seq } = payload;
  return target_seq !== undefined && target_seq > 0 && target_seq < seq ? target_seq : undefined;
};

/*
 * Keys of what is folded. No id has a space in it, so that the keys of a conversation are those between `prefix` and `end`,
 * and not also those of a conversation whose id begins alike. The emoji comes last, as it may be any text.
 */
export const foldKey = (conversation_id: string, seq: number) => `${conversation_id} ${seq}`;
export const reactionKey = (conversation_id: string, seq: number, user_id: string, emoji: string) =>
  `${conversation_id} ${seq} ${user_id} ${emoji}`;
export const keysOf = (conversation_id: string) => ({ $gte: `${conversation_id} `, $lt: `${conversation_id}!` });

/** Bytes that an event takes at most, roughly: texts in UTF-8, the rest by its count. */
export const sizeOf = ({ payload }: EventDocument): number => {
  let size = 1_000;
  for (const value of Object.values(payload)) {
    if (typeof value === 'string') size += value.length * 3;
    else if (Array.isArray(value)) for (const item of value) size += item.length * 3 + 12;
  }
  return size;
};

/** Number `count` of the writer `prefix` (7 bytes): what one writer wrote stands together, in the order of its numbers. */
export const numbered = (prefix: Uint8Array, count: number) => {
  const bytes = Buffer.allocUnsafe(12);
  bytes.set(prefix);
  bytes.writeUIntBE(count, 7, 5);
  return new mongoose.mongo.ObjectId(bytes);
};
