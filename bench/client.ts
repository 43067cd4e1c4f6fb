// What the client library weighs in a page, and what an event costs a device.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Compiled by `npm run build`; this file is dist/bench/client.js. */
const compiled = (path: string) => new URL(`../client/${path}`, import.meta.url);

/** KiB. */
const aimKib = 20;

const weigh = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(compiled('index.js'))],
    ...{ bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', external: ['socket.io-client'] },
  });
  const kib = gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length / 1_024;
  return `| client library, minified and gzipped, beyond socket.io-client | ${kib.toFixed(1)} KiB | at most ${aimKib} KiB: ${kib <= aimKib ? 'met' : 'missed'} |`;
};

interface Log {
  receive(event: object): unknown;
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

/** Microseconds for a message that comes live into a conversation of so many, whose newest are shown. */
const costOf = (createLog: (parts: object) => Log, length: number) => {
  const events = 400;
  const costs = Array.from({ length: 15 }, () => {
    const newest = Array.from({ length: Math.min(length, 400) }, (_, index) => message(length - index)).reverse();
    const shown = { messages: newest, hasOlder: length > newest.length, hasNewer: false };
    const log = createLog({ epoch: 'e', seq: length, me: 'u', shown });
    const begun = performance.now();
    for (let seq = length + 1; seq <= length + events; seq += 1) log.receive(message(seq));
    return ((performance.now() - begun) * 1_000) / events;
  });
  return costs.sort((a, b) => a - b)[7] ?? Number.NaN;
};

/** Rows of a table. */
export const measureClient = async (): Promise<string[]> => {
  const { createConversationLog } = (await import(compiled('conversation-log.js').href)) as {
    createConversationLog: (parts: object) => Log;
  };
  const lengths = [400, 10_000, 1_000_000];
  for (const length of lengths) costOf(createConversationLog, length);
  const cost = lengths.map(length => `${costOf(createConversationLog, length).toFixed(1)} us`).join(', ');
  return [
    await weigh(),
    `| a live message, on a device that shows a conversation of ${lengths.map(length => length.toLocaleString('en')).join(', ')} | ${cost} | the same |`,
  ];
};
