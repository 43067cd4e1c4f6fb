/**
 * Every error that a caller can be answered with, once for REST and sockets.
 * `status`: the HTTP status. `retryable`: the very same request (with the same client_id) may be sent again and
 * may then succeed; a command that ended this way may or may not have taken effect.
 */
export const errorCatalogue = {
  invalid_input: {
    status: 400,
    retryable: false,
    meaning: 'A field is missing, malformed or too long; `details` names it.',
  },
  unknown_command: { status: 404, retryable: false, meaning: 'There is no command or route of this name.' },
  unauthenticated: {
    status: 401,
    retryable: false,
    meaning: 'No token, or one that this server did not issue for this use.',
  },
  token_expired: { status: 401, retryable: false, meaning: 'The token has expired: refresh it and try again.' },
  signed_out: { status: 401, retryable: false, meaning: 'The session was ended: sign in again.' },
  invalid_credentials: { status: 401, retryable: false, meaning: 'The username or the password is wrong.' },
  forbidden: { status: 403, retryable: false, meaning: 'The caller may see this, but may not do it.' },
  banned: { status: 403, retryable: false, meaning: 'The caller is banned from this conversation.' },
  muted: { status: 403, retryable: false, meaning: 'The caller is muted here until `details.muted_until`.' },
  not_found: { status: 404, retryable: false, meaning: 'There is no such thing, or the caller may not know of it.' },
  method_not_allowed: { status: 405, retryable: false, meaning: 'The route exists, but not for this HTTP method.' },
  username_taken: { status: 409, retryable: false, meaning: 'Another account has this username.' },
  email_taken: { status: 409, retryable: false, meaning: 'Another account has this email address.' },
  name_taken: { status: 409, retryable: false, meaning: 'Another room has this name.' },
  last_owner: {
    status: 409,
    retryable: false,
    meaning: 'The last owner must hand over or delete the conversation first.',
  },
  message_unsent: { status: 409, retryable: false, meaning: 'The message was unsent.' },
  limit_reached: {
    status: 409,
    retryable: false,
    meaning: 'A fixed limit of this server is reached; `details` names it.',
  },
  payload_too_large: {
    status: 413,
    retryable: false,
    meaning: 'The request or packet is larger than this server accepts.',
  },
  unsupported_media_type: { status: 415, retryable: false, meaning: 'The body is not JSON.' },
  slow_mode: { status: 429, retryable: true, meaning: 'Slow mode: the caller may send again after `retry_after_ms`.' },
  rate_limited: { status: 429, retryable: true, meaning: 'Too many requests: try again after `retry_after_ms`.' },
  internal: {
    status: 500,
    retryable: true,
    meaning: 'A fault of the server; its log has the cause under the request id.',
  },
  unavailable: {
    status: 503,
    retryable: true,
    meaning: 'A part that is needed does not answer, or the server is stopping.',
  },
  overloaded: { status: 503, retryable: true, meaning: 'The server sheds load: try again after `retry_after_ms`.' },
  unknown_outcome: {
    status: 504,
    retryable: true,
    meaning: 'It may have happened: resend with the same client_id to learn.',
  },
} as const satisfies Record<string, { status: number; retryable: boolean; meaning: string }>;

export type ErrorCode = keyof typeof errorCatalogue;

/** The body of an error, in REST under `error`, in a socket acknowledgement under `error` beside `ok: false`. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  /** Milliseconds to wait before the next try. */
  retry_after_ms?: number;
  /** Which fields are wrong and why: `{field: reason}`, or facts that belong to the code (`muted_until`; `min_length` of a password that is too short). */
  details?: Record<string, string | number>;
  request_id: string;
}
