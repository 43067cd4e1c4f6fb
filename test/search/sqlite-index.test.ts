import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Payload, StoredEvent } from '../../src/ports/log.ts';
import { eventId } from '../../src/ports/log.ts';
import type { SearchIndex } from '../../src/ports/search.ts';
import type { LogEventKind } from '../../src/protocol/index.ts';
import { openSqliteSearch } from '../../src/storage/search/sqlite/search.ts';

let folder: string;
let index: SearchIndex;
const start = Date.parse('2026-01-01T00:00:00.000Z');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-search-'));
  index = await openSqliteSearch({ file: join(folder, 'search.db') });
});
afterEach(async () => {
  await index.close();
  rmSync(folder, { recursive: true });
});

const event = (
  conversation_id: string,
  seq: number,
  payload: Payload,
  kind: LogEventKind = 'message',
  from = 'ann',
  date = start + seq * 1_000,
): StoredEvent => ({
  conversation_id,
  id: eventId(conversation_id, seq, 'r'),
  seq,
  n: seq,
  kind,
  from,
  client_id: `c${seq}`,
  date: new Date(date).toISOString(),
  payload,
});
const say = (conversation_id: string, seq: number, message: string, from?: string) =>
  event(conversation_id, seq, { message }, 'message', from);
const seqs = async (q: string, floors: [string, number][] = [['a', 1]], from?: string) =>
  (await index.find({ q, floors: new Map(floors), from, limit: 50 })).hits.map(
    hit => `${hit.conversation_id}${hit.seq}`,
  );

test('finds all words as prefixes, whatever their accents and case, newest first', async () => {
  await index.apply(
    'a',
    [
      say('a', 1, 'Die Straße zum Café'),
      say('a', 2, 'naïve cafe latte'),
      say('a', 3, 'שלום עולם 🙂 hello'),
      say('a', 4, 'नमस्ते दुनिया'),
      say('a', 5, 'e\u0301cole'),
    ],
    5,
  );
  expect(await seqs('CAF')).toEqual(['a2', 'a1']);
  expect(await seqs('cafe lat')).toEqual(['a2']);
  expect(await seqs('עול של')).toEqual(['a3']);
  expect(await seqs('नमस्ते')).toEqual(['a4']);
  expect(await seqs('école')).toEqual(['a5']);
  expect(await seqs('absent')).toEqual([]);
  expect(await seqs('🙂')).toEqual([]);
  expect(await seqs('hello 🙂 !!!')).toEqual(['a3']);
});

test('[S30] [S35] the question is plain words: no syntax of FTS5 or SQL gets through, nothing throws', async () => {
  await index.apply('a', [say('a', 1, 'alpha beta'), say('a', 2, 'text scope near not or')], 2);
  const attacks = [
    'alpha OR text',
    'alpha NOT beta',
    '"alpha',
    'alpha"',
    'NEAR(alpha beta, 1)',
    'text:alpha',
    '{scope}:alpha',
    'scope : c61',
    'alpha*^',
    '^beta',
    "'; DROP TABLE body; --",
    '") OR 1=1 --',
    'alpha AND',
    '((((((((((',
    '-alpha',
    '+ - * / \\ % _',
    'alpha\u0001beta',
    'a'.repeat(200),
    `${'("'.repeat(100)}`,
    '* '.repeat(100),
  ];
  for (const q of attacks) expect(Array.isArray(await seqs(q)), q).toBe(true);
  expect(await seqs('alpha OR text')).toEqual([]);
  expect(await seqs('scope : c61')).toEqual([]);
  expect(await seqs('text or not')).toEqual(['a2']);
  expect(await seqs('beta alpha')).toEqual(['a1']);
});

test('keeps to the conversations and floors, also among thousands, and to an author', async () => {
  await index.apply('aB', [say('aB', 1, 'plum', 'ann'), say('aB', 2, 'plum', 'bob')], 2);
  await index.apply('Ab', [say('Ab', 1, 'plum', 'ann')], 1);
  expect(await seqs('plum', [['aB', 1]])).toEqual(['aB2', 'aB1']);
  expect(await seqs('plum', [['aB', 2]])).toEqual(['aB2']);
  expect(await seqs('plum', [['aB', 1]], 'ann')).toEqual(['aB1']);
  expect(await seqs('plum', [])).toEqual([]);
  const many = Array.from({ length: 12_000 }, (_, at): [string, number] => [`other${at}`, 1]);
  expect(await seqs('plum', [['aB', 2], ...many, ['Ab', 1]])).toEqual(['aB2', 'Ab1']);
});

