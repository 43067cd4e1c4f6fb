import { type Log, maxWindow, type StoredEvent } from '../../ports/log.ts';
import { createTokenBuckets } from '../token-buckets.ts';
import type { Link } from './link.ts';
import type { Stats } from './stats.ts';
import type { Tags } from './tags.ts';

export interface BlocksParts {
  link: Pick<Link, 'up' | 'send' | 'call'>;
  tags: Tags;
  prefix: string;
  stats: Stats;
  /** Milliseconds that a block is kept. */
  blockMs: number;
}

/** `size` ordinals make a block, aligned. Less than `worth` of them is cheaper to read from the log. */
interface Shape {
  letter: string;
  size: number;
  worth: number;
  ordinal: (event: StoredEvent) => number;
}

const bySeq: Shape = { letter: 'e', size: 100, worth: 25, ordinal: event => event.seq };
const byN: Shape = { letter: 'm', size: 50, worth: 25, ordinal: event => event.n };

const maxBlockLength = 256 * 1024;
/** Characters a second that this instance puts into Redis at most: with `blockMs` it bounds what the cache takes there. */
const fillBudget = { rate: 1_000_000, burst: 16_000_000 };
/** Blocks asked for once are remembered; only the second time a block is put into the cache, as most are never asked for again. */
const maxAsked = 5_000;
/** How long it is believed that a conversation's last block is not complete. */
const openMs = 10_000;

const isBlock = (events: StoredEvent[], { size, ordinal }: Shape, block: number) => {
  const [first] = events;
  const last = events.at(-1);
  const start = block * size;
  return events.length === size && first && last && ordinal(first) === start + 1 && ordinal(last) === start + size;
};

/**
 * A log whose complete blocks are cached in Redis. Events are immutable once they are in it but for the erasure of texts, against
 * which each block bears a tag (see `Tags`). What is no complete block yet is always read from the log, after the call began (G6);
 * where Redis does not answer, so is everything. Folds are never cached: of messages, only what they were when they were sent.
 */
