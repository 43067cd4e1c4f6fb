import { type FoldedMessage, type Log, placeOf, type StoredEvent } from '../ports/log.ts';
import { excerpt } from '../protocol/excerpt.ts';
import type { LogEvent, Message, ReplyPreview, User } from '../protocol/index.ts';
import { presentEvent } from './present-event.ts';
import type { Visibility } from './visibility.ts';

/** Names of people by their ids; `peek` without waiting, where they are known; `forget` where they may have changed. */
export interface Names {
  get(ids: Iterable<string>): Promise<Map<string, User>>;
  peek(id: string): User | undefined;
  forget(id: string): void;
}

/** Puts names into what the log holds as ids, and previews of what is answered to. Authorises nothing but those previews. */
export interface Presenter {
  /**
   * Log events as they go out, in the same order; at once where all names are known and nothing is a reply. Without `viewer` they
   * go to all members alike, so that a preview shows only what each of them may have.
   */
  events(stored: StoredEvent[], viewer?: string): LogEvent[] | Promise<LogEvent[]>;
  /** Messages as one person sees them, in the same order. */
  messages(folded: FoldedMessage[], viewer: string): Promise<Message[]>;
}

export interface PresenterParts {
  people: Names;
  log: Pick<Log, 'messageAt' | 'epoch'>;
  visibility: Visibility;
}

export const createPresenter = ({ people, log, visibility }: PresenterParts): Presenter => {
  /**
   * Everybody in these where all are in memory and nothing is a reply. Each is looked up once: a name that runs out between two looks
   * would be told as that of an erased person, whom clients never give a name again.
   */
  const peekAll = (events: StoredEvent[]): Map<string, User> | undefined => {
    const names = new Map<string, User>();
    const isKnown = (id: string | undefined): boolean => {
      if (id === undefined || names.has(id)) return true;
      const user = people.peek(id);
      if (user) names.set(id, user);
      return user !== undefined;
    };
    for (const { from, payload } of events) {
      if (payload.reply_to !== undefined || !isKnown(from) || !isKnown(payload.user_id)) return undefined;
      if (payload.mentions && !payload.mentions.every(id => isKnown(id))) return undefined;
    }
    return names;
  };

  /** The messages that these answer to, by id; without those that this viewer, or any member, may not have. */
  const targetsOf = async (events: StoredEvent[], viewer: string | undefined): Promise<Map<string, FoldedMessage>> => {
    const replies = new Map<string, string>();
    for (const { payload, conversation_id } of events)
      if (payload.reply_to) replies.set(payload.reply_to, conversation_id);
    const floors = new Map<string, number>();
    for (const id of new Set(replies.values())) {
      floors.set(id, await (viewer === undefined ? visibility.toAll(id) : visibility.of(id, viewer)));
    }
    const targets = new Map<string, FoldedMessage>();
    for (const [id, conversation_id] of replies) {
      const seq = placeOf(id)?.seq ?? 0;
      if (seq < (floors.get(conversation_id) ?? Number.POSITIVE_INFINITY)) continue;
      const folded = await log.messageAt(conversation_id, seq, viewer ?? '');
      if (folded?.event.id === id) targets.set(id, folded);
    }
    return targets;
  };

  /** Everything that it takes to present these. */
  const gather = async (events: StoredEvent[], viewer: string | undefined) => {
    const targets = await targetsOf(events, viewer);
    const ids = new Set<string>();
    for (const { from, payload } of events) {
      ids.add(from);
      if (payload.user_id !== undefined) ids.add(payload.user_id);
      for (const id of payload.mentions ?? []) ids.add(id);
    }
    for (const { event } of targets.values()) ids.add(event.from);
    const names = await people.get(ids);
    const name = (id: string) => names.get(id) ?? nameless(id);
    const preview = (id: string | undefined) => {
      const target = id === undefined ? undefined : targets.get(id);
      return target && previewOf(target, name);
    };
    return { name, preview };
  };

  const present = async (stored: StoredEvent[], viewer: string | undefined): Promise<LogEvent[]> => {
    const { name, preview } = await gather(stored, viewer);
    return stored.map(event => presentEvent(event, log.epoch, name, preview(event.payload.reply_to)));
  };

  return {
    events(stored, viewer) {
      // Who leaves may have been erased just now. The notice of that may come late, or not at all where Redis is away, and nothing else
      // tells those who are connected to take the name away.
      if (viewer === undefined) for (const { kind, from } of stored) if (kind === 'left') people.forget(from);
      const names = peekAll(stored);
      if (!names) return present(stored, viewer);
      return stored.map(event => presentEvent(event, log.epoch, id => names.get(id) ?? nameless(id)));
    },
    async messages(folded, viewer) {
      const { name, preview } = await gather(
        folded.map(({ event }) => event),
        viewer,
      );
      return folded.flatMap(({ event, edited_at, reactions, reactions_seq }) => {
        const presented = presentEvent(event, log.epoch, name, preview(event.payload.reply_to));
        if (presented.kind !== 'message') return [];
        const counted = reactions_seq !== undefined && { reactions_seq };
        if (presented.unsent) return [{ ...presented, reactions: [], ...counted }];
        return [{ ...presented, ...(edited_at !== undefined && { edited_at }), reactions, ...counted }];
      });
    },
  };
};

const nameless = (id: string): User => ({ id, username: '', full_name: '' });

const previewOf = ({ event }: FoldedMessage, name: (id: string) => User): ReplyPreview => {
  const { message, unsent } = event.payload;
  const from = name(event.from);
  if (unsent || message === undefined) return { id: event.id, from, message: '', unsent: true };
  return { id: event.id, from, message: excerpt(message) };
};
