import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Config } from '../../src/config.ts';
import type { Overrides } from '../../src/core.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { signUp } from '../support/clients.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';
import { ask, diagnose, startWrongNginx, upstreamsOf } from './doctor-support.ts';
import { selfSigned } from './self-signed.ts';

/** Each test looks at everything, and the machine may be busy with others. */
vi.setConfig({ testTimeout: 90_000 });

const secrets = ['first secret of at least 32 bytes!', 'other secret of at least 32 bytes!'] as const;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** By itself: none of these knows the accounts of another. */
const start = async (overrides: Partial<Config>, appOverrides: Overrides = {}): Promise<TestServer> => {
  const config = { jwtSecret: secrets[0], trustProxy: ['127.0.0.1'], ...overrides };
  const server = await startServer(config, appOverrides);
  closing.push(() => server.close());
  return server;
};

/** `names` as nginx has them, where an instance goes by another. */
const behind = async (servers: TestServer[], names?: string[]) => {
  const upstreams = upstreamsOf(servers).map(({ name, port }, index) => ({ name: names?.[index] ?? name, port }));
  const nginx = await startWrongNginx(upstreams);
  closing.push(() => nginx.stop());
  return nginx.url;
};

describe('instances that do not fit together', () => {
  test('databases of their own', async () => {
    const url = await behind([await start({ instanceId: 'one' }), await start({ instanceId: 'two' })]);
    const { wrong, found, code, err } = await diagnose(url, ['--quick']);
    expect([wrong, code]).toEqual([{ secrets: 'FAIL', events: 'FAIL' }, 1]);
    expect(found['secrets']?.seen).toMatch(/^(one|two) refuses a token that another instance issued \(signed_out\)$/);
    expect(found['secrets']?.remedy).toMatch(/MYSQL_URL/);
    expect(found['events']?.remedy).toMatch(/MYSQL_URL, MONGODB_URI and REDIS_URL/);
    // The account was erased where it was, although the other instance was asked as often.
    expect(err.join('\n')).not.toMatch(/could not be/);
  });

  test('different secrets', async () => {
    const url = await behind([
      await start({ instanceId: 'one' }),
      await start({ instanceId: 'two', jwtSecret: secrets[1] }),
    ]);
    const { wrong, found, code } = await diagnose(url, ['--quick']);
    expect([wrong, code]).toEqual([{ secrets: 'FAIL', events: 'FAIL' }, 1]);
    expect(found['secrets']?.seen).toMatch(
      /^2 different secrets: (one|two) [0-9a-f]{8}, (one|two) [0-9a-f]{8}; (one|two) refuses a token .*\(unauthenticated\)$/,
    );
    expect(found['secrets']?.remedy).toMatch(/JWT_SECRET/);
    for (const secret of secrets) expect(JSON.stringify(found)).not.toContain(secret);
  });

  test('a clock two hours off', async () => {
    const clock = { ...systemClock, now: () => Date.now() + 7_200_000 };
    const url = await behind([await start({ instanceId: 'one' }), await start({ instanceId: 'two' }, { clock })]);
    const { wrong, found, code } = await diagnose(url, ['--quick']);
    expect(wrong).toMatchObject({ clocks: 'FAIL' });
    // A token of the one has run out, or was not begun, for the other.
    expect(Object.keys(wrong).filter(name => !['clocks', 'secrets', 'events'].includes(name))).toEqual([]);
    expect(found['clocks']?.seen).toMatch(/^two is 7\d{3}\.\d s ahead of one$/);
    expect(code).toBe(1);
  });

  test('one instance whose clock is wrong for this machine: a warning', async () => {
    const clock = { ...systemClock, now: () => Date.now() - 60_000 };
    const { found } = await diagnose((await start({ instanceId: 'one' }, { clock })).url, ['--quick']);
    expect(found['clocks']).toMatchObject({ status: 'WARN', seen: expect.stringMatching(/^one is 60\.\d s behind/) });
  });

  test('two processes under one name', async () => {
    const servers = [await start({ instanceId: 'one' }), await start({ instanceId: 'one' })];
    const { wrong, found, code } = await diagnose(await behind(servers, ['one', 'two']), ['--quick']);
    expect(wrong).toMatchObject({ duplicates: 'FAIL', sticky: 'FAIL' });
    expect(found['duplicates']?.seen).toBe('2 processes call themselves one');
    expect(found['duplicates']?.remedy).toMatch(/INSTANCE_ID/);
    expect(code).toBe(1);
  });

  test('settings that differ: a warning', async () => {
    const servers = [
      await start({ instanceId: 'one', maxPacketBytes: 65_536 }),
      await start({ instanceId: 'two', maxPacketBytes: 32_768 }),
    ];
    const { found } = await diagnose(await behind(servers), ['--quick']);
    expect(found['settings']?.status).toBe('WARN');
    expect(found['settings']?.seen).toMatch(/one 65536/);
    expect(found['settings']?.remedy).toMatch(/MAX_PACKET_BYTES/);
  });

  test('TRUST_PROXY that does not name nginx', async () => {
    const { wrong, found } = await diagnose(await behind([await start({ instanceId: 'one', trustProxy: [] })]), [
      '--quick',
    ]);
    expect(wrong).toEqual({ address: 'FAIL', events: 'skip' });
    expect(found['address']?.seen).toMatch(
      /^the server takes 127\.0\.0\.1 for the client, which is 127\.0\.0\.2 here$/,
    );
    expect(found['address']?.remedy).toMatch(/TRUST_PROXY must name/);
  });

  test('TRUST_PROXY of one instance alone', async () => {
    const servers = [await start({ instanceId: 'one' }), await start({ instanceId: 'two', trustProxy: [] })];
    const { found } = await diagnose(await behind(servers), ['--quick']);
    expect(found['address']?.status).toBe('FAIL');
    expect(found['address']?.seen).toMatch(
      /instances see different callers: (one 127\.0\.0\.2, two 127\.0\.0\.1|two .* one .*2)/,
    );
    expect(found['address']?.remedy).toMatch(/TRUST_PROXY/);
  });

  test('packets that nginx does not let in', async () => {
    const url = await behind([await start({ instanceId: 'one', maxPacketBytes: 200_000 })]);
    const { wrong, found } = await diagnose(url, ['--quick']);
    expect(wrong).toEqual({ limits: 'FAIL', events: 'skip' });
    expect(found['limits']?.remedy).toMatch(/client_max_body_size 391k \(above MAX_PACKET_BYTES, which is 200000\)/);
  });
});