test('pages to the end by a key, without holes or repetitions', async () => {
  const size = 730;
  const events = Array.from({ length: size }, (_, at) =>
    // Many share a millisecond.
    event('a', at + 1, { message: `pear ${at + 1}` }, 'message', 'ann', start + Math.floor(at / 100)),
  );
  await index.apply('a', events, size);
  const found: number[] = [];
  let after: string | undefined;
  do {
    const page = await index.find({ q: 'pear', floors: new Map([['a', 11]]), after, limit: 100 });
    found.push(...page.hits.map(hit => hit.seq));
    after = page.next;
  } while (after !== undefined);
  expect(found).toEqual(Array.from({ length: size - 10 }, (_, at) => size - at));
  await expect(
    index.find({ q: 'pear', floors: new Map([['a', 1]]), after: 'no page!', limit: 1 }),
  ).rejects.toMatchObject({
    code: 'invalid_input',
  });
});

test('a match far below the floor costs a bounded look and still ends', async () => {
  const events = Array.from({ length: 25_000 }, (_, at) => say('a', at + 1, 'fig'));
  await index.apply('a', events, events.length);
  await index.apply('b', [event('b', 1, { message: 'fig' }, 'message', 'ann', start)], 1);
  const floors = new Map([
    ['a', 30_000],
    ['b', 1],
  ]);
  const first = await index.find({ q: 'fig', floors, limit: 10 });
  expect(first.hits).toEqual([]);
  const second = await index.find({ q: 'fig', floors, limit: 10, after: first.next });
  expect(second.hits.map(hit => hit.conversation_id)).toEqual(['b']);
  expect(second.next).toBeUndefined();
});

test('highlights as pieces of text that make up the whole text, also where it imitates marks', async () => {
  const text = '<b>cafés</b> \u0001\u0002 and Café';
  await index.apply('a', [say('a', 1, text)], 1);
  const { hits } = await index.find({ q: 'cafe', floors: new Map([['a', 1]]), limit: 1 });
  expect(hits[0]?.highlight).toEqual([
    { text: '<b>', match: false },
    { text: 'cafés', match: true },
    { text: '</b> \u0001\u0002 and ', match: false },
    { text: 'Café', match: true },
  ]);
});

test('follows edits and unsends, and leaves no trace of erased text in its files', async () => {
  await index.apply(
    'a',
    [
      ...Array.from({ length: 300 }, (_, at) => say('a', at + 1, `zebrafinch${at + 1}q common words`)),
      event('a', 301, { message: 'replacement', target_seq: 7 }, 'edit'),
      event('a', 302, { target_seq: 150 }, 'unsend'),
      event('a', 303, { unsent: true }, 'message'),
      event('a', 304, { unsent: true, target_seq: 303 }, 'edit'),
    ],
    304,
  );
  expect(await seqs('zebrafinch7q')).toEqual([]);
  expect(await seqs('replacement')).toEqual(['a7']);
  expect(await seqs('zebrafinch150q')).toEqual([]);
  expect(await seqs('zebrafinch151q')).toEqual(['a151']);
  const files = readdirSync(folder).map(name => readFileSync(join(folder, name)));
  const holds = (text: string) => files.some(bytes => bytes.includes(text));
  expect(holds('zebrafinch151q common')).toBe(true);
  expect(holds('zebrafinch150q')).toBe(false);
  expect(holds('zebrafinch7q')).toBe(false);
});

test('applies each event once, keeps its position and stamp over a restart, and forgets on demand', async () => {
  const events = [say('a', 1, 'kiwi'), event('a', 2, { message: 'lime', target_seq: 1 }, 'edit')];
  await index.apply('a', events, 2);
  await index.apply('a', events, 2);
  await index.setStamp('s1');
  await index.close();
  index = await openSqliteSearch({ file: join(folder, 'search.db') });
  expect([await index.position('a'), await index.position('b'), await index.stamp()]).toEqual([2, 0, 's1']);
  expect([await seqs('kiwi'), await seqs('lime')]).toEqual([[], ['a1']]);
  await index.apply('a', [event('a', 3, {}, 'deleted')], 3);
  expect([await seqs('lime'), await index.position('a')]).toEqual([[], 3]);
  await index.remove('a');
  expect(await index.position('a')).toBe(0);
  await index.apply('b', [say('b', 1, 'lime')], 1);
  await index.clear();
  expect([await seqs('lime', [['b', 1]]), await index.position('b'), await index.stamp()]).toEqual([[], 0, '']);
});
