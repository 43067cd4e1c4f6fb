/** Fields whose value is never logged, whoever puts them there: secrets, and what people said or are called. */
const secretFields =
  /^(.*token|.*password.*|.*secret.*|authorization|cookie|message|text|preview|highlight|topic|q|email|username|full_name|name|emoji|payload|input|body|data|parameters|sql)$/i;

/** A signed token (three base64url parts) or a refresh token, wherever in a text it stands. */
const tokenLike = /[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{1,}\.[A-Za-z0-9_-]{20,}/g;
const quoted = /(["'`]).*?\1/gs;
const longest = 500;
const redacted = '[redacted]';

/** Makes facts fit for a log: no secret, no text of a person, no endless value. */
export const redact = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'string') return value.slice(0, longest).replace(tokenLike, redacted);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof Date) return value.toISOString();
  if (depth >= 4) return '[deep]';
  if (Array.isArray(value)) return value.slice(0, 20).map(item => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 50)
      .map(([key, item]) => [key, secretFields.test(key) && item !== undefined ? redacted : redact(item, depth + 1)]),
  );
};

/** What a libraries' error says may quote what a caller sent ("Unexpected token in "hello …"): quotations go, code and stack tell enough. */
const describeError = (error: Error, depth: number): Record<string, unknown> => ({
  error: error.name,
  ...('code' in error && { code: String(error.code).slice(0, 60) }),
  reason: error.message.slice(0, longest).replace(quoted, '[…]').replace(tokenLike, redacted),
  at: (error.stack ?? '')
    .split('\n')
    .filter(line => /^\s+at /.test(line))
    .slice(0, 8)
    .map(line => line.trim()),
  ...(error.cause !== undefined && depth < 3 && { cause: redact(error.cause, depth + 1) }),
});
