import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { printable, table } from '../../src/cli/table.ts';
import { confirm, createTerminal } from '../../src/cli/terminal.ts';
import { until } from '../support/clients.ts';

const tty = () => Object.assign(new PassThrough(), { isTTY: true });

/** A terminal whose keys a test presses. */
const sit = () => {
  const [stdin, stdout, stderr] = [tty(), tty(), tty()];
  let shown = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const terminal = createTerminal({ stdin, stdout, stderr });
  /** Once this was asked. */
  const type = async (question: string, keys: string | Buffer) => {
    await until(() => shown.includes(question));
    stdin.write(keys);
  };
  return { terminal, type, stdin, shown: () => shown, printed: () => String(stdout.read() ?? '') };
};

describe('a secret', () => {
  test('is asked for without an echo, edited as usual, and may be any text', async () => {
    const { terminal, type, shown, printed } = sit();
    const asked = terminal.askSecret('New password: ');
    await type('New password: ', 'pässwört 🔑🐎x\u007f\r');
    expect(await asked).toBe('pässwört 🔑🐎');
    expect(shown()).toBe('New password: \n');
    expect(printed()).toBe('');
  });

  test('is whole where its bytes come one by one', async () => {
    const { terminal, type } = sit();
    const asked = terminal.askSecret('?');
    for (const byte of Buffer.from('🔑é\r')) await type('?', Buffer.from([byte]));
    expect(await asked).toBe('🔑é');
  });

  test('can be asked for twice', async () => {
    const { terminal, type } = sit();
    const first = terminal.askSecret('one: ');
    await type('one: ', 'a secret\r');
    expect(await first).toBe('a secret');
    const second = terminal.askSecret('two: ');
    await type('two: ', 'another\r');
    expect(await second).toBe('another');
  });

  test.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('%s gives up', async (_, key) => {
    const { terminal, type } = sit();
    const asked = terminal.askSecret('?');
    await type('?', key);
    await expect(asked).rejects.toMatchObject({ name: 'Interrupted' });
  });

  test('the end of the input gives up', async () => {
    const { terminal, stdin } = sit();
    const asked = terminal.askSecret('?');
    stdin.end();
    await expect(asked).rejects.toMatchObject({ name: 'Interrupted' });
  });
});

describe('a confirmation', () => {
  const parts = { question: 'This erases it.', word: 'grace', yes: false };

  test('goes on by the word, in whatever form its letters come', async () => {
    const { terminal, type } = sit();
    const asked = confirm(terminal, { ...parts, word: 'Zoë' });
    await type('Type Zoë to go on: ', 'Zoe\u0308\r');
    await asked;
  });

  test.each(['y', 'yes', '', 'Grace'])('does not go on by %j', async answer => {
    const { terminal, type } = sit();
    const asked = confirm(terminal, parts);
    await type('to go on: ', `${answer}\r`);
    await expect(asked).rejects.toThrow('Nothing was changed.');
  });

  test('is not asked of nobody, and not where it was given', async () => {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const terminal = createTerminal(streams);
    await expect(confirm(terminal, parts)).rejects.toThrow('--yes');
    await confirm(terminal, { ...parts, yes: true });
  });
});

describe('what people called themselves', () => {
  test('commands no terminal and reorders no line', () => {
    expect(printable('a\u001b[2Jb\u009b31mc\u202edcba\nx')).toBe('a\uFFFD[2Jb\uFFFD31mc\uFFFDdcba\uFFFDx');
    expect(printable('שלום مرحبا 👩‍👩‍👧')).toBe('שלום مرحبا 👩‍👩‍👧');
  });

  test('is the same in JSON, in characters that nothing obeys', () => {
    const { terminal, printed } = sit();
    const name = 'a\u009b31m\u202eb "c"\u001b';
    terminal.json({ name });
    const text = printed();
    for (const obeyed of '\u001b\u009b\u202e') expect(text).not.toContain(obeyed);
    expect(JSON.parse(text)).toEqual({ name });
  });

  test('leaves columns where they are', () => {
    expect(
      table(
        ['NAME', 'ID'],
        [
          ['日本', '1'],
          ['👩‍👩‍👧', '2'],
          ['שלום', '3'],
          ['e\u0301', '4'],
        ],
      ).split('\n'),
    ).toEqual(['NAME  ID', '日本  1', '👩‍👩‍👧    2', 'שלום  3', 'e\u0301     4']);
  });
});

test('input that is no UTF-8, or endless, is refused', async () => {
  const feed = (bytes: Buffer) => {
    const stdin = new PassThrough();
    stdin.end(bytes);
    return createTerminal({ stdin, stdout: new PassThrough(), stderr: new PassThrough() });
  };
  expect(await feed(Buffer.from('🔑\n')).readInput(5)).toBe('🔑\n');
  await expect(feed(Buffer.from([0x66, 0xff])).readInput(5)).rejects.toThrow('not UTF-8');
  await expect(feed(Buffer.alloc(6)).readInput(5)).rejects.toThrow('more than 5 bytes');
});
