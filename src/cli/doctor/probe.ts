import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';

/** Nothing came back: the network's error, or none within the time. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** It was answered, but not as it should have been. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly answer: Answer;
  constructor(answer: Answer) {
    super(describe(answer));
    this.answer = answer;
  }
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body where it is JSON. */
  json: unknown;
  /** The code where the body is an error of Parley's catalogue, which no proxy writes. */
  error?: string;
  /** Milliseconds since 1970 by this machine: when it was asked, and when the answer was complete. */
  sent: number;
  received: number;
  /** The two ends of the connection. */
  localAddress: string;
  remoteAddress: string;
}

export interface Request {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Milliseconds for the whole answer, where it is not the usual. */
  timeoutMs?: number;
  /** Told of each piece of the body as it arrives. */
  onData?: (text: string) => void;
}

/** How the deployment is reached. Every request has a connection of its own, as a balancer that looks at connections would else hide behind it. */
export interface Probe {
  readonly url: URL;
  readonly agent: http.Agent;
  /** Ends everything that waits. */
  readonly signal: AbortSignal;
  /** Rejects with `Unanswered`. */
  request(path: string, request?: Request): Promise<Answer>;
  /** The same, and again where the server said to come back later (429, 503 with Retry-After). */
  patiently(path: string, request?: Request): Promise<Answer>;
}

export interface ProbeParts {
  url: URL;
  timeoutMs: number;
  signal: AbortSignal;
  /** From which address of this machine, where it is not the usual. */
  localAddress?: string;
  /** Whether certificates that nobody vouches for are put up with. */
  lenient?: boolean;
}

const patience = { tries: 8, maxWaitMs: 5_000 };

export const createProbe = ({ url, timeoutMs: usualMs, signal, localAddress, lenient }: ProbeParts): Probe => {
  const secure = url.protocol === 'https:';
  const from = localAddress === undefined ? {} : { localAddress, family: 4 };
  const agent = secure ? new https.Agent({ ...from, rejectUnauthorized: !lenient }) : new http.Agent(from);
  const { request: begin } = secure ? https : http;

  const request: Probe['request'] = (path, { method = 'GET', headers = {}, body, timeoutMs = usualMs, onData } = {}) =>
    new Promise((resolve, reject) => {
      const sent = Date.now();
      const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const call = begin(new URL(path, url), { method, headers: { ...headers, ...length }, agent, signal });
      const late = setTimeout(() => call.destroy(new Unanswered(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs);
      const failed = (error: Error) => {
        clearTimeout(late);
        reject(signal.aborted || error instanceof Unanswered ? error : new Unanswered(error.message || codeOf(error)));
      };
      call.once('error', failed);
      call.once('response', response => {
        let text = '';
        const { localAddress: local = '', remoteAddress: remote = '' } = response.socket;
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
          onData?.(piece);
        });
        response.once('error', failed);
        response.once('end', () => {
          clearTimeout(late);
          const { statusCode: status = 0, headers: told } = response;
          const ends = { localAddress: plain(local), remoteAddress: plain(remote) };
          const json = parse(text);
          resolve({ status, headers: told, text, json, error: errorOf(json), sent, received: Date.now(), ...ends });
        });
      });
      call.end(body);
    });

  return {
    url,
    agent,
    signal,
    request,
    async patiently(path, asked) {
      for (let tries = 1; ; tries += 1) {
        const answer = await request(path, asked);
        const seconds = Number(answer.headers['retry-after']);
        const later = (answer.status === 429 || answer.status === 503) && seconds > 0;
        if (!later || tries === patience.tries) return answer;
        await wait(Math.min(seconds * 1_000, patience.maxWaitMs) * (0.5 + Math.random()), undefined, { signal });
      }
    },
  };
};

/** What was answered, in a few words. */
export const describe = ({ status, json, error }: Answer): string => {
  if (error !== undefined) return `HTTP ${status} ${error}`;
  const message = fieldOf(json, 'message');
  return typeof message === 'string' ? `HTTP ${status} "${message}"` : `HTTP ${status}`;
};

const errorOf = (json: unknown) => {
  const code = fieldOf(fieldOf(json, 'error'), 'code');
  return typeof code === 'string' ? code : undefined;
};

export const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const codeOf = (error: Error & { code?: string }) => error.code ?? 'failed';
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '');
