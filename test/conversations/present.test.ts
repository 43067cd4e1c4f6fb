import { expect, test } from 'vitest';
import type { Actor } from '../../src/actor.ts';
import type { Cursors } from '../../src/conversations/cursors.ts';
import { createConversationPresenter } from '../../src/conversations/present.ts';
import type { Log } from '../../src/ports/log.ts';
import type { ConversationRow, ConversationStore } from '../../src/ports/storage.ts';
import type { Message } from '../../src/protocol/index.ts';

/** A message that is said while the head is being read, or right behind it. */
const presentWhile = async (when: 'while the head is read' | 'after the head was read') => {
  let said = 20;
  const log = {
    epoch: 'e',
    async heads() {
      const n = said;
      if (when === 'after the head was read') said += 1;
      await Promise.resolve();
      if (when === 'while the head is read') said += 1;
      return new Map([['lobby', { seq: n + 1, n }]]);
    },
    async latestMessages() {
      return new Map([['lobby', said]]);
    },
  };
  const presenter = createConversationPresenter({
    storage: {} as ConversationStore,
    log: log as unknown as Log,
    people: { get: async () => new Map() },
    cursors: { overlay: () => ({ read_seq: 16, read_n: 15, delivered_seq: 16 }) } as unknown as Cursors,
    presentMessages: ([n]) => [{ conversation_id: 'lobby', seq: Number(n) + 1, n: Number(n) } as Message],
  });
  const lobby = { id: 'lobby', kind: 'lobby', name: null, topic: '', history: 'all' } as ConversationRow;
  const [told] = await presenter.many({ user_id: 'u', role: 'user' } as Actor, [{ conversation: lobby }]);
  return told;
};

// Clients reckon from it how many messages are read: `last_message.n` less `unread`. Found by the network tests of the client (seed 14).
test.each(['while the head is read', 'after the head was read'] as const)(
  'a message that is said %s counts for head, unread and last_message alike',
  async when => {
    const told = await presentWhile(when);
    expect({ head: told?.head, unread: told?.unread, n: told?.last_message?.n }).toEqual({
      head: 22,
      unread: 6,
      n: 21,
    });
  },
);
