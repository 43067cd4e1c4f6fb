import type { Input, Output } from '../protocol/index.ts';
import type { Page } from './conversation-log.ts';
import type { Conversations } from './conversations.ts';
import { ChatError } from './errors.ts';
import { createObservable, type Observable } from './observable.ts';

/** What is on its way for a conversation. */
export type Loading = 'latest' | 'older' | 'newer' | undefined;

/** Brings pages of history to what is shown. What fails is tried again by whoever asks next; nothing rejects but with a `ChatError`. */
export interface History {
  /** Shows the newest messages, unless some are shown already. */
  open(id: string): Promise<void>;
  /** Shows the newest messages, whatever was shown. */
  latest(id: string): Promise<void>;
  /** Shows the messages around this seq. */
  around(id: string, seq: number): Promise<void>;
  older(id: string): Promise<void>;
  newer(id: string): Promise<void>;
  loading(id: string): Observable<Loading>;
}

const pageSize = 50;
/** A page that was overtaken by too many events is asked for again. */
const maxTries = 5;
/** Milliseconds that showing the newest messages waits for their events. */
const catchUpMs = 3_000;

export const createHistory = ({
  conversations,
  call,
  onBehind,
  onError,
}: {
  conversations: Conversations;
  /** The server shows more than this client has been told of. */
  onBehind: (conversation_id: string) => void;
  call: <N extends 'message:history' | 'conversation:get'>(name: N, input: Input<N>) => Promise<Output<N>>;
  onError: (error: unknown) => void;
}): History => {
  const states = new Map<string, ReturnType<typeof createObservable<Loading>>>();
  const running = new Map<string, Promise<void>>();

  const stateOf = (id: string) => {
    let state = states.get(id);
    if (!state) {
      state = createObservable<Loading>(undefined, onError);
      states.set(id, state);
    }
    return state;
  };

  const held = (id: string) => {
    const one = conversations.get(id);
    if (!one) throw new ChatError('not_found');
    return one;
  };

  /** One page at a time for each conversation, as a second one would rest on what the first one shows. */
  const alone = (id: string, what: NonNullable<Loading>, work: () => Promise<void>): Promise<void> => {
    const before = running.get(id) ?? Promise.resolve();
    const state = stateOf(id);
    const run = before
      .catch(() => undefined)
      .then(async () => {
        state.set(what);
        // Somebody may be told of a conversation before this client is.
        if (!conversations.get(id)) conversations.upsert(await call('conversation:get', { conversation_id: id }));
        await work();
      })
      .finally(() => {
        if (running.get(id) !== run) return;
        running.delete(id);
        state.set(undefined);
      });
    running.set(id, run);
    return run;
  };

  /** Asks until the answer can be taken. `isMore`: it belongs to what is shown, and means nothing once that is gone. */
  const fetch = async (
    id: string,
    query: Omit<Input<'message:history'>, 'conversation_id'>,
    ends: (page: Output<'message:history'>) => Pick<Page, 'hasOlder' | 'hasNewer'>,
    take: (page: Page) => boolean,
    isMore = false,
  ) => {
    const { log: first } = held(id);
    for (let attempt = 0; attempt < maxTries; attempt += 1) {
      if (isMore && conversations.get(id)?.log !== first) return;
      const { log } = held(id);
      const asked = log.cursor().seq;
      const page = await call('message:history', { conversation_id: id, limit: pageSize, ...query });
      // Meanwhile it was left, or begun anew: nothing else would load what somebody waits to see.
      if (conversations.get(id)?.log !== log) continue;
      if (take({ items: page.items, asked, ...ends(page) })) {
        conversations.refresh(id);
        return;
      }
    }
  };

  /** Resolves when the events up to `seq` have come; after some seconds in any case. */
  const reached = (id: string, seq: number) =>
    new Promise<void>(resolve => {
      const isThere = () => (conversations.get(id)?.log.cursor().seq ?? seq) >= seq;
      const done = () => {
        stop();
        clearTimeout(timer);
        resolve();
      };
      const stop = conversations.shown(id).window.subscribe(() => {
        if (isThere()) done();
      });
      const timer = setTimeout(done, catchUpMs);
      if (isThere()) done();
      else onBehind(id);
    });

  const showLatest = async (id: string) => {
    let newest = 0;
    await fetch(
      id,
      {},
      ({ has_more }) => ({ hasOlder: has_more, hasNewer: false }),
      page => {
        newest = page.items.at(-1)?.seq ?? 0;
        return held(id).log.show(page);
      },
    );
    // What is not this client's turn yet is not shown: soon it is.
    await reached(id, newest);
  };

  const more = (id: string, where: 'older' | 'newer') =>
    alone(id, where, async () => {
      const window = held(id).log.window();
      const isOlder = where === 'older';
      const edge = window?.messages.at(isOlder ? 0 : -1);
      if (!edge || !(isOlder ? window?.hasOlder : window?.hasNewer)) return;
      await fetch(
        id,
        isOlder ? { before: edge.seq } : { after: edge.seq },
        ({ has_more, items }) => {
          const goesOn = has_more && items.length > 0;
          return { hasOlder: !isOlder || goesOn, hasNewer: isOlder || goesOn };
        },
        page => held(id).log.extend(page, where),
        true,
      );
    });

  return {
    loading: stateOf,

    open(id) {
      if (conversations.get(id)?.log.window()) return Promise.resolve();
      return alone(id, 'latest', async () => {
        if (!conversations.get(id)?.log.window()) await showLatest(id);
      });
    },

    latest: id => alone(id, 'latest', () => showLatest(id)),

    around: (id, seq) =>
      alone(id, 'latest', () =>
        fetch(
          id,
          { around: seq },
          ({ has_more, items }) => ({
            hasOlder: has_more,
            hasNewer: (items.at(-1)?.n ?? 0) < held(id).summary.n,
          }),
          page => held(id).log.show(page),
        ),
      ),

    older: id => more(id, 'older'),
    newer: id => more(id, 'newer'),
  };
};