export const createBlocks =
  ({ link, tags, prefix, stats, blockMs }: BlocksParts) =>
  (log: Log): Log => {
    const budget = createTokenBuckets({ clock: { now: () => performance.now() } });
    let asked = new Set<string>();
    let askedBefore = new Set<string>();
    /** By conversation, the block of messages that was found incomplete, and when. */
    const open = new Map<string, { block: number; at: number }>();

    const keyOf = (conversation_id: string, shape: Shape, block: number) =>
      `${prefix}block:${shape.letter}:${conversation_id}:${block}`;

    const isAskedAgain = (key: string) => {
      if (asked.has(key) || askedBefore.has(key)) return true;
      if (asked.size >= maxAsked) {
        askedBefore = asked;
        asked = new Set();
      }
      asked.add(key);
      return false;
    };

    const parse = (value: unknown, header: string, shape: Shape, block: number): StoredEvent[] | undefined => {
      if (typeof value !== 'string' || !value.startsWith(header)) return undefined;
      const events = JSON.parse(value.slice(header.length)) as StoredEvent[];
      return isBlock(events, shape, block) ? events : undefined;
    };

    /** Looks blocks `from` to `to` up. Undefined where the cache cannot be used. */
    const lookUp = async (conversation_id: string, shape: Shape, from: number, to: number) => {
      const keys: string[] = [];
      for (let block = from; block <= to; block += 1) keys.push(keyOf(conversation_id, shape, block));
      try {
        const [tag, values] = await Promise.all([tags.read(conversation_id), link.call('MGET', keys)]);
        if (tag === undefined) return undefined;
        const header = `${log.epoch} ${tag}\n`;
        const found = new Map<number, StoredEvent[]>();
        let again = false;
        for (const [index, key] of keys.entries()) {
          const events = parse((values as unknown[])[index], header, shape, from + index);
          if (events) found.set(from + index, events);
          else if (isAskedAgain(key)) again = true;
        }
        stats.blockHits += found.size;
        stats.blockMisses += keys.length - found.size;
        return { header, found, again };
      } catch {
        return undefined;
      }
    };

    /** Puts the complete blocks among `events` into the cache, which are consecutive and begin with that block. */
    const fill = (conversation_id: string, shape: Shape, header: string, first: number, events: StoredEvent[]) => {
      for (let at = 0; at + shape.size <= events.length; at += shape.size) {
        const block = events.slice(at, at + shape.size);
        if (!isBlock(block, shape, first + at / shape.size)) return;
        const value = header + JSON.stringify(block);
        if (value.length > maxBlockLength || budget.take('fill', fillBudget, value.length) > 0) continue;
        stats.blockFills += 1;
        link.send('SET', [keyOf(conversation_id, shape, first + at / shape.size), value, 'PX', blockMs]);
      }
    };

    const fromLog = async (conversation_id: string, after: number, upTo: number) => {
      const events = await log.range(conversation_id, after, upTo);
      for (const event of events) if (event.kind === 'unsend') tags.noticed(event);
      return events;
    };

    const range: Log['range'] = async (conversation_id, asksAfter, asksUpTo) => {
      const after = Math.max(0, asksAfter);
      const upTo = Math.min(asksUpTo, after + maxWindow);
      if (!link.up || upTo - after < bySeq.worth) return fromLog(conversation_id, after, upTo);
      const from = Math.floor(after / bySeq.size);
      const to = Math.floor((upTo - 1) / bySeq.size);
      const cached = await lookUp(conversation_id, bySeq, from, to);
      if (!cached || (cached.found.size === 0 && !cached.again)) return fromLog(conversation_id, after, upTo);
      const { header, found, again } = cached;
      const pieces: StoredEvent[][] = [];
      for (let block = from; block <= to; ) {
        const known = found.get(block);
        if (known) {
          pieces.push(known);
          block += 1;
          continue;
        }
        let end = block;
        while (end <= to && !found.has(end) && (end - block) * bySeq.size < maxWindow) end += 1;
        // Whole blocks where they are to be kept, else no more than was asked for.
        const start = again ? block * bySeq.size : Math.max(after, block * bySeq.size);
        const last = again ? end * bySeq.size : Math.min(upTo, end * bySeq.size);
        const events = await fromLog(conversation_id, start, last);
        if (again) fill(conversation_id, bySeq, header, block, events);
        pieces.push(events);
        // A log that was removed, in whole or its beginning: then it alone knows.
        if (events.length < last - start && end <= to) return fromLog(conversation_id, after, upTo);
        block = end;
      }
      return pieces.flat().filter(({ seq }) => seq > after && seq <= upTo);
    };

    const isOpen = (conversation_id: string, block: number) => {
      const known = open.get(conversation_id);
      return known !== undefined && block >= known.block && performance.now() - known.at < openMs;
    };

    const messages: Log['messages'] = async (conversation_id, asksAfter, asksUpTo, viewer) => {
      const after = Math.max(0, asksAfter);
      const upTo = Math.min(asksUpTo, after + maxWindow);
      const from = Math.floor(after / byN.size);
      const to = Math.floor((upTo - 1) / byN.size);
      const tooFew = upTo - after < byN.worth || (to - from + 1) * byN.size > maxWindow;
      const direct = () => log.messages(conversation_id, after, upTo, viewer);
      if (!link.up || tooFew || isOpen(conversation_id, to)) return direct();
      const cached = await lookUp(conversation_id, byN, from, to);
      if (!cached) return direct();
      const { header, found, again } = cached;
      if (found.size === to - from + 1) {
        const events = [...found.values()].flat().filter(({ n }) => n > after && n <= upTo);
        return log.fold(conversation_id, events, viewer);
      }
      if (!again) return direct();
      const read = await log.messages(conversation_id, from * byN.size, (to + 1) * byN.size, viewer);
      const events = read.map(({ event }) => event);
      fill(conversation_id, byN, header, from, events);
      if (events.length < (to - from + 1) * byN.size) {
        if (open.size >= maxAsked) open.clear();
        open.set(conversation_id, { block: from + Math.floor(events.length / byN.size), at: performance.now() });
      }
      return read.filter(({ event: { n } }) => n > after && n <= upTo);
    };

    return {
      range,
      messages,
      append: (conversation_id, at, events) => {
        const append = () => log.append(conversation_id, at, events);
        return events.some(({ kind }) => kind === 'unsend') ? tags.erasing(conversation_id, append) : append();
      },
      erase: (conversation_id, target_seq) =>
        tags.erasing(conversation_id, () => log.erase(conversation_id, target_seq)),
      drop: conversation_id => tags.erasing(conversation_id, () => log.drop(conversation_id)),
      head: id => log.head(id),
      heads: ids => log.heads(ids),
      at: (id, seq) => log.at(id, seq),
      byClientId: (id, from, client_id) => log.byClientId(id, from, client_id),
      fold: (id, events, viewer) => log.fold(id, events, viewer),
      messageAt: (id, seq, viewer) => log.messageAt(id, seq, viewer),
      latestMessages: (ids, viewer) => log.latestMessages(ids, viewer),
      reaction: (id, seq, user_id, emoji) => log.reaction(id, seq, user_id, emoji),
      changes: (since, limit) => log.changes(since, limit),
      get epoch() {
        return log.epoch;
      },
      renewEpoch: () => log.renewEpoch(),
      ping: () => log.ping(),
      close: () => log.close(),
    };
  };
