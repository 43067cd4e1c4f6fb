// What the client library weighs in a page, and what an event costs a device.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { rolldown } from 'rolldown';

/** Compiled by `npm run build`; this file is dist/bench/client.js. */
const compiled = (path: string) => new URL(`../client/${path}`, import.meta.url);

/** Bytes. */
const aim = 20_000;

const entry = fileURLToPath(compiled('index.js'));
const gzipped = (code: string | Uint8Array) => gzipSync(code, { level: 9 }).length;
const external = ['socket.io-client'];

/** As Vite makes it, whose bundler this is. */
const byRolldown = async (): Promise<number> => {
  const bundle = await rolldown({ input: entry, external, platform: 'browser' });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  return gzipped(output[0].code);
};

const byEsbuild = async (): Promise<number> => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    ...{ bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', external },
  });
  return gzipped(outputFiles[0]?.contents ?? '');
};

const kilobytes = (bytes: number) => `${(bytes / 1_000).toFixed(2)} KB`;

const weigh = async (): Promise<string[]> => {
  const bytes = await byRolldown();
  const title = 'client library, minified and gzipped, beyond socket.io-client';
  return [
    `| ${title}: bundled by Rolldown, as with Vite | ${kilobytes(bytes)} | at most ${kilobytes(aim)}: ${bytes <= aim ? 'met' : 'missed'} |`,
    `| the same, bundled by esbuild | ${kilobytes(await byEsbuild())} | |`,
  ];
};

type Names = <T>(told: T) => T;

interface Log {
  receive(event: object): unknown;
  rename(named: Names): void;
}

interface People {
  hear(told: object): void;
  named: Names;
}

/** The modules of the library that an event goes through. */
interface Library {
  createConversationLog(parts: object): Log;
  createPeople(parts: object): People;
}

const person = { id: 'u', username: 'u', full_name: 'U' };
const message = (seq: number) => ({
  ...{
    id: `c.${seq}.x`,
    conversation_id: 'c',
    epoch: 'e',
    seq,
    n: seq,
    from: person,
    date: '2026-01-01T00:00:00.000Z',
  },
  ...{ client_id: `k${seq}`, kind: 'message', message: 'x'.repeat(200), mentions: [], reactions: [] },
});

/** A device that shows the newest of a conversation of so many messages. */
const startDevice = ({ createConversationLog, createPeople }: Library, length: number) => {
  const newest = Array.from({ length: Math.min(length, 400) }, (_, index) => message(length - index)).reverse();
  const shown = { messages: newest, hasOlder: length > newest.length, hasNewer: false };
  const log = createConversationLog({ epoch: 'e', seq: length, me: 'u', shown });
  const people = createPeople({ onChange: () => log.rename(people.named) });
  people.hear(newest);
  return { people, receive: (event: object) => log.receive(people.named(event)) };
};

const median = (measure: () => number) => Array.from({ length: 15 }, measure).sort((a, b) => a - b)[7] ?? Number.NaN;

/** Microseconds for a message that comes live into such a conversation. */
const costOf = (library: Library, length: number) => {
  const events = 400;
  return median(() => {
    const { people, receive } = startDevice(library, length);
    const begun = performance.now();
    for (let seq = length + 1; seq <= length + events; seq += 1) {
      const told = message(seq);
      people.hear(told);
      receive(told);
    }
    return ((performance.now() - begun) * 1_000) / events;
  });
};

/** Microseconds until somebody who said all that is shown is known by another name. */
const costOfName = (library: Library) =>
  median(() => {
    const { people } = startDevice(library, 10_000);
    const begun = performance.now();
    people.hear({ ...person, full_name: 'V' });
    return (performance.now() - begun) * 1_000;
  });

/** Rows of a table. */
export const measureClient = async (): Promise<string[]> => {
  const modules = ['conversation-log.js', 'people.js'].map(name => import(compiled(name).href));
  const library: Library = Object.assign({}, ...(await Promise.all(modules)));
  const lengths = [400, 10_000, 1_000_000];
  for (const length of lengths) costOf(library, length);
  const cost = lengths.map(length => `${costOf(library, length).toFixed(1)} us`).join(', ');
  return [
    ...(await weigh()),
    `| a live message, on a device that shows a conversation of ${lengths.map(length => length.toLocaleString('en')).join(', ')} | ${cost} | the same |`,
    `| a new name of somebody who said all 400 that are shown | ${costOfName(library).toFixed(0)} us | |`,
  ];
};
