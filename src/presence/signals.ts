import type { SignalName, SignalPayload } from '../protocol/index.ts';

/** What features may tell the clients connected to this instance, beside log events. No delivery is promised. */
export interface Signals {
  /** How many sockets here are in the conversation. */
  audience(conversation_id: string): number;
  toConversation<S extends SignalName>(conversation_id: string, name: S, payload: SignalPayload<S>): void;
  toSocket<S extends SignalName>(socket_id: string, name: S, payload: SignalPayload<S>): void;
}
