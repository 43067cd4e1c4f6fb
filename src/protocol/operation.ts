import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';

/** What any operation may be answered with, so that none has to list it. */
export const commonErrors = [
  'invalid_input',
  'rate_limited',
  'overloaded',
  'unavailable',
  'unknown_outcome',
  'internal',
] as const satisfies readonly ErrorCode[];

/** What every operation that needs an access token adds to them. */
export const authErrors = ['unauthenticated', 'token_expired', 'signed_out'] as const satisfies readonly ErrorCode[];

/** Which budget an operation is charged to; the figures are configuration. `send` is shed last under load. */
export type LimitClass = 'auth' | 'send' | 'command' | 'signal' | 'query' | 'search' | 'sync';

export interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below `/api`, with `{name}` for a path parameter of the input's field `name`. */
  path: string;
  /** Where the input's other fields come from. */
  from: 'query' | 'body';
  /** The status of a success; 200 where absent. */
  status?: number;
}

/** One operation of the wire: a REST route, a socket command, or both. */
export interface Operation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  summary: string;
  input: I;
  output: O;
  /** Beyond the common ones. */
  errors: readonly ErrorCode[];
  /** Who may call: anybody, the holder of an access token, or of a refresh token. */
  auth: 'none' | 'access' | 'refresh';
  limit: LimitClass;
  rest?: Route;
  /** Whether it is a socket command, under its own name. */
  socket: boolean;
}

/** Keeps the types of an entry that a handler's actor, input and output are inferred from. */
export const operation = <I extends z.ZodType, O extends z.ZodType, A extends Operation['auth']>(
  entry: Operation<I, O> & { auth: A },
): Operation<I, O> & { auth: A } => entry;
