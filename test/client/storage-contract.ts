import type { ChatStorage, Stored } from '../../src/client/store.ts';

// Runs in Node and in a browser: nothing but the language is used here.

const show = (value: unknown) => JSON.stringify(value, (_key, item) => (item === undefined ? 'undefined' : item));

const equal = (found: unknown, expected: unknown) => {
  if (show(found) !== show(expected)) throw new Error(`Found ${show(found)}, expected ${show(expected)}.`);
};

const nameOf = (work: Promise<unknown>, field: 'code' | 'name') =>
  work.then(
    () => 'resolved',
    error => error[field],
  );

const keys = (entries: [string, Stored][]) => entries.map(([key]) => key);

/** What every storage promises, on one that is empty; each throws where it is broken. */
export const storageContract: Record<string, (storage: ChatStorage) => Promise<void>> = {
  'gives back what was written': async storage => {
    equal(await storage.get('a'), undefined);
    const value = { text: 'é', list: [1, null, { deep: true }], flag: false, zero: 0, empty: '' };
    await storage.write([
      ['a', value],
      ['', 'of the empty key'],
    ]);
    equal(await storage.get('a'), value);
    equal(await storage.get(''), 'of the empty key');
    equal(await storage.list(''), [
      ['', 'of the empty key'],
      ['a', value],
    ]);
  },

  'lists what begins with a prefix, ascending by UTF-16 units, emoji and the last unit included': async storage => {
    // Ascending already; U+FFFD is beyond an emoji by units and below it by characters.
    const sorted = [
      'a',
      'a:',
      'a:1',
      'a:10',
      'a:2',
      'a:é',
      'a:😀',
      'a:😀1',
      'a:😁',
      'a:\ufffd',
      'a:\uffff',
      'a:\uffff1',
    ];
    const all = ['A', ...sorted, 'a;', 'b', '😀', '\uffff', '\uffff\uffff'];
    await storage.write([...all].reverse().map(key => [key, `of ${key}`]));
    equal(keys(await storage.list('')), all);
    equal(keys(await storage.list('a:')), sorted.slice(1));
    equal(keys(await storage.list('a:😀')), ['a:😀', 'a:😀1']);
    // Half an emoji is a prefix like any other.
    equal(keys(await storage.list('a:\ud83d')), ['a:😀', 'a:😀1', 'a:😁']);
    equal(keys(await storage.list('a:\uffff')), ['a:\uffff', 'a:\uffff1']);
    equal(keys(await storage.list('\uffff')), ['\uffff', '\uffff\uffff']);
    equal(await storage.list('a:2'), [['a:2', 'of a:2']]);
    equal(await storage.list('c'), []);
  },

  'deletes what is set to undefined, and says nothing of what is not there': async storage => {
    await storage.write([
      ['a', 1],
      ['b', 2],
    ]);
    await storage.write([
      ['a', undefined],
      ['none', undefined],
      ['c', 3],
    ]);
    equal(await storage.get('a'), undefined);
    equal(await storage.list(''), [
      ['b', 2],
      ['c', 3],
    ]);
    await storage.write([]);
    equal(keys(await storage.list('')), ['b', 'c']);
  },

  'the last of several changes of one key counts': async storage => {
    await storage.write([
      ['a', 1],
      ['a', undefined],
      ['a', 2],
      ['b', 1],
      ['b', undefined],
    ]);
    equal(await storage.list(''), [['a', 2]]);
  },

  'writes all or nothing': async storage => {
    await storage.write([['a', 'before']]);
    const refused = storage.write([
      ['a', 'after'],
      ['b', 1],
      ['c', () => 'cannot be cloned'],
      ['d', 1],
    ]);
    equal(await nameOf(refused, 'name'), 'DataCloneError');
    equal(await storage.list(''), [['a', 'before']]);
    await storage.write([['d', 2]]);
    equal(await storage.list(''), [
      ['a', 'before'],
      ['d', 2],
    ]);
  },

  'keeps the order of writes that nobody waits for, and shows them to reads that come after': async storage => {
    const writes = Array.from({ length: 50 }, (_, n) => storage.write([['n', n]]));
    const read = storage.get('n');
    const listed = storage.list('n');
    equal(await read, 49);
    equal(await listed, [['n', 49]]);
    await Promise.all(writes);
    equal(await storage.get('n'), 49);
  },

  'keeps copies: neither who wrote nor who reads can change what is kept': async storage => {
    const value = { list: [1] };
    const written = storage.write([['a', value]]);
    value.list.push(2);
    await written;
    value.list.push(3);
    const found = (await storage.get('a')) as typeof value;
    equal(found, { list: [1] });
    found.list.push(4);
    const listed = await storage.list('a');
    equal(listed, [['a', { list: [1] }]]);
    (listed[0]![1] as typeof value).list.push(5);
    equal(await storage.get('a'), { list: [1] });
  },

  'tells nobody of their own writes': async storage => {
    const heard: string[][] = [];
    const stop = storage.subscribe(written => heard.push(written));
    await storage.write([['a', 1]]);
    await storage.get('a');
    stop();
    equal(heard, []);
  },

  'rejects with closed once it is closed, and closes twice': async storage => {
    await storage.write([['a', 1]]);
    storage.close();
    storage.close();
    equal(await nameOf(storage.get('a'), 'code'), 'closed');
    equal(await nameOf(storage.list(''), 'code'), 'closed');
    equal(await nameOf(storage.write([['a', 2]]), 'code'), 'closed');
  },
};
