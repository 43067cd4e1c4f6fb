import { contractHeader } from '../protocol/contract-version.ts';
import type { Input, Output } from '../protocol/index.ts';
import { otherContract } from './contract.ts';
import { ChatError, errorOf, noAnswer, oddAnswer, offline } from './errors.ts';
import { type RestName, routes, sourceOf } from './routes.ts';

/** What is used of `fetch`, so that one of the application's own will do. */
export type Fetch = (
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    body?: string;
    signal: AbortSignal;
    cache: 'no-store';
    credentials: 'omit';
  },
) => Promise<{ ok: boolean; status: number; headers: { get(name: string): string | null }; text(): Promise<string> }>;

export interface Rest {
  /**
   * One operation over REST; `token` is the access token, for `account:refresh` the refresh token. Rejects with `ChatError` only:
   * the server's own, or `offline`, `no_answer` after `timeoutMs`, `odd_answer` where it is no answer of Parley's.
   */
  call<N extends RestName>(
    name: N,
    input: Input<N>,
    token?: string,
    options?: { timeoutMs?: number },
  ): Promise<Output<N>>;
}

/** `api`: where its routes are. `timeoutMs`: milliseconds that an answer may take. */
export const createRest = ({
  api,
  fetch = (...request) => globalThis.fetch(...request),
  timeoutMs: usualMs = 15_000,
}: {
  api: string;
  fetch?: Fetch;
  timeoutMs?: number;
}): Rest => ({
  async call(name, input, token, { timeoutMs = usualMs } = {}) {
    const { method, from, path, fields } = requestOf(name, input);
    const hasBody = from === 'body' && Object.keys(fields).length > 0;
    // Not AbortSignal.timeout, which React Native lacks.
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    try {
      const response = await fetch(`${api}${path}${from === 'query' ? queryOf(fields) : ''}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(hasBody && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(hasBody && { body: JSON.stringify(fields) }),
        signal: abort.signal,
        cache: 'no-store',
        credentials: 'omit',
      });
      const body = parsed(await response.text());
      // New tokens are taken whoever gives them: the old refresh token is of no use any more.
      const other =
        name === 'account:refresh' && response.ok ? undefined : otherContract(response.headers.get(contractHeader));
      if (other) throw other;
      if (response.ok && isRecord(body)) return body as never;
      throw refusal(response.status, body, response.headers.get('retry-after'));
    } catch (error) {
      if (error instanceof ChatError) throw error;
      throw abort.signal.aborted ? noAnswer(error) : offline(error);
    } finally {
      clearTimeout(timer);
    }
  },
});

/**
 * What an answer that is no success says, be it the server's or that of something between. `retryAfter`: the header, in seconds.
 * Gateways that cannot reach the server answer in words of their own, which are no more odd than a server that is stopping.
 */
export const refusal = (status: number, body: unknown, retryAfter: string | null): ChatError => {
  const told = errorOf(isRecord(body) ? body['error'] : undefined);
  if (told.code !== 'odd_answer') return told;
  if (status === 504) return noAnswer();
  const seconds = Number(retryAfter);
  if (status !== 502 && status !== 503 && status !== 429) return oddAnswer(`status ${status}`, status >= 500);
  return new ChatError(status === 429 ? 'rate_limited' : 'unavailable', 'The server cannot be reached at the moment.', {
    retryable: true,
    ...(seconds > 0 && { retry_after_ms: seconds * 1_000 }),
  });
};

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON as it was sent; undefined where it is none. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The path with its parameters in place, and the fields that are left for query or body. */
const requestOf = (name: RestName, input: object) => {
  const [method = '', route = ''] = routes[name].split(' ');
  const fields: Record<string, unknown> = { ...input };
  const path = route.replace(/\{(\w+)\}/g, (_, field: string) => {
    const value = fields[field];
    delete fields[field];
    return encodeURIComponent(String(value));
  });
  return { method, from: sourceOf(method), path, fields };
};

const queryOf = (fields: Record<string, unknown>) => {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
};
