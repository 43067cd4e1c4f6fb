import type { Handlers } from '../invoke.ts';
import { createEdit, type EditParts } from './edit.ts';
import { createGet, type GetParts } from './get.ts';
import { createHistory, type HistoryParts } from './history.ts';
import { createReact, type ReactParts } from './react.ts';
import { createReceipts, type ReceiptParts } from './receipts.ts';
import { createSend, type SendParts } from './send.ts';
import { createSync, type SyncParts } from './sync.ts';
import { createUnsend, type UnsendParts } from './unsend.ts';

export type MessageParts = SendParts &
  EditParts &
  UnsendParts &
  ReactParts &
  HistoryParts &
  GetParts &
  ReceiptParts &
  SyncParts;

export type MessageOperation =
  | Exclude<Extract<keyof Handlers, `message:${string}`>, 'message:search'>
  | 'receipt:read'
  | 'receipt:delivered'
  | 'sync';

/** Every rule about messages; search has its own feature. */
export const createMessageHandlers = (parts: MessageParts): Handlers<MessageOperation> => ({
  'message:send': createSend(parts),
  'message:edit': createEdit(parts),
  'message:unsend': createUnsend(parts),
  ...createReact(parts),
  'message:history': createHistory(parts),
  ...createGet(parts),
  ...createReceipts(parts),
  sync: createSync(parts),
});
