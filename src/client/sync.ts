import type { Conversation, Input, Output } from '../protocol/index.ts';
import type { Conversations } from './conversations.ts';
import { ChatError } from './errors.ts';
import { createTask } from './task.ts';

export interface SyncParts {
  conversations: Conversations;
  /** Rejects with a `ChatError` only. */
  call: <N extends 'sync' | 'conversation:list' | 'conversation:get'>(name: N, input: Input<N>) => Promise<Output<N>>;
  isOnline: () => boolean;
  random: () => number;
  /** The server's own view of a conversation, before it is taken over. */
  onListed: (conversation: Conversation) => void;
  /** Everything was brought up to date. */
  onSynced: () => void;
  /** All that the caller is in is held, as of this membership version. */
  onSince: (since: number) => void;
  onError: (error: unknown) => void;
}

/** Brings what is held up to date: after connecting, at a gap in what comes live, and where the server says that there is more. */
export interface Sync {
  /** After connecting: the list where it is not known yet, then everything that was missed. Never rejects. */
  all(): Promise<void>;
  /** What is held belongs to this membership version: the list need not be read. */
  begin(since: number): void;
  /** A moment later, as what is missing is often the next packet. */
  soon(conversation_id: string): void;
  /** The server's digest of how far logs reach. */
  heads(digest: { epoch: string; heads: Record<string, number> }): void;
  stop(): void;
}

/** As many conversations as one call takes. */
const perCall = 500;
const listPage = 200;
/** Milliseconds until a gap counts as one. */
const gapMs = 150;
/** Events of a conversation that became the caller's which are told one by one. */
const maxNews = 200;
/** After so many answers that end with `more`, conversations go on at their head: nobody reads what was said in between event by event. */
const maxRounds = 8;

export const createSync = (parts: SyncParts): Sync => {
  const { conversations, call, isOnline, random, onListed, onSynced, onSince, onError } = parts;
  /** The membership version that this client has; undefined until the list was read. */
  let since: number | undefined;
  const wanted = new Set<string>();
  let allWanted = false;
  let stopped = false;

  const readList = async () => {
    const seen = new Set<string>();
    let after: string | undefined;
    do {
      const page: Output<'conversation:list'> = await call('conversation:list', {
        limit: listPage,
        after,
      });
      for (const conversation of page.items) {
        seen.add(conversation.id);
        onListed(conversation);
        conversations.upsert(conversation);
      }
      after = page.has_more ? page.next : undefined;
    } while (after !== undefined);
    for (const id of conversations.ids()) if (!seen.has(id)) conversations.remove(id);
  };

  const restart = async (id: string) => {
    let conversation: Conversation | undefined;
    try {
      conversation = await call('conversation:get', { conversation_id: id });
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== 'not_found') throw error;
    }
    // A public room can be looked at by whoever is not in it. What ended it may have come before this answer, too.
    if (!conversation || conversation.role === null) conversations.remove(id);
    else if (conversations.get(id)) conversations.restart(conversation);
  };

  const take = async (answer: Output<'sync'>) => {
    // In this order: who was let in again while the server was answering is told both, and would stay out for ever.
    for (const id of answer.left) conversations.remove(id);
    for (const conversation of answer.joined) {
      const { id, head, floor } = conversation;
      // What was said in it before this client heard of it is news as well; of a long history nobody wants each event.
      const isNew = since !== undefined && !conversations.get(id) && head - floor < maxNews;
      conversations.upsert(conversation, isNew ? Math.max(0, floor - 1) : undefined);
      if (isNew) wanted.add(id);
    }
    for (const [id, { events, head, floor, limited, reset }] of Object.entries(answer.conversations)) {
      const held = conversations.get(id);
      if (!held) continue;
      if (reset) {
        await restart(id);
        continue;
      }
      if (limited) conversations.skip(id, floor);
      conversations.raise(id, head);
      conversations.receive(events);
    }
    since = answer.since;
    onSince(since);
  };

  const isBehind = (id: string) => {
    const held = conversations.get(id);
    return held !== undefined && held.summary.head > held.log.cursor().seq;
  };

  const catchUp = async (ids: string[]) => {
    for (let round = 0; round < maxRounds; round += 1) {
      const cursors = Object.fromEntries(
        ids.flatMap(id => {
          const held = conversations.get(id);
          return held ? [[id, held.log.cursor()]] : [];
        }),
      );
      const answer = await call('sync', { cursors, since });
      await take(answer);
      if (!answer.more) return;
    }
    for (const id of ids) if (isBehind(id)) await restart(id);
  };

  /** Everything that is wanted, and what is wanted meanwhile; what failed is wanted as before. */
  const catchUpAll = async () => {
    while (!stopped && wanted.size > 0) {
      const ids = [...wanted].slice(0, perCall);
      for (const id of ids) wanted.delete(id);
      try {
        await catchUp(ids);
      } catch (error) {
        for (const id of ids) wanted.add(id);
        throw error;
      }
    }
  };

  const bringAll = async () => {
    // On a new device the list is cheaper than a sync of everything.
    const isNew = since === undefined;
    if (isNew) await readList();
    for (const id of conversations.ids()) wanted.add(id);
    // Also where there is none: the answer tells the membership version, and what was joined and left.
    if (wanted.size === 0) await catchUp([]);
    await catchUpAll();
    // What was read on other devices meanwhile is in no log.
    if (!isNew) await readList();
    if (!stopped) onSynced();
  };

  const work = async () => {
    while (!stopped && (allWanted || wanted.size > 0)) {
      const all = allWanted;
      allWanted = false;
      try {
        await (all ? bringAll() : catchUpAll());
      } catch (error) {
        allWanted ||= all;
        throw error;
      }
    }
  };

  const task = createTask({ work, isOnline, random, onError });

  const soon = (id: string) => {
    wanted.add(id);
    task.soon(gapMs);
  };

  return {
    all() {
      allWanted = true;
      return task.run();
    },
    begin(known) {
      since ??= known;
    },
    soon,
    heads({ epoch, heads }) {
      for (const [id, seq] of Object.entries(heads)) {
        const cursor = conversations.get(id)?.log.cursor();
        if (!cursor || cursor.epoch !== epoch || cursor.seq < seq) soon(id);
      }
    },
    stop() {
      stopped = true;
      task.stop();
    },
  };
};