describe('TLS', () => {
  const day = 86_400_000;
  const secured = async (until: number) => {
    const server = await start({ instanceId: 'one' });
    const folder = temporaryFolder();
    const { certificate, key } = selfSigned(Date.now() - 60 * day, until);
    writeFileSync(join(folder, 'cert.pem'), certificate);
    writeFileSync(join(folder, 'key.pem'), key);
    // Not to be taken for a folder of nginx's own, which are moved.
    const at = `/.${folder}`;
    const nginx = await startWrongNginx(upstreamsOf([server]), [
      /listen 8080 [^;]*;/g,
      `listen 8080 ssl; ssl_certificate ${at}/cert.pem; ssl_certificate_key ${at}/key.pem;`,
    ]);
    closing.push(() => nginx.stop());
    return { server, url: nginx.url.replace('http:', 'https:') };
  };

  test('a certificate that nobody vouches for fails; the rest is looked at, and no secret is sent', async () => {
    const { server, url } = await secured(Date.now() + 60 * day);
    const { wrong, found, code } = await diagnose(url, ['--quick']);
    expect([wrong, code]).toEqual([{ tls: 'FAIL', events: 'skip' }, 1]);
    expect(found['tls']?.seen).toMatch(/^clients will not accept the certificate: .*SELF_SIGNED/);

    const { username, password } = await signUp(server);
    const own = await diagnose(url, ['--user', username, '--password-stdin'], { input: password });
    expect(own.wrong).toEqual({ tls: 'FAIL', events: 'skip', timeouts: 'skip' });
    expect(own.found['events']?.seen).toMatch(/nothing secret is sent/);
  });

  test('one that has expired', async () => {
    const { url } = await secured(Date.now() - day);
    expect((await diagnose(url, ['--quick'])).found['tls']?.seen).toMatch(/^the certificate expired on /);
  });

  test('https where none is spoken: nothing could be checked', async () => {
    const { url } = await start({ instanceId: 'one' });
    const { code, err } = await ask([url.replace('http:', 'https:')]);
    expect([code, err]).toEqual([2, [expect.stringMatching(/no TLS is spoken there/)]]);
  });
});

describe('where there is little to look at', () => {
  test('nginx without an instance', async () => {
    const server = await start({ instanceId: 'one' });
    const url = await behind([server]);
    await server.app.close();
    const { code, out } = await ask([url]);
    expect(out).toEqual([
      'FAIL  reachable   GET /health/live answered HTTP 503',
      expect.stringMatching(/^ {18}The proxy is there, and no instance behind it/),
      expect.stringMatching(/^ok {4}tls {9}plain http/),
      '1 ok, 1 FAIL',
    ]);
    expect(code).toBe(1);
  });

  test('another program', async () => {
    const other = createServer((_request, response) => response.end('<h1>It works!</h1>'));
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    closing.push(async () => other.close());
    const { code, found } = await diagnose(`http://127.0.0.1:${(other.address() as AddressInfo).port}`);
    expect([code, found['reachable']?.status]).toEqual([1, 'FAIL']);
    expect(found['reachable']?.remedy).toMatch(/no Parley/);
    expect(Object.keys(found)).toEqual(['reachable', 'tls']);
  });

  test.each([
    ['nobody there', ['http://127.0.0.1:1'], /127\.0\.0\.1:1: .*ECONNREFUSED/],
    ['a name that nobody has', ['http://nobody.invalid'], /nobody\.invalid/],
    ['no URL', [], /Give one URL/],
    ['no http', ['ftp://127.0.0.1'], /no http or https URL/],
    ['a path', ['http://127.0.0.1/chat'], /without a path/],
    ['an option that is none', ['http://127.0.0.1', '--verbose'], /--verbose/],
    ['a name without a password', ['http://127.0.0.1', '--user', 'ada'], /go together/],
    ['two accounts', ['http://127.0.0.1', '--user', 'ada', '--password-stdin', '--token', 'x'], /not both/],
    ['a timeout that is none', ['http://127.0.0.1', '--timeout', 'soon'], /1 to 300/],
  ])('%s: exit code 2, and why', async (_, args, why) => {
    const { code, out, err } = await ask(args);
    expect([code, out]).toEqual([2, []]);
    expect(err).toEqual([expect.stringMatching(why)]);
  });

  test('--help', async () => {
    const { code, out } = await ask(['--help']);
    expect([code, out.join('\n')]).toEqual([0, expect.stringContaining('parley doctor URL')]);
  });
});
