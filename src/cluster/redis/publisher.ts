import type { StoredEvent } from '../../ports/log.ts';
import type { Origin, PublicationListener, Publisher } from '../../ports/publisher.ts';
import type { Channels } from './channels.ts';

/** Of these everybody hears: somebody may enter, or leave, where nobody listens. See `Publisher`. */
const movingKinds: ReadonlySet<StoredEvent['kind']> = new Set([
  'created',
  'joined',
  'left',
  'removed',
  'banned',
  'unbanned',
  'deleted',
]);

/** The publisher of several instances. `receive` takes what another one has published. */
export const createRedisPublisher = ({
  channels,
  onListenerError,
}: {
  channels: Pick<Channels, 'toEverybody' | 'toConversation' | 'watch' | 'unwatch'>;
  onListenerError: (error: unknown) => void;
}): Publisher & { receive(events: StoredEvent[]): void } => {
  const listeners = new Set<PublicationListener>();

  const tell = (conversation_id: string, events: StoredEvent[], origin: Origin) => {
    for (const listener of listeners) {
      try {
        listener(conversation_id, events, origin);
      } catch (error) {
        onListenerError(error);
      }
    }
  };

  return {
    publish(conversation_id, events) {
      tell(conversation_id, events, 'here');
      if (events.some(({ kind }) => movingKinds.has(kind))) channels.toEverybody('events', events);
      else channels.toConversation(conversation_id, 'events', events, events);
    },
    receive(events) {
      const [first] = events;
      if (first) tell(first.conversation_id, events, 'elsewhere');
    },
    subscribe(listener) {
      // A wrapper of its own, so that one function may subscribe twice and stop each time for itself.
      const own: PublicationListener = (...publication) => listener(...publication);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    watch: channels.watch,
    unwatch: channels.unwatch,
  };
};
