import type mongoose from 'mongoose';
import type { Payload } from '../../../ports/log.ts';
import type { LogEventKind } from '../../../protocol/index.ts';

type Collection<T extends object> = mongoose.mongo.Collection<T>;

/** One event. Written once; only erasure changes it (its payload). */
export interface EventDocument {
  /** Whose event and which of theirs, in the order of writing: see writers.ts. */
  _id: mongoose.mongo.ObjectId;
  conversation_id: string;
  seq: number;
  n: number;
  /** `n` again, of messages only: a partial index answers a window only where the query has no other condition than its keys. */
  ordinal?: number;
  kind: LogEventKind;
  from: string;
  client_id: string;
  date: Date;
  /** The part of the event's id that is not its place. */
  random: string;
  payload: Payload;
  /** Edits only: the seq of the message, so that erasing finds them. */
  edits?: number;
  /** Reactions only: what this event adds to the count of its emoji; absent where it changes nothing. See folding.ts. */
  delta?: 1 | -1;
}

/** How far a log has come: the head row. */
export interface HeadDocument {
  _id: string;
  /** Raised by $max as a whole: BSON compares it by its first field, the seq. */
  head: { seq: number; n: number; random: string };
  /** All events up to this seq are in the folds. */
  folded?: number;
  /** When this was last raised, by the store's own clock. */
  stamp: mongoose.mongo.Timestamp;
}

export interface ReactionCount {
  emoji: string;
  count: number;
  /** The seq at which the emoji came up. */
  first: number;
}

/** What came after one message. */
export interface FoldDocument {
  /** See `foldKey`. */
  _id: string;
  /** The latest edit. Raised by $max: the highest seq wins. */
  edit?: { seq: number; event: mongoose.mongo.ObjectId };
  unsent?: true;
  /** The reactions up to this seq are in `reactions`: the guard against counting one twice, or out of order. */
  reacted?: number;
  reactions?: ReactionCount[];
}

/** Whether somebody reacts to a message with an emoji. */
export interface ReactionDocument {
  /** See `reactionKey`. */
  _id: string;
  /** Raised by $max: the highest seq wins. */
  last: { seq: number; on: boolean };
}

/** An instance that appends, for those who repair what it leaves behind when it dies. */
export interface WriterDocument {
  _id: string;
  /** Of its events up to this number all head rows are raised. */
  confirmed: number;
  /** Changes with each sign of life. */
  beat: number;
}

export interface MetaDocument {
  _id: 'epoch';
  epoch: string;
}

export interface Collections {
  database: mongoose.mongo.Db;
  events: Collection<EventDocument>;
  heads: Collection<HeadDocument>;
  folds: Collection<FoldDocument>;
  reactions: Collection<ReactionDocument>;
  writers: Collection<WriterDocument>;
  meta: Collection<MetaDocument>;
}

export const collectionsOf = (database: mongoose.mongo.Db): Collections => ({
  database,
  events: database.collection('events'),
  heads: database.collection('heads'),
  folds: database.collection('folds'),
  reactions: database.collection('reactions'),
  writers: database.collection('writers'),
  meta: database.collection('meta'),
});

/** The index whose conflict says that a client_id is in the log already; any other conflict is about the place. */
export const clientIdIndex = 'client_id';

/** The code of a refused key. */
export const duplicateKey = 11_000;
/** The highest number of an event of one writer: five bytes. */
export const maxNumber = 2 ** 40 - 1;
