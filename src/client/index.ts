import type { Message, Output } from '../protocol/index.ts';

// What operations and events are made of, as `docs/protocol.md` has it; types only, nothing of the contract's validation.
export type {
  Conversation,
  ConversationKind,
  ErrorCode,
  Input,
  LogEvent,
  LogEventKind,
  Member,
  Message,
  Notification,
  OperationName,
  Output,
  Presence,
  Profile,
  Receipt,
  ReplyPreview,
  Role,
  Room,
  Session,
  User,
} from '../protocol/index.ts';
export type { ChatClient, ClientEvents, ClientOptions } from './chat-client.ts';
export { createClient } from './client.ts';
export type { ConnectionState } from './connection.ts';
export type { ChatConversation } from './conversation.ts';
export type { Window } from './conversation-log.ts';
export type { Receipts } from './conversations.ts';
export { ChatError, type ChatErrorCode, type LocalCode } from './errors.ts';
export type { Loading } from './history.ts';
export { createMemoryStorage } from './memory-storage.ts';
export type { Observable } from './observable.ts';
export type { Entry } from './outbox.ts';
export type { Names } from './people.ts';
export type { Fetch } from './rest.ts';
export type { Ending } from './session.ts';
export type { ChatStorage, Stored } from './store.ts';
export type { Summary } from './summary.ts';
export type { Typing } from './typing.ts';

export type Reaction = Message['reactions'][number];
export type Ban = Output<'conversation:bans'>['items'][number];
/** A message that a search found. */
export type Hit = Output<'message:search'>['items'][number];
