import type { StoredEvent } from './log.ts';

export interface SearchHit {
  conversation_id: string;
  seq: number;
  /** The text in pieces, those that matched marked. */
  highlight: { text: string; match: boolean }[];
}

/** A full-text index over messages. It follows the change feed and may lag by seconds; it holds nothing that the log does not. */
export interface SearchIndex {
  /** The feed's stamp up to which it has indexed, '' at first. */
  stamp(): Promise<string>;
  setStamp(stamp: string): Promise<void>;
  position(conversation_id: string): Promise<number>;
  /** Applies events of one conversation in order (messages, edits, unsends) and moves its position, atomically. Idempotent. */
  apply(conversation_id: string, events: StoredEvent[], upTo: number): Promise<void>;
  /** All words of `q` (prefixes count) within these conversations above each one's floor, newest first; `after` is a page's `next`, with which fewer hits than `limit` may come. Throws `invalid_input` for another `after`. */
  find(query: {
    q: string;
    floors: Map<string, number>;
    from?: string;
    after?: string;
    limit: number;
  }): Promise<{ hits: SearchHit[]; next?: string }>;
  remove(conversation_id: string): Promise<void>;
  /** Forgets everything, stamp and positions too: the log that it followed is another one now (a restored backup). */
  clear(): Promise<void>;
  close(): Promise<void>;
}
