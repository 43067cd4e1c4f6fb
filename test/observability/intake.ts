import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGunzip, createInflate } from 'node:zlib';

export interface IntakeTransaction {
  id: string;
  trace_id: string;
  parent_id?: string;
  name: string;
  type: string;
  result: string;
  outcome: string;
  duration: number;
  sampled: boolean;
  span_count: { started: number };
  context?: { user?: { id?: string }; tags?: Record<string, unknown> };
}

export interface IntakeSpan {
  id: string;
  transaction_id: string;
  parent_id: string;
  trace_id: string;
  name: string;
  type: string;
  subtype: string;
  outcome: string;
  duration: number;
  /** Several alike, one after the other, that the agent made one of. */
  composite?: { count: number };
  context?: { destination?: { service?: { resource?: string } } };
}

export interface IntakeError {
  trace_id?: string;
  transaction_id?: string;
  log?: { message: string };
  exception?: { message: string; type: string; stacktrace: unknown[]; attributes?: unknown };
}

export interface IntakeMetadata {
  service: { name: string; environment: string; node: { configured_name: string }; agent: { name: string } };
  process: { pid: number; argv?: string[] };
  labels?: Record<string, unknown>;
}

/** `hanging`: reads all and never answers; `refusing`: 503 to everything; `mute`: takes connections and does not even read. */
export type Mood = 'well' | 'refusing' | 'hanging' | 'mute';

/** An APM server as far as an agent can tell: it takes `POST /intake/v2/events` (NDJSON, compressed or not), and remembers. */
export interface Intake {
  url: string;
  transactions: IntakeTransaction[];
  spans: IntakeSpan[];
  errors: IntakeError[];
  metadata: IntakeMetadata[];
  /** The Authorization headers that came. */
  authorizations: Set<string>;
  /** All that arrived, as text: request lines, headers, and bodies unpacked. */
  everything(): string;
  /** Closes also what is open. */
  close(): Promise<void>;
}

export const startIntake = async (mood: Mood = 'well'): Promise<Intake> => {
  const texts: string[] = [];
  const events = { transaction: [], span: [], error: [], metadata: [] } as {
    transaction: IntakeTransaction[];
    span: IntakeSpan[];
    error: IntakeError[];
    metadata: IntakeMetadata[];
  };
  const authorizations = new Set<string>();

  const receive = (line: string) => {
    texts.push(line);
    for (const [kind, event] of Object.entries(JSON.parse(line)))
      if (kind in events) events[kind as 'span'].push(event as IntakeSpan);
  };

  /** Line by line as they come: an agent keeps one request open for seconds. */
  const readEvents = async (request: IncomingMessage) => {
    const encoding = request.headers['content-encoding'];
    const plain =
      encoding === 'gzip'
        ? request.pipe(createGunzip())
        : encoding === 'deflate'
          ? request.pipe(createInflate())
          : request;
    let rest = '';
    for await (const text of plain.setEncoding('utf8')) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') receive(line);
    }
    if (rest !== '') receive(rest);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split('?')[0];
    texts.push(`${request.method} ${request.url} ${JSON.stringify(request.rawHeaders)}`);
    if (request.headers.authorization) authorizations.add(request.headers.authorization);
    if (mood === 'mute') return;
    if (mood === 'refusing') {
      request.resume();
      response.writeHead(503).end('{"accepted":0,"errors":[{"message":"queue is full"}]}');
    } else if (path === '/intake/v2/events') {
      await readEvents(request);
      if (mood === 'well') response.writeHead(202).end();
    } else if (mood === 'hanging') request.resume();
    else if (path === '/config/v1/agents') response.writeHead(304).end();
    else response.writeHead(200).end(JSON.stringify({ version: '8.15.0', build_sha: 'none', publish_ready: true }));
  };

  const server = createServer((request, response) => {
    // A request that breaks off, as the process it came from was killed, is the end of that one.
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    transactions: events.transaction,
    spans: events.span,
    errors: events.error,
    metadata: events.metadata,
    authorizations,
    everything: () => texts.join('\n'),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
