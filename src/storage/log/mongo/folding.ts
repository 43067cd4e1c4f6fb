import type mongoose from 'mongoose';
import { maxWindow, type NewEvent } from '../../../ports/log.ts';
import {
  type Collections,
  duplicateKey,
  type EventDocument,
  type FoldDocument,
  type ReactionCount,
  type ReactionDocument,
} from './collections.ts';
import { foldKey, keysOf, reactionKey, targetOf } from './documents.ts';
import { durable } from './faults.ts';
import type { Heads } from './heads.ts';

/** What an event must say to be folded. */
type Foldable = Pick<EventDocument, '_id' | 'conversation_id' | 'seq' | 'kind' | 'from' | 'payload' | 'delta'>;

/**
 * What came after a message: its latest edit, who reacts with what, and how often each emoji. All of it can be made anew from
 * the events. Every step may be done twice, at once by several instances, and again after a crash in the middle:
 * - an edit and a person's reaction are the event with the highest seq, which $max decides;
 * - what a reaction adds to its count was decided before it was appended, as of the head that it was appended at, and stands
 *   in the event. The counts of a message are replaced as a whole, on condition that nobody else has since.
 */
export interface Folding {
  /** For each of the events that are to stand behind `after`, what it adds to the count of its emoji. */
  deltas(conversation_id: string, after: number, events: NewEvent[]): Promise<(1 | -1 | 0)[]>;
  /** Folds these in; everything before them must be folded. */
  fold(conversation_id: string, events: Foldable[]): Promise<void>;
  /** Folds in what is missing up to `seq`. */
  catchUp(conversation_id: string, seq: number): Promise<void>;
  /** Erases the text of a message and of its edits. */
  erase(conversation_id: string, target: number): Promise<void>;
  /** Makes the folds of a conversation anew, to which nobody appends meanwhile. */
  rebuild(conversation_id: string): Promise<void>;
  /** Deletes the folds of a conversation. */
  clear(conversation_id: string): Promise<void>;
}

export const isFoldable = ({ kind }: Pick<NewEvent, 'kind'>) =>
  kind === 'edit' || kind === 'unsend' || isReaction({ kind });
export const isReaction = ({ kind }: Pick<NewEvent, 'kind'>) => kind === 'react' || kind === 'unreact';

/** Times that the counts of a message are tried to be replaced while others replace them too. */
const maxTries = 100;
const erasure = {
  $set: { 'payload.unsent': true as const },
  $unset: { 'payload.message': true, 'payload.mentions': true, 'payload.mentions_all': true } as const,
};

