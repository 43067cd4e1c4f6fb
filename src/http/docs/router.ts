import { Router } from 'express';
import {
  disconnectCatalogue,
  errorCatalogue,
  eventNames,
  operationNames,
  operations,
  signals,
} from '../../protocol/index.ts';
import type { Reply } from '../context.ts';
import { escapeHtml, htmlPage, pageStyle } from '../page.ts';
import { asyncApi } from './asyncapi.ts';
import { openApi } from './openapi.ts';

/** `/docs`: the contract for people, and for machines as OpenAPI and AsyncAPI. Made when somebody asks for the first time. */
export const createDocs = (): Router => {
  const router = Router();
  const once = <T>(make: () => T) => {
    let made: T | undefined;
    return () => {
      made ??= make();
      return made;
    };
  };
  const [page, rest, sockets] = [once(docsPage), once(openApi), once(asyncApi)];
  router.get('/', (_request, reply: Reply) => void reply.type('html').send(page()));
  router.get('/style.css', (_request, reply: Reply) => void reply.type('css').send(pageStyle));
  router.get('/openapi.json', (_request, reply: Reply) => void reply.json(rest()));
  router.get('/asyncapi.json', (_request, reply: Reply) => void reply.json(sockets()));
  return router;
};

const docsPage = () => {
  const routes = operationNames.flatMap(name => {
    const { rest, summary, auth } = operations[name];
    return rest ? [[`${rest.method.toUpperCase()} /api${rest.path}`, summary, auth, name]] : [];
  });
  const commands = operationNames.filter(name => operations[name].socket).map(name => [name, operations[name].summary]);
  const events = [
    ...[...new Set(Object.values(eventNames))].map(name => [name, 'One log event']),
    ...Object.entries(signals).map(([name, { summary }]) => [name, summary]),
  ];
  const errors = Object.entries(errorCatalogue).map(([code, { status, retryable, meaning }]) => [
    code,
    meaning,
    String(status),
    retryable ? 'yes' : 'no',
  ]);
  const closings = Object.entries(disconnectCatalogue).map(([code, { meaning, reconnect }]) => [
    code,
    meaning,
    reconnect ? 'yes' : 'no',
  ]);
  return htmlPage({
    title: 'Parley: the wire',
    style: '/docs/style.css',
    body: `<h1>Parley: the wire</h1>
<p>For machines: <a href="/docs/openapi.json">OpenAPI</a> (REST), <a href="/docs/asyncapi.json">AsyncAPI</a> (sockets).</p>
${table('REST', ['route', 'does', 'token', 'operation'], routes)}
${table('Socket commands', ['command', 'does'], commands)}
${table('Events', ['event', 'tells'], events)}
${table('Errors', ['code', 'meaning', 'status', 'retryable'], errors)}
${table('Disconnects', ['code', 'meaning', 'come back'], closings)}`,
  });
};

const table = (title: string, columns: string[], rows: string[][]) => `<h2>${title}</h2>
<table><thead><tr>${columns.map(column => `<th>${column}</th>`).join('')}</tr></thead><tbody>
${rows.map(([first = '', ...rest]) => `<tr><td><code>${escapeHtml(first)}</code></td>${rest.map(cell => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`).join('\n')}
</tbody></table>`;
