import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChatClient, Entry, Summary, Window } from '../../src/client/index.ts';
import { errorCatalogue, eventNames, signals } from '../../src/protocol/index.ts';
import { createLink } from '../page/proxy.ts';
import { inChromium } from '../page/support.ts';
import { command, connect, type Person, password, signUp, until, wholeHistory } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guide = readFileSync(join(root, 'docs/client.md'), 'utf8');
const documentedUrl = 'http://localhost:4000';
const run = promisify(execFile);

/** The code block behind a marker. */
const example = (name: string) => {
  const block = new RegExp(`<!-- example: ${name} -->\\s+\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1];
  if (!block) throw new Error(`docs/client.md has no example ${name}`);
  return block;
};

/** An app beside an installed package `parley`: the compiled client, and where its exports point. */
const folder = mkdtempSync(join(tmpdir(), 'parley-client-guide-'));

beforeAll(async () => {
  const modules = join(folder, 'node_modules');
  const compilerOptions = {
    rootDir: join(root, 'src'),
    outDir: join(folder, 'dist'),
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const config = { extends: join(root, 'tsconfig.build.json'), compilerOptions, include: [join(root, 'src/client')] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  await run(join(root, 'node_modules/.bin/tsc'), ['-p', folder]);
  mkdirSync(join(modules, 'parley'), { recursive: true });
  symlinkSync(join(root, 'node_modules/socket.io-client'), join(modules, 'socket.io-client'));
  cpSync(join(folder, 'dist'), join(modules, 'parley/dist'), { recursive: true });
  const exports = { './client': './dist/client/index.js' };
  writeFileSync(join(modules, 'parley/package.json'), JSON.stringify({ name: 'parley', type: 'module', exports }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the tables of docs/client.md name everything there is, and nothing else', () => {
  /** What stands in the first column of a table, as far as its name goes. */
  const named = (table: string) => {
    const rows = guide.split(`<!-- begin ${table} -->`)[1]?.split(`<!-- end ${table} -->`)[0] ?? '';
    return [...rows.matchAll(/^\| `([\w:]+)/gm)].map(match => match[1] as string);
  };

  const interfaces: Record<string, string> = {
    ClientOptions: 'chat-client',
    ChatClient: 'chat-client',
    ClientEvents: 'chat-client',
    ChatConversation: 'conversation',
    Window: 'conversation-log',
    Entry: 'outbox-entry',
    Summary: 'summary',
    ConnectionState: 'connection',
  };

  test.each(Object.entries(interfaces))('%s', (name, file) => {
    const source = readFileSync(join(root, `src/client/${file}.ts`), 'utf8');
    const body = new RegExp(`^export interface ${name}\\b.*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(source)?.[1] ?? '';
    const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(<:]/gm)].map(match => match[1]);
    expect(members.length).toBeGreaterThan(1);
    expect(named(name)).toEqual(members);
  });

  test('every code of an error', () => {
    const source = readFileSync(join(root, 'src/client/errors.ts'), 'utf8');
    const local = [...(/type LocalCode = (.*);/.exec(source)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(match => match[1]);
    expect(named('codes')).toEqual([...local, ...Object.keys(errorCatalogue)]);
  });

  test('every event, in its namespace', () => {
    const namespaces = Object.fromEntries(
      [...guide.matchAll(/^\| `([a-z:]+)` \| `(\/\w*)` \|/gm)].map(([, name, namespace]) => [name, namespace]),
    );
    const logEvents = [...new Set(Object.values(eventNames))].map(name => [name, '/']);
    const others = Object.entries(signals).map(([name, signal]) => [
      name,
      'namespace' in signal ? signal.namespace : '/',
    ]);
    expect(namespaces).toEqual(Object.fromEntries([...logEvents, ...others]));
  });
});

describe('the recipes of docs/client.md work as they stand', () => {
  let server: TestServer;
  let ann: Person;

  beforeAll(async () => {
    server = await startServer();
    ann = await signUp(server);
  });
  afterAll(() => server?.close());

  const here = (code: string, url = server.url) => {
    expect(code).toContain(documentedUrl);
    return code.replaceAll(documentedUrl, url);
  };

  /** A program beside the installed package. `said`: what it wrote, line by line. */
  const start = (name: string, code: string, args: string[] = [], env: Record<string, string> = {}) => {
    writeFileSync(join(folder, `${name}.mjs`), code);
    const child = spawn(process.execPath, [`${name}.mjs`, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
    });
    let output = '';
    const hear = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const ended = once(child, 'exit');
    return {
      child,
      ended,
      said: () => output.split('\n'),
      async kill() {
        child.kill('SIGKILL');
        await ended;
      },
    };
  };

  test('five lines: signs in, sends, hears itself', async () => {
    const code = here(example('start'));
    expect(code.trim().split('\n')).toHaveLength(5);
    const grace = await signUp(server);
    const mine = code.replace('grace', grace.username).replace('correct horse', password);
    const program = start('start', mine);
    try {
      await until(() => program.said().includes(`${grace.username} message hello, world`), 15_000);
    } finally {
      await program.kill();
    }
  });

  test('the bot answers each !ping once, also one said while it was cut off, or told to it twice, and signs out', async () => {
    const { username, id } = await signUp(server);
    const socket = await connect(server, ann.token);
    const direct = await command(socket, 'conversation:direct', { user_id: id });
    const environment = { BOT_NAME: username, BOT_PASSWORD: password };
    const bot = start('bot', here(example('bot')), [], environment);
    // Hears the same, as the bot itself would after a crash.
    const twin = start('twin', here(example('bot')), [], environment);
    const say = (place: object, message: string) =>
      command(socket, 'message:send', { ...place, message, client_id: crypto.randomUUID() });
    const history = async (conversation_id: string) =>
      (await command(socket, 'message:history', { conversation_id })).items.map(item => item.message);
    try {
      await until(() => [bot, twin].every(one => one.said().includes(`${username} listens`)), 15_000);
      const lobby = await say({ conversation_id: 'lobby' }, '!ping');
      await say({ conversation_id: 'lobby' }, 'no ping');
      await until(async () => (await wholeHistory(server, ann)).some(({ reply_to }) => reply_to === lobby.id));
      await server.restart();
      await until(() => socket.connected === false);
      socket.connect();
      await until(() => socket.connected);
      await say({ to: id }, 'hello');
      await say({ to: id }, '!ping');
      await until(async () => (await history(direct.id)).join() === 'hello,!ping,pong', 20_000);
      await say({ to: id }, '!ping');
      await until(async () => (await history(direct.id)).join() === 'hello,!ping,pong,!ping,pong', 20_000);
      const pongs = (await wholeHistory(server, ann)).filter(({ message }) => message === 'pong');
      expect(pongs.map(({ client_id }) => client_id)).toEqual([`pong-${lobby.id}`]);
      bot.child.kill('SIGTERM');
      expect((await bot.ended)[0]).toBe(0);
      expect(bot.said()).toEqual([`${username} listens`, '']);
    } finally {
      socket.disconnect();
      await twin.kill();
      await bot.kill();
    }
  });

  test('[G2] [G4] Socket.IO alone: each line arrives once and in order, and each is shown once, whatever was cut', async () => {
    const bob = await signUp(server);
    const link = await createLink(server.url);
    const chat = start('plain', here(example('plain'), link.url), [bob.username, password]);
    const socket = await connect(server, ann.token);
    const say = (message: string) =>
      command(socket, 'message:send', { conversation_id: 'lobby', message, client_id: crypto.randomUUID() });
    const stored = async () =>
      (await wholeHistory(server, ann)).filter(({ message }) => /^(line|other) /.test(message));
    const shown = () => chat.said().filter(line => /: (line|other) /.test(line));
    try {
      chat.child.stdin.write('line 1\n');
      await until(() => shown().length === 1, 15_000);
      // Its next line arrives, and the answer does not.
      link.deafen();
      chat.child.stdin.write('line 2\nline 3\n');
      await until(async () => (await stored()).length === 2);
      link.cut();
      await say('other 1');
      await say('other 2');
      chat.child.stdin.write('line 4\n');
      link.heal();
      await until(() => shown().length === 6, 25_000);
      // Nothing of its own to send: what it missed it has to ask for.
      link.cut();
      await say('other 3');
      link.heal();
      await until(() => shown().length === 7, 15_000);
      const lines = await stored();
      expect(lines.map(({ message }) => message)).toEqual([
        'line 1',
        'line 2',
        'other 1',
        'other 2',
        'line 3',
        'line 4',
        'other 3',
      ]);
      const names = { [ann.id]: ann.username, [bob.id]: bob.username };
      expect(shown()).toEqual(lines.map(({ seq, from, message }) => `${seq} ${names[from.id]}: ${message}`));
    } finally {
      socket.disconnect();
      await chat.kill();
      await link.close();
    }
  });

  test('the React hook shows what is there as soon as there is a connection, and what is pending', async () => {
    const code = example('react');
    expect(code.trim().split('\n').length).toBeLessThanOrEqual(30);
    mkdirSync(join(folder, 'node_modules/react'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/react/package.json'), '{"name": "react", "main": "index.mjs"}');
    writeFileSync(join(folder, 'node_modules/react/index.mjs'), reactStandIn);
    writeFileSync(join(folder, 'hook.mjs'), code);
    const load = (path: string) => import(/* @vite-ignore */ pathToFileURL(join(folder, path)).href);
    const { createClient } = await load('dist/client/index.js');
    const { mount } = await load('node_modules/react/index.mjs');
    const { useConversation } = await load('hook.mjs');
    const client: ChatClient = createClient({ url: server.url });
    type Shown = { summary?: Summary; shown?: Window; pending: readonly Entry[] };
    try {
      await client.signIn({ username: ann.username, password });
      const view: { shown: Shown; draws: number; pending: Set<string>; unmount(): void } = mount(() =>
        useConversation(client, 'lobby'),
      );
      await until(() => view.shown.shown !== undefined && view.shown.summary !== undefined, 15_000);
      client.conversation('lobby').send('from the hook');
      await until(() => view.pending.has('from the hook'));
      await until(() => view.shown.pending.length === 0);
      await until(() => view.shown.shown?.messages.at(-1)?.message === 'from the hook');
      const draws = view.draws;
      await new Promise(resolve => setTimeout(resolve, 50));
      expect(view.draws).toBe(draws);
      view.unmount();
    } finally {
      await client.close();
    }
  });
});

/** As much of React as the hook uses: one component, drawn anew a moment after a change; a snapshot that is never the same is a fault. */
const reactStandIn = `
let slots = [], at = 0, effects = [], draw = () => undefined;
export const useEffect = (effect, deps) => {
  const slot = (slots[at++] ??= {});
  if (slot.deps?.every((dep, index) => Object.is(dep, deps[index]))) return;
  slot.deps = deps;
  effects.push(() => { slot.stop?.(); slot.stop = effect(); });
};
export const useSyncExternalStore = (subscribe, get) => {
  const value = get();
  if (!Object.is(value, get())) throw new Error('The snapshot should be cached.');
  useEffect(() => { if (!Object.is(value, get())) queueMicrotask(draw); return subscribe(() => draw()); }, [subscribe]);
  return value;
};
export const mount = component => {
  const view = { draws: 0, shown: undefined, pending: new Set(), unmount: () => { for (const slot of slots) slot.stop?.(); } };
  draw = () => { at = 0; view.draws++; view.shown = component(); for (const { message } of view.shown.pending) view.pending.add(message); for (const run of effects.splice(0)) run(); };
  draw();
  return view;
};
`;

const build = () =>
  run('bash', ['-euo', 'pipefail', '-c', example('vendor').replace('npm run build', 'true')], { cwd: folder });

describe('without a bundler', () => {
  test('the compiled modules import each other, and of socket.io-client what its ES module build has', async () => {
    const socketIo = await import(
      /* @vite-ignore */ pathToFileURL(join(root, 'node_modules/socket.io-client/dist/socket.io.esm.min.js')).href
    );
    const code = readdirSync(join(folder, 'dist/client'))
      .filter(name => name.endsWith('.js'))
      .map(name => readFileSync(join(folder, 'dist/client', name), 'utf8'))
      .join('\n');
    const imports = [...code.matchAll(/^(?:import|export) \{([^}]*)\} from '([^']+)'/gm)];
    expect(imports.length).toBeGreaterThan(10);
    expect(code.match(/\bfrom '/g)).toHaveLength(imports.length);
    for (const [, names = '', from = ''] of imports) {
      if (from === 'socket.io-client')
        expect(Object.keys(socketIo)).toEqual(expect.arrayContaining(names.trim().split(', ')));
      else expect(from).toMatch(/^(\.|\.\.\/protocol)\/[\w-]+\.js$/);
    }
  });
});

inChromium(
  'the page without a bundler',
  stage => {
    test('signs in, sends, and is still signed in after a reload', async () => {
      await build();
      const html = example('page').replaceAll(documentedUrl, stage.server.url);
      writeFileSync(join(folder, 'site/index.html'), html);
      const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
      const site = createServer((request, response) => {
        const path = request.url === '/' ? '/index.html' : (request.url ?? '');
        try {
          const file = readFileSync(join(folder, 'site', path));
          response.writeHead(200, { 'content-type': types[extname(path)] ?? 'image/x-icon' }).end(file);
        } catch {
          response.writeHead(204).end();
        }
      });
      site.listen(0, '127.0.0.1');
      await once(site, 'listening');
      try {
        const { username } = await signUp(stage.server);
        const page = await stage.visit({ url: `http://127.0.0.1:${(site.address() as AddressInfo).port}/` });
        await page.locator('[name=username]').fill(username);
        await page.locator('[name=password]').fill(password);
        await page.locator('#door button').click();
        await page.locator('[name=text]').fill('from a page');
        await page.locator('#write button').click();
        const line = page.locator('li', { hasText: /: from a page$/ });
        await line.waitFor();
        await page.reload();
        await line.waitFor();
        expect(await page.locator('li').count()).toBe(1);
        await page.context().close();
      } finally {
        site.close();
      }
    });
  },
  { corsOrigins: ['*'] },
);