export const createFolding = ({ database, events, folds, reactions }: Collections, heads: Heads): Folding => {
  const isFolded = async (conversation_id: string, seq: number) => {
    if ((heads.known(conversation_id)?.folded ?? -1) >= seq) return true;
    return ((await heads.row(conversation_id))?.folded ?? 0) >= seq;
  };

  const catchUp = async (conversation_id: string, seq: number) => {
    if (seq === 0 || (await isFolded(conversation_id, seq))) return;
    for (let after = Math.max(heads.known(conversation_id)?.folded ?? 0, 0); after < seq; after += maxWindow) {
      const upTo = Math.min(after + maxWindow, seq);
      await fold(conversation_id, await foldables(conversation_id, after, upTo));
      const known = heads.known(conversation_id);
      if (known) heads.learn(conversation_id, known, { folded: upTo });
    }
  };

  const foldables = async (conversation_id: string, after: number, upTo: number): Promise<Foldable[]> => {
    const window = { conversation_id, seq: { $gt: after, $lte: upTo } };
    const projection = { conversation_id: 1, seq: 1, kind: 1, from: 1, payload: 1, delta: 1 };
    return (await events.find(window, { sort: { seq: 1 }, projection }).toArray()).filter(isFoldable);
  };

  const readFolds = async (conversation_id: string, targets: Iterable<number>) => {
    const keys = Array.from(targets, target => foldKey(conversation_id, target));
    const found = await folds.find({ _id: { $in: keys } }).toArray();
    return new Map(found.map(fold => [fold._id, fold]));
  };

  const fold = async (conversation_id: string, list: Foldable[]) => {
    const edits: { event: Foldable; target: number }[] = [];
    const counted = new Map<number, Foldable[]>();
    const latest = new Map<string, ReactionDocument>();
    for (const event of list) {
      const target = targetOf(event, event.seq);
      if (target === undefined) continue;
      if (event.kind === 'unsend') await erase(conversation_id, target);
      else if (event.kind === 'edit') edits.push({ event, target });
      else if (event.delta) {
        const _id = reactionKey(conversation_id, target, event.from, event.payload.emoji ?? '');
        latest.set(_id, { _id, last: { seq: event.seq, on: event.kind === 'react' } });
        const others = counted.get(target);
        if (others) others.push(event);
        else counted.set(target, [event]);
      }
    }
    if (edits.length > 0) await foldEdits(conversation_id, edits);
    if (latest.size > 0) {
      await foldReactions([...latest.values()]);
      await count(conversation_id, counted);
    }
  };

  /** Most people react once: one insert of many costs a quarter of as many updates, and says which were there already. */
  const foldReactions = async (list: ReactionDocument[]) => {
    const command = { insert: reactions.collectionName, documents: list, ordered: false };
    const { writeErrors = [] } = await durable(database, command, { partial: true });
    const there = writeErrors.map(({ index, code, errmsg }) => {
      if (code !== duplicateKey) throw new Error(`The store refused a reaction: ${errmsg}`);
      return list[index]!;
    });
    await raiseAll(reactions.collectionName, there, ({ last }) => ({ last }));
  };

  /** Behind the unsending of its message an edit is erased as well: whoever unsent it may not have seen this one. */
  const foldEdits = async (conversation_id: string, edits: { event: Foldable; target: number }[]) => {
    const known = await readFolds(conversation_id, new Set(edits.map(({ target }) => target)));
    const late = new Set<number>();
    const latest = new Map<string, FoldDocument>();
    for (const { event, target } of edits) {
      const _id = foldKey(conversation_id, target);
      if (known.get(_id)?.unsent) late.add(target);
      else latest.set(_id, { _id, edit: { seq: event.seq, event: event._id } });
    }
    for (const target of late) await erase(conversation_id, target);
    await raiseAll(folds.collectionName, [...latest.values()], ({ edit }) => ({ edit }));
  };

  const raiseAll = async <T extends { _id: string }>(collection: string, list: T[], value: (of: T) => object) => {
    if (list.length === 0) return;
    const updates = list.map(of => ({ q: { _id: of._id }, u: { $max: value(of) }, upsert: true }));
    await durable(database, { update: collection, updates, ordered: false });
  };

  const count = async (conversation_id: string, counted: Map<number, Foldable[]>) => {
    for (let tries = 0; counted.size > 0; tries += 1) {
      if (tries === maxTries) throw new Error(`The reactions in ${conversation_id} change too fast to be counted.`);
      const known = await readFolds(conversation_id, counted.keys());
      const updates: object[] = [];
      for (const [target, list] of counted) {
        const _id = foldKey(conversation_id, target);
        const { reacted, reactions: counts = [] } = known.get(_id) ?? {};
        const news = list.filter(({ seq }) => seq > (reacted ?? 0));
        if (news.length === 0) {
          counted.delete(target);
          continue;
        }
        const u = { $set: { reactions: recount(counts, news), reacted: news.at(-1)!.seq } };
        const q = { _id, reacted: reacted ?? { $exists: false } };
        updates.push({ q, u, upsert: reacted === undefined });
      }
      if (updates.length === 0) return;
      const command = { update: folds.collectionName, updates, ordered: false };
      // Fewer: somebody else was first. An insert that is refused says the same.
      const { n } = await durable(database, command, { partial: true });
      if (n === updates.length) return;
    }
  };

  const erase = async (conversation_id: string, target: number) => {
    const message = await events.findOne({ conversation_id, seq: target }, { projection: { kind: 1 } });
    if (message?.kind !== 'message') return;
    await events.updateOne({ _id: message._id }, erasure);
    // In this order: an edit that is appended behind the last step finds the mark of the second.
    await folds.updateOne({ _id: foldKey(conversation_id, target) }, { $set: { unsent: true } }, { upsert: true });
    await events.updateMany({ conversation_id, edits: target }, erasure);
  };

  const clear = async (conversation_id: string) => {
    for (const collection of [folds, reactions] as mongoose.mongo.Collection<{ _id: string }>[]) {
      for (let full = true; full; ) {
        const options = { limit: maxWindow, projection: { _id: 1 } };
        const found = await collection.find({ _id: keysOf(conversation_id) }, options).toArray();
        if (found.length > 0) await collection.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
        full = found.length === maxWindow;
      }
    }
  };

  return {
    async deltas(conversation_id, after, list) {
      const keys = list.map((event, i) => {
        const target = targetOf(event, after + 1 + i);
        const { emoji } = event.payload;
        if (target === undefined || emoji === undefined || !isReaction(event)) return '';
        return reactionKey(conversation_id, target, event.from, emoji);
      });
      await catchUp(conversation_id, after);
      const asked = [...new Set(keys.filter(key => key !== ''))];
      const found = await reactions.find({ _id: { $in: asked } }).toArray();
      const on = new Set(found.flatMap(({ _id, last }) => (last.on ? [_id] : [])));
      return list.map((event, i) => {
        const key = keys[i]!;
        const reacts = event.kind === 'react';
        if (key === '' || on.has(key) === reacts) return 0;
        if (reacts) on.add(key);
        else on.delete(key);
        return reacts ? 1 : -1;
      });
    },
    fold,
    catchUp,
    erase,
    clear,
    async rebuild(conversation_id) {
      await clear(conversation_id);
      const { seq } = await heads.last(conversation_id);
      for (let after = 0; after < seq; after += maxWindow) {
        const window = { conversation_id, seq: { $gt: after, $lte: after + maxWindow } };
        // A message may have been erased without an event.
        for (const event of await events.find(window, { projection: { seq: 1, payload: 1 } }).toArray())
          if (event.payload.unsent) await erase(conversation_id, event.seq);
        await fold(conversation_id, await foldables(conversation_id, after, after + maxWindow));
      }
    },
  };
};

/** An emoji that nobody uses any more goes, and begins anew when it comes back. */
const recount = (counts: ReactionCount[], list: Foldable[]): ReactionCount[] => {
  const counted = new Map(counts.map(each => [each.emoji, { ...each }]));
  for (const { seq, delta = 0, payload } of list) {
    const emoji = payload.emoji ?? '';
    const each = counted.get(emoji);
    if (!each) {
      if (delta > 0) counted.set(emoji, { emoji, count: 1, first: seq });
    } else {
      each.count += delta;
      if (each.count <= 0) counted.delete(emoji);
    }
  }
  return [...counted.values()];
};
