import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderConfiguration } from '../../scripts/configuration-table.ts';
import { loadConfig, unsupportedVariables, variables } from '../../src/config.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const rows = (readme.split('<!-- begin configuration -->')[1]?.split('<!-- end configuration -->')[0] ?? '')
  .split('\n')
  .filter(line => line.startsWith('| `'))
  .map(line => line.slice(2, -2).split(' | '));
const bare = (cell: string | undefined) => (cell ?? '').trim().replace(/^`(.*)`$/, '$1');

test('the table of settings in README is that of src/config.ts (else: npm run docs)', () => {
  expect(renderConfiguration(readme)).toBe(readme);
});

test('every setting stands there with its default, no other, in both directions', () => {
  expect(Object.fromEntries(rows.map(([name, value]) => [bare(name), bare(value)]))).toEqual(
    Object.fromEntries(Object.values(variables).map(variable => [variable.name, variable.default])),
  );
});

test('the documented defaults are what an empty environment gives', () => {
  expect(loadConfig(Object.fromEntries(rows.map(([name, value]) => [bare(name), bare(value)])))).toEqual(
    loadConfig({}),
  );
});

test('README names no setting that there is not', () => {
  const ours = /^(PARLEY_[A-Z_]+)$/;
  const known = new Set<string>([...Object.values(variables).map(({ name }) => name), ...unsupportedVariables]);
  const named = [...readme.matchAll(/`([A-Z][A-Z_]{3,})(?:=[^`]*)?`/g)].map(match => match[1] as string);
  expect(named.filter(name => !known.has(name) && !ours.test(name))).toEqual([]);
});
