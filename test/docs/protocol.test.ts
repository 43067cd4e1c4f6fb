import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { protocolTables, renderProtocol } from '../../scripts/protocol-tables.ts';
import {
  disconnectCatalogue,
  errorCatalogue,
  eventNames,
  limits,
  operationNames,
  operations,
  signals,
} from '../../src/protocol/index.ts';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('docs/protocol.md', root), 'utf8');

/** The rows of the table between two markers, each as its cells without code marks. */
const rowsOf = (name: string): string[][] =>
  (text.split(`<!-- begin ${name} -->`)[1]?.split(`<!-- end ${name} -->`)[0] ?? '')
    .split('\n')
    .filter(line => line.startsWith('| '))
    .slice(2)
    .map(line =>
      line
        .slice(2, -2)
        .split(/ (?<!\\)\| /)
        .map(cell => cell.trim().replace(/^`([^`]*)`$/, '$1')),
    );

const column = (index: number, ...names: string[]) => names.flatMap(name => rowsOf(name).map(row => row[index] ?? ''));
const sorted = (items: Iterable<string>) => [...items].sort();

describe('docs/protocol.md says what the code does', () => {
  test('its tables are those of the code (else: npm run docs)', () => {
    expect(renderProtocol(text)).toBe(text);
  });

  test('every error code, no other, with its status and whether it may be retried', () => {
    expect(
      Object.fromEntries(rowsOf('errors').map(([code, status, retryable]) => [code, [status, retryable]])),
    ).toEqual(
      Object.fromEntries(
        Object.entries(errorCatalogue).map(([code, entry]) => [
          code,
          [String(entry.status), entry.retryable ? 'yes' : 'no'],
        ]),
      ),
    );
  });

  test('every reason to disconnect, no other', () => {
    expect(sorted(column(0, 'disconnects'))).toEqual(sorted(Object.keys(disconnectCatalogue)));
  });

  test('every operation once, no other, with its route and errors', () => {
    const documented = ['accounts', 'conversations', 'messages', 'live'].flatMap(rowsOf);
    expect(sorted(documented.map(row => row[0] ?? ''))).toEqual(sorted(operationNames));
    for (const [name, socket, route, , , errors] of documented) {
      const entry = operations[name as keyof typeof operations];
      expect([name, socket]).toEqual([name, entry.socket ? 'yes' : '']);
      expect([name, route]).toEqual([
        name,
        entry.rest ? `${entry.rest.method.toUpperCase()} /api${entry.rest.path}` : '',
      ]);
      const codes = (errors ?? '').replaceAll('`', '').split(', ');
      expect([name, sorted(codes)]).toEqual([name, sorted(entry.errors.length ? entry.errors : [''])]);
    }
  });

  test('every event and kind, no other', () => {
    expect(Object.fromEntries(rowsOf('log-events').map(([event, kind]) => [kind, event]))).toEqual(eventNames);
    expect(sorted(column(0, 'signals'))).toEqual(sorted(Object.keys(signals)));
  });

  test('every limit, no other, with its figure', () => {
    expect(
      Object.fromEntries(rowsOf('limits').map(([name, value]) => [name, Number(value?.replace(',', ''))])),
    ).toEqual(limits);
  });

  test('the prose names no code, operation or event that there is not', () => {
    const known = new Set<string>([
      ...Object.keys(errorCatalogue),
      ...operationNames,
      ...Object.values(eventNames),
      ...Object.keys(signals),
      ...Object.keys(disconnectCatalogue),
    ]);
    const prose = text.replace(/<!-- begin [\s\S]*?<!-- end [^>]*-->/g, '');
    const namespaced = [...prose.matchAll(/`([a-z]+:[a-z]+)`/g)].map(match => match[1] as string);
    expect(namespaced.length).toBeGreaterThan(2);
    expect(namespaced.filter(name => !known.has(name))).toEqual([]);
  });

  test('a table that lost its markers or its last row is noticed', () => {
    const [first] = Object.keys(protocolTables);
    expect(() => renderProtocol(text.replace(`<!-- begin ${first} -->`, ''))).toThrow(String(first));
    const shorter = text.replace(/^\| `unknown_outcome`.*\n/m, '');
    expect(shorter).not.toBe(text);
    expect(renderProtocol(shorter)).toBe(text);
  });
});

describe('the numbered rules', () => {
  const numbers = Array.from({ length: 12 }, (_, index) => `G${index + 1}`);
  const tests = readdirSync(new URL('test/', root), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts'))
    .map(path => readFileSync(new URL(`test/${path}`, root), 'utf8'))
    .join('\n');
  // The beginning of a title, or what stands in it; a number in a comment is no test.
  const titles = [...tests.matchAll(/\b(?:test|it|describe)(?:\.\w+(?:\([^)]*\))?)*\(\s*(['"`])(.*?)\1/g)]
    .map(match => match[2])
    .join('\n');

  test('G1 to G12 stand in docs/protocol.md, once each, and no other', () => {
    expect([...text.matchAll(/^- \*\*(G\d+) /gm)].map(match => match[1])).toEqual(numbers);
  });

  test.each(numbers)('%s is quoted by a test', number => {
    expect(titles.includes(`[${number}]`)).toBe(true);
  });

  test('no test quotes a rule that there is not', () => {
    const quoted = [...titles.matchAll(/\[(G\d+)\]/g)].map(match => match[1] as string);
    expect(quoted.filter(number => !numbers.includes(number))).toEqual([]);
  });
});
