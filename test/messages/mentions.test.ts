import { expect, test } from 'vitest';
import { findMentions } from '../../src/messages/mentions.ts';

const first = (text: string) => findMentions(text).names.map(([name]) => name);

test.each([
  ['hi @bob', ['bob']],
  ['@bob, @ann!', ['bob', 'ann']],
  ['(@bob) «@ann»', ['bob', 'ann']],
  ["@bob's and @bob again", ['bob']],
  ['שלום @דני_כהן, @王小明 @Łukasz', ['דני_כהן', '王小明', 'Łukasz']],
  ['mail bob@example.com or a.b+c@example.com', []],
  ['bob@ann@x @bob@example.com', []],
  ['https://site.example/@bob', []],
  ['@ bob @, @', []],
  [`@${'x'.repeat(21)}`, []],
])('%j mentions %j', (text, names) => {
  expect(first(text)).toEqual(names);
});

test('a dot that may end the sentence leaves both names open, the longer first', () => {
  expect(findMentions('ask @bob. or @ann_b...').names).toEqual([
    ['bob.', 'bob'],
    ['ann_b...', 'ann_b'],
  ]);
});

test('@all is no name', () => {
  expect(findMentions('hey @ALL.')).toEqual({ names: [], all: true });
  expect(findMentions('@allan').all).toBe(false);
});

test('[S35] takes 50 names, and linear time for hostile text', () => {
  expect(first(Array.from({ length: 60 }, (_, at) => `@user${at}`).join(' '))).toHaveLength(50);
  const began = performance.now();
  for (const text of ['@'.repeat(8_000), '@a'.repeat(4_000), `@${'.'.repeat(7_999)}`, '@a.'.repeat(2_600)])
    findMentions(text);
  expect(performance.now() - began).toBeLessThan(1_000);
});
