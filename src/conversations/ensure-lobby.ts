import { type Clock, isoDate } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { ConversationStore } from '../ports/storage.ts';
import { lobbyId } from '../protocol/index.ts';
import type { Outbox } from './outbox.ts';

/** Who made it: no person, and shown as one without a name. */
const founder = 'parley';

export interface EnsureLobbyParts {
  storage: ConversationStore;
  outbox: Outbox;
  clock: Clock;
}

/** Creates the lobby where it is not there yet; resolves when its first event is in its log. Idempotent, also across instances. */
export const ensureLobby = async ({ storage, outbox, clock }: EnsureLobbyParts): Promise<void> => {
  const settings = { name: 'Lobby', topic: '', slow_mode_ms: 0, history: 'all' } as const;
  await storage.create(
    {
      id: lobbyId,
      kind: 'lobby',
      ...settings,
      created_by: founder,
      created_at: isoDate(clock.now()),
      name_key: null,
      direct_key: null,
      client_id: null,
    },
    { events: [{ kind: 'created', from: founder, payload: { conversation_kind: 'lobby', ...settings } }] },
  );
  await outbox.complete(lobbyId);
};

/** Whoever registers has read all that was said in the lobby before. */
export const createEnterLobby =
  ({ storage, log }: { storage: ConversationStore; log: Log }) =>
  async (user_id: string): Promise<void> => {
    const { seq, n } = await log.head(lobbyId);
    await storage.writeCursors([{ conversation_id: lobbyId, user_id, read_seq: seq, read_n: n, delivered_seq: seq }]);
  };
