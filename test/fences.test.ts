import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';

/** A source file as the fences see it: paths below src/, with slashes. */
interface Module {
  path: string;
  /** Files as paths below src/, packages by their name, Node's own as `node:...`; types count like values. */
  imports: string[];
  source: string;
}

interface Rule {
  /** Of which files it speaks. */
  of: RegExp;
  /** What these may not import; files as paths below src/, packages by name. */
  not: RegExp;
  /** Exceptions from `not`. */
  but?: RegExp;
  why: string;
}

const features = '(accounts|conversations|messages|presence|notifications|search|retention)/';
const outerPackages =
  '(express|express-.*|helmet|socket\\.io|socket\\.io-.*|@socket\\.io/.*|engine\\.io.*|ws|sequelize|umzug|mysql2?|libsql|sqlite3|better-sqlite3|mongoose|mongodb|ioredis|redis|amqplib|winston|prom-client|@elastic/.*|elastic-apm-node)$';

const rules: Rule[] = [
  { of: /^protocol\//, not: /./, but: /^(protocol\/|zod$)/, why: 'the contract knows zod only' },
  { of: /^client\//, not: /./, but: /^(client\/|protocol\/|socket\.io-client$)/, why: 'it runs in browsers' },
  {
    of: /^ports\//,
    not: /./,
    but: /^(ports\/|protocol\/|actor\.ts$|errors\.ts$|node:)/,
    why: 'ports are the middle: nothing outer',
  },
  {
    of: new RegExp(`^${features}`),
    not: new RegExp(
      `^((http|realtime|storage|cluster|events|observability)/|(main|app|config)\\.ts$|${outerPackages})`,
    ),
    why: 'a rule knows ports, not what is plugged into them, nor an edge',
  },
  { of: /^accounts\//, not: new RegExp(`^${features}`), but: /^accounts\//, why: 'accounts come first' },
  {
    of: /^conversations\//,
    not: new RegExp(`^${features}`),
    but: /^(accounts|conversations)\//,
    why: 'accounts <- conversations',
  },
  {
    of: /^messages\//,
    not: new RegExp(`^${features}`),
    but: /^(accounts|conversations|messages)\//,
    why: 'conversations <- messages',
  },
  ...['presence', 'notifications', 'search', 'retention'].map(feature => ({
    of: new RegExp(`^${feature}/`),
    not: new RegExp(`^${features}`),
    but: new RegExp(`^(accounts|conversations|messages|${feature})/`),
    why: 'the outermost features do not know each other',
  })),
  { of: /^http\//, not: /^(realtime|storage)\//, why: 'an edge knows neither the other edge nor a store' },
  { of: /^realtime\//, not: /^(http|storage)\//, why: 'an edge knows neither the other edge nor a store' },
  {
    of: /^(storage|cluster|events)\//,
    not: new RegExp(`^((http|realtime)/|${features}|(main|app|config)\\.ts$)`),
    // Pure: a store that searches by prefix must fold names exactly as the accounts do.
    but: /^accounts\/username-key\.ts$/,
    why: 'what is plugged in knows its port, not who calls it',
  },
  { of: /^storage\/log\/sqlite\//, not: /^storage\/log\/mongo\//, why: 'the two logs do not know each other' },
  { of: /^storage\/log\/mongo\//, not: /^storage\/log\/sqlite\//, why: 'the two logs do not know each other' },
  { of: /^(?!main\.ts$).*$/, not: /^(main|app)\.ts$/, why: 'main.ts alone starts the composition root' },
];

const folders = new Set(
  `protocol client ports accounts conversations messages presence notifications search retention
   storage cluster events realtime http observability cli`.split(/\s+/),
);
const forbiddenFolder = /(^|\/)(utils?|helpers?|services?|types?|common|misc|lib)\//;

const importPattern =
  /^\s*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

/** The specifiers that a file imports or re-exports, statically or dynamically; comments are not looked at. */
const specifiers = (source: string) =>
  [...source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '').matchAll(importPattern)].map(
    match => (match[1] ?? match[2]) as string,
  );

const parseModule = (path: string, source: string): Module => ({
  path,
  source,
  imports: specifiers(source).map(specifier =>
    specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier,
  ),
});

/** Every breach of a fence, as a sentence that names file, import and reason. */
const breaches = (modules: Module[]): string[] => [
  ...modules.flatMap(module =>
    rules
      .filter(rule => rule.of.test(module.path))
      .flatMap(rule =>
        module.imports
          .filter(target => rule.not.test(target) && !rule.but?.test(target))
          .map(target => `${module.path} imports ${target}: ${rule.why}`),
      ),
  ),
  ...modules.flatMap(({ path, source, imports }) => [
    ...(forbiddenFolder.test(path) ? [`${path}: no folder of this name`] : []),
    ...(path.includes('/') && !folders.has(path.split('/')[0] as string)
      ? [`${path}: not a folder of the layout`]
      : []),
    ...(/\bprocess\s*\.\s*env\b|\bprocess\s*\[|\bimport\s*\{[^}]*\benv\b[^}]*\}\s*from\s*'node:process'/.test(source) &&
    path !== 'config.ts'
      ? [`${path} reads the environment: config.ts alone does`]
      : []),
    ...((/(^|\/)index\.ts$/.test(path) || /^export \* from/m.test(source)) &&
    !/^(protocol|client)\/index\.ts$/.test(path)
      ? [`${path}: a barrel outside protocol/ and client/`]
      : []),
    ...imports.filter(target => /^(\.|src\/)/.test(target)).map(target => `${path} imports ${target}: outside src/`),
  ]),
  ...cycles(modules).map(cycle => `import cycle: ${cycle.join(' -> ')}`),
];

/** One import cycle per back edge of a depth-first walk: none means that there is none. */
const cycles = (modules: Module[]): string[][] => {
  const byPath = new Map(modules.map(module => [module.path, module]));
  const done = new Set<string>();
  const found: string[][] = [];
  const walk = (path: string, trail: string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const target of byPath.get(path)?.imports ?? []) if (byPath.has(target)) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of byPath.keys()) walk(path, []);
  return found;
};

const root = new URL('../src/', import.meta.url);
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map(path => path.replaceAll('\\', '/'))
  .filter(path => path.endsWith('.ts'))
  .map(path => parseModule(path, readFileSync(new URL(path, root), 'utf8')));

describe('import fences (design, layout)', () => {
  test('src/ keeps them', () => {
    expect(sources.length).toBeGreaterThan(10);
    expect(breaches(sources)).toEqual([]);
  });

  test('every relative import names a file that is there', () => {
    const paths = new Set(sources.map(module => module.path));
    const dangling = sources.flatMap(module =>
      module.imports
        .filter(target => target.endsWith('.ts') && !paths.has(target))
        .map(target => `${module.path} -> ${target}`),
    );
    expect(dangling).toEqual([]);
  });

  // The fences themselves: each fabricated file breaks exactly the one that stands beside it.
  test.each([
    ['protocol/a.ts', "import ws from 'ws';", 'the contract knows zod only'],
    ['protocol/a.ts', "import type { Actor } from '../actor.ts';", 'the contract knows zod only'],
    ['ports/a.ts', "import { x } from '../messages/x.ts';", 'ports are the middle'],
    ['accounts/a.ts', "import express from 'express';", 'a rule knows ports'],
    ['messages/a.ts', "import type { Server } from 'socket.io';", 'a rule knows ports'],
    ['messages/a.ts', "import {\n  a,\n  b,\n} from '../storage/sql/open.ts';", 'a rule knows ports'],
    ['messages/a.ts', "const x = await import('../http/x.ts');", 'a rule knows ports'],
    ['presence/a.ts', "import { x } from '../cluster/memory.ts';", 'a rule knows ports'],
    ['accounts/a.ts', "import { x } from '../conversations/x.ts';", 'accounts come first'],
    ['conversations/a.ts', "import { x } from '../messages/x.ts';", 'accounts <- conversations'],
    ['messages/a.ts', "export { x } from '../search/x.ts';", 'conversations <- messages'],
    ['search/a.ts', "import { x } from '../notifications/x.ts';", 'the outermost features'],
    ['http/a.ts', "import { x } from '../realtime/x.ts';", 'an edge knows neither'],
    ['realtime/a.ts', "import '../storage/sql/x.ts';", 'an edge knows neither'],
    ['storage/log/sqlite/a.ts', "import { x } from '../mongo/x.ts';", 'the two logs'],
    ['storage/sql/a.ts', "import { x } from '../../messages/x.ts';", 'what is plugged in'],
    ['http/a.ts', "import { createApp } from '../app.ts';", 'main.ts alone'],
    ['http/a.ts', 'const port = process.env.PORT;', 'config.ts alone does'],
    ['http/a.ts', "const port = process['env'].PORT;", 'config.ts alone does'],
    ['http/index.ts', 'export const a = 1;', 'a barrel'],
    ['http/a.ts', "export * from './b.ts';", 'a barrel'],
    ['http/utils/a.ts', 'export const a = 1;', 'no folder of this name'],
    ['shared/a.ts', 'export const a = 1;', 'not a folder of the layout'],
    ['http/a.ts', "import { x } from '../../test/support/x.ts';", 'outside src/'],
  ])('a breach in %s is found: %s', (path, source, why) => {
    expect(breaches([parseModule(path, source)])).toEqual([expect.stringContaining(why)]);
  });

  test('an import cycle is found, also through types and several files', () => {
    const graph = [
      parseModule('http/a.ts', "import type { B } from './b.ts';"),
      parseModule('http/b.ts', "export { c } from './c.ts';"),
      parseModule('http/c.ts', "import './a.ts';"),
      parseModule('http/d.ts', "import { c } from './c.ts';"),
    ];
    expect(breaches(graph)).toEqual(['import cycle: http/a.ts -> http/b.ts -> http/c.ts -> http/a.ts']);
  });

  test('what is allowed passes', () => {
    const graph = [
      parseModule('app.ts', "import { x } from './storage/sql/x.ts';\nimport { h } from './http/h.ts';"),
      parseModule('main.ts', "import { createApp } from './app.ts';"),
      parseModule('config.ts', 'export const load = () => process.env;'),
      parseModule('messages/send.ts', "import { may } from '../conversations/may.ts';\nimport { z } from 'zod';"),
      parseModule('http/h.ts', "// import { x } from '../realtime/x.ts';\nimport express from 'express';"),
    ];
    expect(breaches(graph)).toEqual([]);
  });
});

describe('the page', () => {
  const page = new URL('../client-demo/', import.meta.url);
  const files = readdirSync(page, { recursive: true, encoding: 'utf8' }).filter(path => /\.tsx?$/.test(path));
  const importsOf = (path: string) =>
    [...readFileSync(new URL(path, page), 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([\w./@-]+)'/g)].map(
      match => match[1] ?? '',
    );
  const isOwn = (path: string, target: string) =>
    target.startsWith('.') && !posix.join(posix.dirname(path.replaceAll('\\', '/')), target).startsWith('..');

  test('is built on the client library alone', () => {
    expect(files.length).toBeGreaterThan(50);
    const outside = files.flatMap(path =>
      importsOf(path)
        .filter(target => !isOwn(path, target) && !/^(parley\/client|preact(\/hooks)?|lucide)$/.test(target))
        .map(target => `${path} imports ${target}`),
    );
    expect(outside).toEqual([]);
    expect(files.some(path => importsOf(path).includes('parley/client'))).toBe(true);
  });

  test('makes no markup of text', () => {
    const made = files.filter(path =>
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc/i.test(readFileSync(new URL(path, page), 'utf8')),
    );
    expect(made).toEqual([]);
  });
});
