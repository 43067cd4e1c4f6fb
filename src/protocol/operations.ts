import type { z } from 'zod';
import { accountOperations } from './accounts.ts';
import { conversationOperations } from './conversations.ts';
import { liveOperations } from './live.ts';
import { messageOperations } from './messages.ts';

/** Every operation of the wire, by name. */
export const operations = { ...accountOperations, ...conversationOperations, ...messageOperations, ...liveOperations };

export type OperationName = keyof typeof operations;
/** What a caller sends and a handler receives: the same, as no schema transforms. */
export type Input<N extends OperationName> = z.output<(typeof operations)[N]['input']>;
export type Output<N extends OperationName> = z.output<(typeof operations)[N]['output']>;
export const operationNames = Object.keys(operations) as OperationName[];
