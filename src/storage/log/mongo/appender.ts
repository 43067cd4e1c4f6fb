import { ParleyError } from '../../../errors.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { AppendResult, Head, NewEvent, StoredEvent } from '../../../ports/log.ts';
import { createRandomText } from '../../../random-text.ts';
import type { EventDocument } from './collections.ts';
import { randomOf, targetOf, toEvent } from './documents.ts';
import { isStoreFault, within } from './faults.ts';
import { type Folding, isFoldable, isReaction } from './folding.ts';
import type { Heads } from './heads.ts';
import type { Insert, Inserted, Inserter } from './inserter.ts';
import type { Reader } from './reader.ts';
import type { Repair } from './repair.ts';
import type { Writer } from './writer.ts';

/** Milliseconds until an append is answered, whatever the store does: five seconds are the promise. */
const deadline = 4_400;
/** Events that the folds may be behind before somebody who appends something else brings them forward. */
const maxUnfolded = 500;

export interface AppenderParts {
  heads: Heads;
  inserter: Inserter;
  folding: Folding;
  repair: Repair;
  reader: Reader;
  writer: Writer;
  clock: Clock;
}

/** Appends: the insert under the unique indexes is the allocation; then folds, then the head row, then the answer. */
export const createAppender = ({ heads, inserter, folding, repair, reader, writer, clock }: AppenderParts) => {
  /** 48 bits tell two histories of one place apart. */
  const random = createRandomText(8);

  /** Throws where the log has never been there: to append behind it would leave a hole. */
  const reached = async (conversation_id: string, at: Head): Promise<void> => {
    const known = heads.known(conversation_id);
    if (known && at.seq < known.seq) return;
    const found = known?.seq === at.seq ? known : await eventAt(conversation_id, at.seq);
    const expected = randomOf(at.id);
    if (!found || found.n !== at.n || (expected !== undefined && found.random !== expected)) {
      throw new Error(`An append to ${conversation_id} at ${at.seq}: its log has never been there.`);
    }
    if (!known) heads.learn(conversation_id, found);
  };

  const eventAt = async (conversation_id: string, seq: number) => {
    if (seq === 0) return { seq, n: 0, random: '' };
    const found = await reader.at(conversation_id, seq);
    return found && { seq, n: found.n, random: randomOf(found.id) ?? '' };
  };

  const encode = (conversation_id: string, at: Head, events: NewEvent[], deltas: (1 | -1 | 0)[]) => {
    const date = new Date(clock.now());
    const first = writer.open(events.length);
    let { seq, n } = at;
    const documents = events.map(({ kind, from, client_id, payload }, i): EventDocument => {
      seq += 1;
      const message = kind === 'message';
      if (message) n += 1;
      const document: EventDocument = {
        _id: writer.documentId(first + i),
        ...{ conversation_id, seq, n, kind, from, client_id, date, random: random(), payload },
      };
      if (message) document.ordinal = n;
      if (kind === 'edit') document.edits = targetOf({ payload }, seq);
      if (deltas[i]) document.delta = deltas[i];
      return document;
    });
    return { first, documents };
  };

  const work = async (conversation_id: string, at: Head, events: NewEvent[], insert: Insert): Promise<AppendResult> => {
    await writer.known();
    await reached(conversation_id, at);
    const unfolded = at.seq - (heads.known(conversation_id)?.folded ?? -1);
    if (unfolded > maxUnfolded || unfolded > at.seq || events.some(isFoldable)) {
      await folding.catchUp(conversation_id, at.seq);
    }
    const deltas = events.some(isReaction) ? await folding.deltas(conversation_id, at.seq, events) : [];
    const { first, documents } = encode(conversation_id, at, events, deltas);
    insert.documents = documents;

    let inserted: Inserted;
    try {
      inserted = await inserter.insert(insert);
    } catch (error) {
      if (error instanceof ParleyError && error.code === 'unknown_outcome') repair.doubt(conversation_id, first);
      else writer.finish(first);
      throw error;
    }
    const stored = documents.slice(0, inserted.count);
    try {
      if (stored.length > 0) await finish(conversation_id, at, stored);
    } catch (cause) {
      repair.doubt(conversation_id, first);
      throw new ParleyError('unknown_outcome', { cause });
    }
    writer.finish(first);
    return answer(conversation_id, events, stored, inserted);
  };

  /** Folds and head row, before anybody is told of what was stored. */
  const finish = async (conversation_id: string, at: Head, stored: EventDocument[]) => {
    const foldable = stored.filter(isFoldable);
    if (foldable.length > 0) await folding.fold(conversation_id, foldable);
    const last = stored.at(-1)!;
    const folded = at.seq === 0 || (heads.known(conversation_id)?.folded ?? -1) >= at.seq;
    await heads.raise(conversation_id, last, folded ? last.seq : -1);
  };

  const answer = async (
    conversation_id: string,
    events: NewEvent[],
    documents: EventDocument[],
    { refusedBy }: Inserted,
  ): Promise<AppendResult> => {
    const stored = documents.map(toEvent);
    if (!refusedBy) return { stored };
    if (refusedBy === 'place') return { stored, conflict: { on: 'seq' } };
    const { from, client_id } = events[stored.length]!;
    try {
      const original = await findOriginal(conversation_id, from, client_id);
      return { stored, conflict: { on: 'client_id', original } };
    } catch (cause) {
      throw new ParleyError(stored.length > 0 ? 'unknown_outcome' : 'unavailable', { cause });
    }
  };

  /** Whoever is answered with an original may rely on it as on one that was just stored. */
  const findOriginal = async (conversation_id: string, from: string, client_id: string): Promise<StoredEvent> => {
    const original = await reader.byClientId(conversation_id, from, client_id);
    // The index refuses what a majority does not have yet, and what may still be rolled back.
    if (!original) throw new Error('The original of a resend is not durable yet.');
    await repair.cover(conversation_id, original);
    if (isFoldable(original)) await folding.catchUp(conversation_id, original.seq);
    return original;
  };

  return async (conversation_id: string, at: Head, events: NewEvent[]): Promise<AppendResult> => {
    if (events.length === 0) return { stored: [] };
    for (const { from, client_id } of events)
      if (typeof from !== 'string' || typeof client_id !== 'string') throw new TypeError('An event without a sender.');
    const insert: Insert = { documents: [], sent: false, abandoned: false };
    try {
      return await within(deadline, work(conversation_id, at, events, insert), () => {
        insert.abandoned = true;
        return new ParleyError(insert.sent ? 'unknown_outcome' : 'unavailable', {
          cause: new Error(`The log did not answer within ${deadline} ms.`),
        });
      });
    } catch (error) {
      // Of the store itself only what was read in preparation fails here: nothing was sent.
      throw isStoreFault(error) ? new ParleyError('unavailable', { cause: error }) : error;
    }
  };
};
