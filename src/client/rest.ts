import { contractHeader } from '../protocol/contract-version.ts';
import type { Input, Output } from '../protocol/index.ts';
import { otherContract } from './contract.ts';
import { ChatError, closedHere, errorOf, invalidInput, noAnswer, oddAnswer, offline } from './errors.ts';
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
    redirect: 'manual';
  },
) => Promise<FetchAnswer>;

interface FetchAnswer {
  ok: boolean;
  status: number;
  headers: { get(name: string): string | null };
  text(): Promise<string>;
  /** Read piece by piece where it is a stream of the web's. */
  body?: unknown;
}

export interface Rest {
  /**
   * One operation over REST; `token` is the access token, for `account:refresh` the refresh token. Rejects with `ChatError` only:
   * the server's own, or `offline` where nothing was sent or nothing comes of it, `no_answer` after `timeoutMs` or where it may have
   * been done, `odd_answer` where it is no answer of Parley's, `invalid_input` where `input` is no JSON.
   */
  call<N extends RestName>(
    name: N,
    input: Input<N>,
    token?: string,
    options?: { timeoutMs?: number },
  ): Promise<Output<N>>;
  /**
   * What is under way ends as `no_answer`; what makes or ends a session is given a moment, as its tokens are lost with its answer. Later
   * calls end as `closed`, but for `account:logout`, which ends what came too late.
   */
  close(): void;
}

/** Milliseconds that signing out waits for the server, and that tokens under way are waited for by `close`. */
export const goodbyeMs = 4_000;
/** Bytes that an answer may have; the largest of the server's has a few hundred thousand. */
const mostBytes = 8 * 2 ** 20;

/** They make or end sessions: where nobody hears of the answer nothing comes of it, or the same again makes good for it. */
const harmless: RestName[] = ['account:login', 'account:refresh', 'account:logout'];

/** Codes of Node's, where nothing was sent as there was no connection. Browsers tell nothing. */
const notConnected =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|E(HOST|NET)(UNREACH|DOWN)|UND_ERR_CONNECT_TIMEOUT|ERR_INVALID_URL)$|CERT/;

const wasNotSent = (error: unknown): boolean =>
  notConnected.test(String((error as { cause?: { code?: unknown } } | undefined)?.cause?.code));

const isNetworkGone = () => (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === false;

/** `api`: where its routes are. `timeoutMs`: milliseconds that an answer may take. */
export const createRest = ({
  api,
  fetch = (...request) => globalThis.fetch(...request),
  timeoutMs: usualMs = 15_000,
}: {
  api: string;
  fetch?: Fetch;
  timeoutMs?: number;
}): Rest => {
  /** How to hurry each call that is under way. */
  const underWay = new Set<() => void>();
  let closed = false;

  return {
    async call(name, input, token, { timeoutMs = usualMs } = {}) {
      if (closed && name !== 'account:logout') throw closedHere();
      const { url, init } = requestOf(name, input, token);
      const isHarmless = harmless.includes(name);
      const wasGone = isNetworkGone();
      // Not AbortSignal.timeout, which React Native lacks.
      const abort = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const endIn = (ms: number) => {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), ms);
      };
      const hurry = () => endIn(isHarmless ? goodbyeMs : 0);
      endIn(timeoutMs);
      underWay.add(hurry);
      let response: FetchAnswer | undefined;
      try {
        response = await fetch(api + url, { ...init, signal: abort.signal });
        const { ok, status, headers } = response;
        const body = parsed(await textOf(response));
        // New tokens are taken whoever gives them: the old refresh token is of no use any more.
        const other = name === 'account:refresh' && ok ? undefined : otherContract(headers.get(contractHeader));
        if (other) throw other;
        if (ok && isRecord(body)) return body as never;
        throw refusal(status, body, header => headers.get(header));
      } catch (error) {
        const mayBeDone = response || abort.signal.aborted || !(isHarmless || init.method === 'GET' || wasGone);
        // Of an answer that is not wanted the rest is not, either.
        abort.abort();
        if (error instanceof ChatError) throw error;
        throw mayBeDone && !wasNotSent(error) ? noAnswer(error) : offline(error);
      } finally {
        clearTimeout(timer);
        underWay.delete(hurry);
      }
    },

    close() {
      closed = true;
      for (const hurry of underWay) hurry();
    },
  };
};

/** As it comes, so that what never ends is let go of. React Native has no streams. */
const textOf = async (response: FetchAnswer): Promise<string> => {
  const reader = (response.body as ReadableStream<Uint8Array> | undefined | null)?.getReader?.();
  if (!reader) return response.text();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > mostBytes) throw oddAnswer('too long');
    text += decoder.decode(value, { stream: true });
  }
};

/**
 * What an answer that is no success says, be it the server's or that of something between. `header`: one of its headers by name.
 * Gateways that cannot reach the server answer in words of their own, which are no more odd than a server that is stopping.
 */
export const refusal = (status: number, body: unknown, header: (name: string) => string | null): ChatError => {
  const told = errorOf(isRecord(body) ? body['error'] : undefined);
  if (told.code !== 'odd_answer') return told;
  if (status === 504) return noAnswer();
  if (status !== 502 && status !== 503 && status !== 429) return oddAnswer(`status ${status}`, status >= 500);
  return new ChatError(status === 429 ? 'rate_limited' : 'unavailable', {
    retryable: true,
    retry_after_ms: waitOf(header),
  });
};

/** Milliseconds of `Retry-After`, be it seconds or a date by the clock of whoever answered. */
const waitOf = (header: (name: string) => string | null): number | undefined => {
  const told = header('retry-after');
  if (!told) return undefined;
  const ms = Number(told) * 1_000 || Date.parse(told) - (Date.parse(header('date') ?? '') || Date.now());
  return ms > 0 ? ms : undefined;
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

/** Method, headers, query and body of an operation. Throws `invalid_input` where that cannot be written. */
const requestOf = (name: RestName, input: object, token: string | undefined) => {
  const [method = '', route = ''] = routes[name].split(' ');
  const fields: Record<string, unknown> = { ...input };
  try {
    const path = route.replace(/\{(\w+)\}/g, (_, field: string) => {
      const value = fields[field];
      delete fields[field];
      return encodeURIComponent(String(value));
    });
    const isQuery = sourceOf(method) === 'query';
    const hasBody = !isQuery && Object.keys(fields).length > 0;
    return {
      url: path + (isQuery ? queryOf(fields) : ''),
      init: {
        method,
        headers: {
          accept: 'application/json',
          ...(hasBody && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(hasBody && { body: JSON.stringify(fields) }),
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'manual',
      } as const,
    };
  } catch (error) {
    throw invalidInput(error);
  }
};

const queryOf = (fields: Record<string, unknown>) => {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
};
