import type { Input, Output } from '../protocol/index.ts';
import type { Conversations } from './conversations.ts';

/** How far the members of a conversation had read before this client could hear of it; what they read later is told live. */
export interface PastReceipts {
  /** Somebody looks at this conversation: asks, once for each connection. */
  look(conversation_id: string): void;
  /** A connection is there (again): what was read meanwhile was not heard. */
  resume(): void;
}

/** Of larger conversations, and of the lobby, the server tells only when it is asked who read one message. */
const atMost = 100;

export const createPastReceipts = ({
  conversations,
  call,
  isOnline,
  quietly,
}: {
  conversations: Conversations;
  call: (name: 'conversation:members', input: Input<'conversation:members'>) => Promise<Output<'conversation:members'>>;
  isOnline: () => boolean;
  quietly: (promise: Promise<unknown>) => void;
}): PastReceipts => {
  const asked = new Set<string>();
  /** What is most likely still looked at when a connection comes back. */
  let latest: string | undefined;

  const ask = async (conversation_id: string) => {
    try {
      const { items } = await call('conversation:members', { conversation_id, limit: atMost });
      conversations.addReceipts(
        conversation_id,
        items.flatMap(({ user, read_seq, delivered_seq }) =>
          read_seq === undefined || delivered_seq === undefined ? [] : [{ user_id: user.id, read_seq, delivered_seq }],
        ),
      );
    } catch (error) {
      asked.delete(conversation_id);
      throw error;
    }
  };

  const look = (conversation_id: string) => {
    latest = conversation_id;
    const kind = conversations.get(conversation_id)?.summary.kind;
    if (!isOnline() || kind === undefined || kind === 'lobby' || asked.has(conversation_id)) return;
    asked.add(conversation_id);
    quietly(ask(conversation_id));
  };

  return {
    look,
    resume() {
      asked.clear();
      if (latest !== undefined) look(latest);
    },
  };
};
