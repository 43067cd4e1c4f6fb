import { expect, test } from 'vitest';
import { createIndexer } from '../../src/search/indexer.ts';
import { fill, refusal, start } from '../messages/rig.ts';

const texts = (answer: { items: { message: string }[] }) => answer.items.map(({ message }) => message);

test('[S23] finds within the own conversations and from each floor on only', async () => {
  const { call, send, group, room, add, indexer } = await start();
  const [ann, bob, eve] = [await add(), await add(), await add()];
  const inGroup = await group(ann, bob);
  await send(ann, inGroup, 'walnut in the group');
  await send(ann, await room(ann), 'walnut in a room of ann');
  await call(bob, 'message:send', { to: ann.user_id, message: 'walnut in private', client_id: 'd' });
  const lobby = await send(ann, 'lobby', 'walnut for all');
  await call(ann, 'conversation:invite', { conversation_id: inGroup, user_ids: [eve.user_id] });
  await send(ann, inGroup, 'walnut after eve came');
  await indexer.catchUp();
  const search = async (actor: typeof ann, more = {}) =>
    texts(await call(actor, 'message:search', { q: 'WALNUT', ...more }));
  expect(await search(ann)).toHaveLength(5);
  expect(await search(bob)).toEqual([
    ...['walnut after eve came', 'walnut for all', 'walnut in private', 'walnut in the group'],
  ]);
  expect(await search(eve)).toEqual(['walnut after eve came', 'walnut for all']);
  expect(await search(bob, { conversation_id: inGroup })).toHaveLength(2);
  expect(await search(bob, { from: bob.user_id })).toEqual(['walnut in private']);
  expect(await refusal(search(eve, { conversation_id: 'nosuchthing' }))).toBe('not_found');
  await call(ann, 'conversation:kick', { conversation_id: inGroup, user_id: eve.user_id });
  expect(await search(eve)).toEqual(['walnut for all']);
  expect(await refusal(search(eve, { conversation_id: inGroup }))).toBe('not_found');
  await call(ann, 'conversation:delete', { conversation_id: inGroup });
  expect(await search(bob)).toEqual(['walnut for all', 'walnut in private']);
  const [hit] = (await call(eve, 'message:search', { q: 'waln' })).items;
  expect(hit).toMatchObject({
    id: lobby.id,
    reactions: [],
    highlight: [{ text: 'walnut', match: true }, { text: ' for all' }],
  });
});

test('[S30] [S35] hostile questions find plain words or nothing, and never fail', async () => {
  const { call, send, add, indexer } = await start();
  const ann = await add();
  await send(ann, 'lobby', "Robert'); DROP TABLE students;-- hello");
  await indexer.catchUp();
  for (const q of [
    '"',
    "' OR 1=1 --",
    'scope:*',
    'NEAR(',
    'hello AND',
    '{text}:x',
    '*',
    '(((((',
    'a'.repeat(200),
    '\u202E',
    '\\',
  ]) {
    expect(Array.isArray((await call(ann, 'message:search', { q })).items), q).toBe(true);
  }
  expect(texts(await call(ann, 'message:search', { q: "Robert'); DROP" }))).toHaveLength(1);
  expect(await refusal(call(ann, 'message:search', { q: 'hello', after: "1' OR '1" }))).toBe('invalid_input after');
});

test('pages newest first to the end; an edit that the index does not know of yet is shown without marks', async () => {
  const { call, add, log, states, indexer } = await start();
  const ann = await add();
  await fill(
    log,
    'lobby',
    Array.from({ length: 250 }, (_, at) => ({
      ...{ kind: 'message' as const, from: ann.user_id, client_id: `${at}` },
      payload: { message: `hazel ${at}` },
    })),
  );
  states.drop('lobby');
  await indexer.catchUp();
  const found: string[] = [];
  let after: string | undefined;
  let last: { id: string } | undefined;
  do {
    const page: { items: { id: string; message: string }[]; next?: string } = await call(ann, 'message:search', {
      ...{ q: 'hazel', limit: 100, after },
    });
    found.push(...texts(page));
    last ??= page.items[0];
    after = page.next;
  } while (after !== undefined);
  expect(found).toEqual(Array.from({ length: 250 }, (_, at) => `hazel ${249 - at}`));
  await call(ann, 'message:edit', { id: last?.id ?? '', message: 'oak' });
  expect((await call(ann, 'message:search', { q: 'hazel', limit: 1 })).items[0]).toMatchObject({
    ...{ message: 'oak', highlight: [{ text: 'oak', match: false }] },
  });
});

test('follows by itself soon after a message; another log epoch makes it begin anew', async () => {
  const { call, send, add, indexer, index, log, publisher } = await start();
  const ann = await add();
  indexer.start();
  await send(ann, 'lobby', 'pecan');
  const find = async () => texts(await call(ann, 'message:search', { q: 'pecan' }));
  await expect.poll(find, { timeout: 5_000 }).toEqual(['pecan']);
  await indexer.stop();
  // A hit that the log never had, as after a backup was put back.
  const event = await log.at('lobby', 2);
  if (event) await index.apply('lobby', [{ ...event, seq: 900, payload: { message: 'ghost' } }], 900);
  await log.renewEpoch();
  await createIndexer({ index, log, publisher, onError: () => undefined }).catchUp();
  expect(await index.position('lobby')).toBe(2);
  expect((await index.find({ q: 'ghost', floors: new Map([['lobby', 1]]), limit: 5 })).hits).toEqual([]);
  expect(await find()).toEqual(['pecan']);
});
