import type { Access } from '../conversations/access.ts';
import type { Handlers } from '../invoke.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { Publisher } from '../ports/publisher.ts';
import type { User } from '../protocol/index.ts';
import type { Signals } from './signals.ts';

export interface TypingParts {
  access: Pick<Access, 'permit'>;
  /** Every id asked for is in the result. */
  people: { get(ids: Iterable<string>): Promise<Map<string, User>> };
  cluster: Pick<Cluster, 'notify' | 'on'>;
  publisher: Pick<Publisher, 'subscribe'>;
  signals: Signals;
  clock: Clock;
  /** Told what went wrong in telling; the next change tells anew. */
  onError: (error: unknown) => void;
}

export interface Typing {
  handlers: Handlers<'typing:start' | 'typing:stop'>;
  start(): void;
  stop(): void;
}

/** How long "is typing" lasts unless it is repeated. */
const lastsMs = 5_000;
/** A conversation is told at most this often who is typing. */
const tellEveryMs = 500;
const maxNames = 5;

/** Who is typing, in conversations of which sockets are connected here. */
export const createTyping = ({ access, people, cluster, publisher, signals, clock, onError }: TypingParts): Typing => {
  /** By conversation and user: until when. */
  const typing = new Map<string, Map<string, number>>();
  const untold = new Set<string>();
  const stops: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  const begin = (conversation_id: string, user_id: string) => {
    if (signals.audience(conversation_id) === 0) return;
    let users = typing.get(conversation_id);
    if (!users) {
      users = new Map();
      typing.set(conversation_id, users);
    }
    if (!users.has(user_id)) untold.add(conversation_id);
    users.set(user_id, clock.now() + lastsMs);
  };

  const end = (conversation_id: string, user_id: string) => {
    const users = typing.get(conversation_id);
    if (!users?.delete(user_id)) return;
    untold.add(conversation_id);
    if (users.size === 0) typing.delete(conversation_id);
  };

  const tell = async (conversation_id: string) => {
    const users = [...(typing.get(conversation_id)?.keys() ?? [])];
    const named = users.slice(0, maxNames);
    const found = await people.get(named);
    signals.toConversation(conversation_id, 'typing:updated', {
      conversation_id,
      typing: named.flatMap(id => found.get(id) ?? []),
      more: users.length - named.length,
    });
  };

  const tick = () => {
    const now = clock.now();
    for (const [conversation_id, users] of typing)
      for (const [user_id, until] of users) if (until <= now) end(conversation_id, user_id);
    for (const conversation_id of untold) tell(conversation_id).catch(onError);
    untold.clear();
  };

  return {
    handlers: {
      'typing:start': async (actor, { conversation_id }) => {
        await access.permit(actor, 'typing:start', conversation_id);
        cluster.notify('typing', { conversation_id, user_id: actor.user_id, typing: true });
        return {};
      },
      'typing:stop': async (actor, { conversation_id }) => {
        await access.permit(actor, 'typing:stop', conversation_id);
        cluster.notify('typing', { conversation_id, user_id: actor.user_id, typing: false });
        return {};
      },
    },
    start() {
      stops.push(
        cluster.on('typing', notice =>
          notice.typing ? begin(notice.conversation_id, notice.user_id) : end(notice.conversation_id, notice.user_id),
        ),
        // Who has sent, or left, types no more.
        publisher.subscribe((conversation_id, events) => {
          if (!typing.has(conversation_id)) return;
          for (const event of events) end(conversation_id, event.payload.user_id ?? event.from);
        }),
      );
      timer = setInterval(tick, tellEveryMs).unref();
    },
    stop() {
      clearInterval(timer);
      for (const stop of stops.splice(0)) stop();
    },
  };
};
