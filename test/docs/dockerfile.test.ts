import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, root), 'utf8');

interface Instruction {
  name: string;
  value: string;
}

/** The stages of the Dockerfile, each with its instructions: lines joined, comments gone. */
const stages = textOf('Dockerfile')
  .replaceAll(/^\s*#.*$/gm, '')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .map(line => /^([A-Z]+)\s+(.*)$/.exec(line.trim()))
  .reduce<Instruction[][]>((all, match) => {
    const [, name = '', value = ''] = match ?? [];
    if (name === 'FROM') all.push([]);
    if (match) all.at(-1)?.push({ name, value });
    return all;
  }, []);
const final = stages.at(-1) ?? [];
const valuesOf = (name: string, instructions: Instruction[] = stages.flat()) =>
  instructions.filter(instruction => instruction.name === name).map(({ value }) => value);

const manifest = JSON.parse(textOf('package.json'));

test('the image is built in stages, and holds no tools of the build', () => {
  expect(stages.length).toBeGreaterThanOrEqual(3);
  expect(valuesOf('RUN')).toEqual(
    expect.arrayContaining(['npm ci', 'npm run build', expect.stringMatching(/^npm ci --omit=dev\b/)]),
  );
  expect(valuesOf('RUN', final).join()).not.toContain('npm');
  expect(valuesOf('ADD')).toEqual([]);
});

test('what it copies exists, and passes .dockerignore', () => {
  const sources = valuesOf('COPY')
    .filter(value => !value.startsWith('--from'))
    .flatMap(value => value.split(/\s+/).slice(0, -1));
  expect(sources.length).toBeGreaterThan(4);
  const allowed = textOf('.dockerignore').split('\n');
  expect(allowed).toContain('*');
  for (const source of sources) {
    expect([source, existsSync(new URL(source, root))]).toEqual([source, true]);
    expect(allowed).toContain(`!${source}`);
  }
  const used = allowed.filter(line => line.startsWith('!')).map(line => line.slice(1));
  expect(new Set(used)).toEqual(new Set(sources));
});

test('it runs as an unprivileged user, on a supported Node, with a health check, and gets its signals', () => {
  expect(valuesOf('USER', final)).toEqual(['node']);
  expect(valuesOf('FROM').every(value => /^(base|node:\$\{NODE_VERSION\}-bookworm-slim)/.test(value))).toBe(true);
  const [, version] = /^ARG NODE_VERSION=(\d+)$/m.exec(textOf('Dockerfile')) ?? [];
  expect(Number(version)).toBeGreaterThanOrEqual(Number(/>=(\d+)/.exec(manifest.engines.node)?.[1]));
  expect(valuesOf('HEALTHCHECK', final).join()).toMatch(/CMD \["node".*\/health\/live/);
  // As a list: no shell in between, which would keep SIGTERM to itself.
  const command = JSON.parse(valuesOf('CMD', final)[0] ?? '');
  expect(`node ${command.slice(1).join(' ')}`).toBe(manifest.scripts.start);
  expect(valuesOf('ENTRYPOINT')).toEqual([]);
});

test('no secret is built into it', () => {
  expect(valuesOf('ARG').concat(valuesOf('ENV')).join()).not.toMatch(/SECRET|PASSWORD|TOKEN/);
});
