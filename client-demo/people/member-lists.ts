import { type ChatClient, ChatError, type LogEvent, type Member, type Observable } from 'parley/client';
import { createState } from '../ui/state.ts';

/** As much of a conversation's members as was loaded. */
export interface ShownMembers {
  /** Undefined until the first answer. */
  readonly members: readonly Member[] | undefined;
  readonly hasMore: boolean;
}

/** The members of one conversation, kept up to date as long as somebody subscribes, and a while longer. */
export interface MemberList extends Observable<ShownMembers> {
  loadMore(): void;
}

/** One list for each conversation, the same whoever asks and whenever. */
export interface MemberLists {
  of(conversation_id: string): MemberList;
  /** Whoever was signed in is not any more: nothing is asked for, and nobody is known. */
  stop(): void;
}

const pageSize = 500;
const retryMs = 5_000;
/** Who types, mentions somebody, or looks at the members shortly does so again: they need not be loaded for each time. */
const lingerMs = 60_000;
const nothing: ShownMembers = { members: undefined, hasMore: false };

export const createMemberLists = (client: ChatClient): MemberLists => {
  const lists = new Map<string, ReturnType<typeof createMemberList>>();
  return {
    of(conversation_id) {
      const list = lists.get(conversation_id) ?? createMemberList(client, conversation_id);
      lists.set(conversation_id, list);
      return list;
    },
    stop() {
      for (const list of lists.values()) list.stop();
    },
  };
};

const createMemberList = (client: ChatClient, conversation_id: string): MemberList & Pick<MemberLists, 'stop'> => {
  const shown = createState<ShownMembers>(nothing);
  /** Where the pages that were not read yet begin. */
  let next: string | undefined;
  /** Events since the last question: its answer may be older than they are. Each can be applied again. */
  let news: LogEvent[] = [];
  let reading = 0;
  let isReading = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let lingering: ReturnType<typeof setTimeout> | undefined;
  let isRunning = false;
  let subscribers = 0;
  let stops: (() => void)[] = [];

  const set = (members: readonly Member[]) => shown.set({ members, hasMore: next !== undefined });

  /** Reads pages behind `before` until there are `wanted`. What is under way already is over. */
  const read = async (before: readonly Member[], from: string | undefined, wanted: number) => {
    reading += 1;
    const mine = reading;
    clearTimeout(retry);
    isReading = true;
    news = [];
    try {
      let after = from;
      const all = new Map(before.map(member => [member.user.id, member]));
      do {
        const page = await client.call('conversation:members', {
          conversation_id,
          limit: pageSize,
          ...(after !== undefined && { after }),
        });
        if (mine !== reading) return;
        for (const member of page.items) all.set(member.user.id, member);
        after = page.has_more ? page.next : undefined;
      } while (after !== undefined && all.size < wanted);
      next = after;
      set(news.reduce(apply, [...all.values()]));
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      // What is there stays. What passes is asked for again; without a connection, the next one asks.
      if (mine === reading && error.retryable && isOnline()) retry = setTimeout(reload, retryMs);
    } finally {
      if (mine === reading) isReading = false;
    }
  };

  const reload = () => void read([], undefined, shown.get().members?.length ?? 1);
  const isOnline = () => client.connection.get().status === 'online';

  const onEvent = (event: LogEvent) => {
    if (event.conversation_id !== conversation_id) return;
    if (isReading) news.push(event);
    const { members } = shown.get();
    if (!members) return;
    const changed = apply(members, event);
    if (changed !== members) set(changed);
  };

  const start = () => {
    clearTimeout(lingering);
    if (isRunning) return;
    isRunning = true;
    let wasOnline = isOnline();
    const { summary } = client.conversation(conversation_id);
    stops = [
      client.on('event', onEvent),
      // Whoever is let in again was not told what happened meanwhile.
      summary.subscribe(() => summary.get() ?? stop()),
      client.connection.subscribe(() => {
        if (isOnline() && !wasOnline) reload();
        wasOnline = isOnline();
      }),
    ];
    if (wasOnline) reload();
  };

  const stop = () => {
    reading += 1;
    isReading = false;
    isRunning = false;
    next = undefined;
    clearTimeout(retry);
    clearTimeout(lingering);
    for (const each of stops.splice(0)) each();
    shown.set(nothing);
  };

  return {
    get: shown.get,
    stop,
    subscribe(listener) {
      const unsubscribe = shown.subscribe(listener);
      subscribers += 1;
      if (subscribers === 1) start();
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        unsubscribe();
        subscribers -= 1;
        if (subscribers === 0 && isRunning) lingering = setTimeout(stop, lingerMs);
      };
    },
    loadMore() {
      const { members = [] } = shown.get();
      if (next !== undefined && !isReading) void read(members, next, members.length + 1);
    },
  };
};

/** The members after an event; the same where it changes none. */
const apply = (members: readonly Member[], event: LogEvent): readonly Member[] => {
  if (event.kind === 'deleted') return [];
  if (!('user' in event)) return members;
  const { kind, user, role = 'member', muted_until = null, seq, conversation_id } = event;
  const others = () => members.filter(member => member.user.id !== user.id);
  const change = (some: Partial<Member>) =>
    members.map(member => (member.user.id === user.id ? { ...member, ...some } : member));
  switch (kind) {
    case 'joined':
      return [...others(), { user, role, joined_seq: seq, muted_until: null }];
    case 'left':
    case 'removed':
    case 'banned':
      return others();
    case 'unbanned':
      // Everybody is in the lobby who is not kept out of it.
      return conversation_id === 'lobby' ? [...others(), { user, role, joined_seq: seq, muted_until: null }] : members;
    case 'role':
      return change({ role });
    case 'muted':
      return change({ muted_until });
  }
};
