import type { Log } from '../ports/log.ts';
import type { ConversationStore } from '../ports/storage.ts';
import { lobbyId } from '../protocol/index.ts';
import type { Delivery } from './delivery.ts';
import type { Link } from './link.ts';
import type { Logger } from './logger.ts';
import { enters } from './membership.ts';
import type { LocalSocket, Sockets } from './sockets.ts';
import { createVersions } from './versions.ts';

export interface MembershipsParts {
  conversations: Pick<ConversationStore, 'audibleTo' | 'userVersions' | 'member' | 'outbox'>;
  log: Pick<Log, 'head' | 'range'>;
  sockets: Sockets;
  delivery: Pick<Delivery, 'admit' | 'bring' | 'expel'>;
  link: Pick<Link, 'troubled' | 'onHealed'>;
  settings: {
    /** All are compared with the store this often while other instances can be heard, and ten times as often while not. */
    headsIntervalMs: number;
  };
  logger: Logger;
}

/**
 * Holds sockets to the conversations that their users may hear. Membership moves by events of the log; this finds what was
 * missed of them, by the counter that the store keeps of each user's memberships.
 */
export interface Memberships {
  /** Puts a socket where it belongs; what changes while this is done is not missed. */
  admit(local: LocalSocket): Promise<void>;
  /** Somebody else says that this person came in by the event at `seq`: they do if store and log say so too. */
  hinted(user_id: string, conversation_id: string, seq: number): void;
  /** Compares all who are connected. Resolves with whether that could be done. */
  check(): Promise<boolean>;
  start(): void;
  stop(): void;
}

const checksPerInterval = 10;
const maxAttempts = 5;
/** How far back it is looked for how somebody came into the lobby, which no row tells. */
const lobbyWindow = 1_000;

export const createMemberships = ({
  conversations,
  log,
  sockets,
  delivery,
  link,
  settings,
  logger,
}: MembershipsParts): Memberships => {
  const versions = createVersions(conversations);
  /** By user: the counter as it was before their conversations were last read and found to be those of their sockets. */
  const known = new Map<string, number>();
  /** Looked at again soon, whatever the counter says. */
  const unsettled = new Set<string>();
  let checking: Promise<boolean> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let beats = 0;

  const warn = (error: unknown) => logger.warn('memberships_unknown', { cause: error });

  /** Where the event stands by which somebody came in; undefined in a lobby where nobody knows any more. Null while it is on its way. */
  const entryOf = async (user_id: string, conversation_id: string): Promise<number | undefined | null> => {
    if (conversation_id !== lobbyId) return (await conversations.member(conversation_id, user_id))?.joined_seq || null;
    const { seq } = await log.head(lobbyId);
    const events = await log.range(lobbyId, Math.max(0, seq - lobbyWindow), seq);
    return events.findLast(event => enters(event) === user_id)?.seq;
  };

  const bring = async (user_id: string, conversation_id: string) => {
    const seq = await entryOf(user_id, conversation_id);
    if (seq !== null) delivery.bring(user_id, conversation_id, seq);
  };

  const expel = async (user_id: string, conversation_id: string) => {
    // While the event is still on its way into the log, it will say when they go.
    const [pending] = await conversations.outbox({ conversation_id, limit: 1 });
    if (!pending) delivery.expel(user_id, conversation_id, (await log.head(conversation_id)).seq);
  };

  /** Compares one user's sockets with the store, whose counter stood at `version` before. */
  const settle = async (user_id: string, version: number) => {
    const audible = new Set(await conversations.audibleTo(user_id));
    const locals = [...sockets.ofUser(user_id)];
    const live = locals.filter(local => local.live);
    const missing = [...audible].filter(id => live.some(local => !local.rooms.has(id)));
    const wrong = new Set(live.flatMap(local => [...local.rooms].filter(id => !audible.has(id))));
    if (missing.length + wrong.size === 0 && live.length === locals.length) {
      unsettled.delete(user_id);
      known.set(user_id, version);
      return;
    }
    // Until another look finds everything as it should be.
    unsettled.add(user_id);
    for (const id of wrong) await expel(user_id, id);
    for (const id of missing) await bring(user_id, id);
  };

  const compare = async (user_ids: string[]): Promise<boolean> => {
    try {
      const now = await versions.many(user_ids);
      for (const user_id of user_ids) {
        const version = now.get(user_id) ?? 0;
        if (version !== known.get(user_id) || unsettled.has(user_id)) await settle(user_id, version);
      }
      return true;
    } catch (error) {
      warn(error);
      return false;
    }
  };

  const once = (user_ids: () => string[]): Promise<boolean> => {
    checking ??= compare(user_ids()).finally(() => {
      checking = undefined;
    });
    return checking;
  };

  const connected = () => {
    const users = new Set<string>();
    for (const { actor } of sockets.all()) users.add(actor.user_id);
    return users;
  };

  const all = () => {
    const users = connected();
    for (const user_id of known.keys()) if (!users.has(user_id)) known.delete(user_id);
    for (const user_id of unsettled) if (!users.has(user_id)) unsettled.delete(user_id);
    return [...users];
  };

  const check = async (): Promise<boolean> => {
    // One that runs already may have asked before the caller wanted to know.
    await checking;
    return once(all);
  };

  const beat = () => {
    beats += 1;
    if (link.troubled() || beats % checksPerInterval === 0) void once(all);
    else if (unsettled.size > 0) void once(() => [...unsettled]);
  };

  const follow = async (user_id: string, conversation_id: string, seq: number) => {
    const row = await conversations.member(conversation_id, user_id);
    const isMember = conversation_id === lobbyId ? row?.state !== 'banned' : row?.state === 'active';
    // An older joining than the last is one that was told twice.
    if (!isMember || (row?.joined_seq ?? 0) > seq) return;
    const [event] = await log.range(conversation_id, seq - 1, seq);
    if (event && enters(event) === user_id) delivery.bring(user_id, conversation_id, seq);
  };

  link.onHealed(() => void check());

  return {
    check,

    async admit(local) {
      const { user_id } = local.actor;
      let version = await versions.one(user_id);
      // Whoever was connected before may have missed something that this reading includes.
      if (!known.has(user_id)) known.set(user_id, version);
      for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
        const audible = new Set(await conversations.audibleTo(user_id));
        await delivery.admit(local, [...audible]);
        for (const id of [...local.rooms]) if (!audible.has(id)) sockets.leave(local, id);
        const now = await versions.one(user_id);
        if (now === version) return;
        version = now;
      }
      unsettled.add(user_id);
    },

    hinted(user_id, conversation_id, seq) {
      follow(user_id, conversation_id, seq).catch(error => {
        warn(error);
        unsettled.add(user_id);
      });
    },

    start() {
      timer = setInterval(beat, Math.max(20, settings.headsIntervalMs / checksPerInterval)).unref();
    },
    stop() {
      clearInterval(timer);
    },
  };
};
