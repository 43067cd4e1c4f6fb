import type { Access } from '../conversations/access.ts';
import type { Handlers } from '../invoke.ts';
import type { Head, Log } from '../ports/log.ts';
import { type Input, lobbyId } from '../protocol/index.ts';
import { hiddenBelow, messagesUpTo } from './ordinals.ts';
import type { Presenter } from './present.ts';

export interface HistoryParts {
  log: Log;
  access: Access;
  presenter: Presenter;
}

const defaultLimit = 50;

/** Messages by their ordinal, `after < n <= upTo`, and where to go on; `next` is absent at the end. */
interface Page {
  after: number;
  upTo: number;
  /** Towards the past: what the next page is asked by, given the first item's seq. */
  next: 'page' | 'before' | 'after';
  has_more: boolean;
}

/**
 * Pages of messages with what came after folded in. A page is arithmetic on `n`, so it costs the same however deep. `next` is the
 * next `page`, or the seq to give as `before` (after `before` and `around`) or as `after`.
 */
export const createHistory = ({
  log,
  access,
  presenter,
}: HistoryParts): Handlers<'message:history'>['message:history'] => {
  const findPage = async (
    input: Input<'message:history'>,
    id: string,
    limit: number,
    head: Head,
    hidden: number,
  ): Promise<Page> => {
    const upTo = (seq: number) => messagesUpTo(log, id, seq, head, hidden);
    if (input.after !== undefined) {
      const after = await upTo(input.after);
      const last = Math.min(head.n, after + limit);
      return { after, upTo: last, next: 'after', has_more: last < head.n };
    }
    const ending = async (): Promise<[last: number, next: 'page' | 'before']> => {
      if (input.before !== undefined) return [await upTo(input.before - 1), 'before'];
      if (input.around !== undefined) {
        // In the middle, unless that would leave a half of the page empty.
        const last = (await upTo(input.around)) + Math.floor(limit / 2);
        return [Math.min(head.n, Math.max(last, hidden + limit)), 'before'];
      }
      return [head.n - ((input.page ?? 1) - 1) * limit, 'page'];
    };
    const [last, next] = await ending();
    const after = Math.max(hidden, last - limit);
    return { after, upTo: Math.max(after, last), next, has_more: last > hidden && after > hidden };
  };

  return async (actor, input) => {
    const id = input.conversation_id ?? lobbyId;
    const limit = input.limit ?? defaultLimit;
    const { floor } = await access.see(actor, id);
    const head = await log.head(id);
    const hidden = await hiddenBelow(log, id, floor, head);
    const { after, upTo, next, has_more } = await findPage(input, id, limit, head, hidden);
    const folded = upTo > after ? await log.messages(id, after, upTo, actor.user_id) : [];
    const items = await presenter.messages(folded, actor.user_id);
    const page = next === 'page' ? (input.page ?? 1) : undefined;
    const edge = next === 'after' ? items.at(-1)?.seq : items[0]?.seq;
    const following = page === undefined ? edge : page + 1;
    return {
      items,
      has_more,
      ...(has_more && following !== undefined && { next: String(following) }),
      ...(page !== undefined && { page }),
      limit,
      total: head.n - hidden,
    };
  };
};
