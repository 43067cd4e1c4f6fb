import type { ErrorBody, ErrorCode } from '../protocol/index.ts';

/**
 * What a call ended with beside the codes of the server's catalogue. `offline`: nothing was sent that matters. `no_answer`: perhaps
 * sent, and nobody knows whether it happened. `odd_answer`: what answered is no Parley, or one of another contract. `closed`: this client was closed.
 */
export type LocalCode = 'offline' | 'no_answer' | 'odd_answer' | 'closed';

export type ChatErrorCode = ErrorCode | LocalCode;

/** The only thing that calls of the library reject with. */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  declare readonly code: ChatErrorCode;
  /** The same again, with the same `client_id`, may succeed. */
  declare readonly retryable: boolean;
  /** Milliseconds to wait before that. */
  declare readonly retry_after_ms: number | undefined;
  /** Which fields are wrong and why, or facts that belong to the code. */
  declare readonly details: Record<string, string | number> | undefined;

  /** What the library itself finds has its code for a message: sentences weigh, and an app has its own for people. */
  constructor(
    code: ChatErrorCode,
    {
      message = code,
      cause,
      ...facts
    }: {
      message?: string;
      retryable?: boolean;
      retry_after_ms?: number | undefined;
      details?: Record<string, string | number> | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause });
    Object.assign(this, { code, retryable: false, ...facts });
  }
}

/** An error as the server tells it; `odd_answer` where it is none. */
export const errorOf = (body: unknown): ChatError => {
  const { code, message, retryable, retry_after_ms, details } = (body ?? {}) as Partial<ErrorBody>;
  if (typeof code !== 'string' || typeof message !== 'string') return oddAnswer();
  return new ChatError(code, {
    message,
    retryable: retryable === true,
    retry_after_ms: typeof retry_after_ms === 'number' ? retry_after_ms : undefined,
    details,
  });
};

export const offline = (cause?: unknown) => new ChatError('offline', { retryable: true, cause });

export const noAnswer = (cause?: unknown) => new ChatError('no_answer', { retryable: true, cause });

export const oddAnswer = (cause?: unknown, retryable = false) => new ChatError('odd_answer', { retryable, cause });

/** What the app gave cannot be sent: it is no JSON, or no count where one is needed. */
export const invalidInput = (cause?: unknown) => new ChatError('invalid_input', { cause });

export const closedHere = () => new ChatError('closed');

export const signedOut = () => new ChatError('signed_out');

/** `reason`: why, where the server named it. */
export const sessionEnded = (reason: string) => new ChatError('signed_out', { details: { reason } });

/** The session is over, or its access token is. */
export const isAboutToken = (error: unknown): boolean =>
  error instanceof ChatError && ['token_expired', 'unauthenticated', 'signed_out'].includes(error.code);
