import { describe, expect, test } from 'vitest';
import { judge } from '../../src/cli/doctor/checks/address.ts';
import { judgeTls } from '../../src/cli/doctor/checks/tls.ts';

const forged = '198.51.100.77';

/** What the server says of a plain request and of a forged one; addresses of the two ends. */
const said = (plain: [address: string, forwarded: number], tricked: [string, number], own: string, remote: string) =>
  judge({
    seen: { address: plain[0], forwarded: plain[1] },
    tricked: { address: tricked[0], forwarded: tricked[1] },
    own,
    remote,
  });

describe('who the server takes the caller for', () => {
  test.each<[string, Parameters<typeof said>, string, RegExp]>([
    [
      'appended to, on loopback',
      [['127.0.0.2', 1], ['127.0.0.2', 2], '127.0.0.2', '127.0.0.1'],
      'ok',
      /is this machine/,
    ],
    ['no proxy', [['127.0.0.2', 0], ['127.0.0.2', 1], '127.0.0.2', '127.0.0.1'], 'ok', /is this machine/],
    ['loopback has one address', [['::1', 1], ['::1', 1], '::1', '::1'], 'skip', /for client and proxy alike/],
    ['TRUST_PROXY covers loopback', [['127.0.0.2', 1], [forged, 2], '127.0.0.2', '127.0.0.1'], 'ok', /covers 127/],
    ['TRUST_PROXY covers the office', [['10.0.0.9', 1], [forged, 2], '10.0.0.9', '10.0.0.2'], 'WARN', /covers 10/],
    [
      'TRUST_PROXY covers everybody',
      [['203.0.113.9', 1], [forged, 2], '203.0.113.9', '203.0.113.2'],
      'FAIL',
      /covers 203/,
    ],
    ['passed on as it was', [['127.0.0.1', 0], [forged, 1], '127.0.0.2', '127.0.0.1'], 'FAIL', /client wrote itself/],
    [
      'not set, proxy elsewhere',
      [['172.18.0.5', 0], ['172.18.0.5', 0], '203.0.113.9', '192.0.2.1'],
      'FAIL',
      /takes 172/,
    ],
    [
      'not believed, behind a public name',
      [['172.18.0.5', 1], ['172.18.0.5', 1], '192.168.1.4', '192.0.2.1'],
      'FAIL',
      /takes 172/,
    ],
    [
      'the proxy itself, public',
      [['192.0.2.1', 1], ['192.0.2.1', 1], '192.168.1.4', '192.0.2.1'],
      'FAIL',
      /takes 192\.0\.2\.1/,
    ],
    ['behind a router', [['203.0.113.9', 1], ['203.0.113.9', 1], '192.168.1.4', '192.0.2.1'], 'ok', /sees 203/],
    [
      'another public address',
      [['198.18.0.1', 2], ['198.18.0.1', 2], '203.0.113.9', '192.0.2.1'],
      'WARN',
      /takes 198\.18/,
    ],
    [
      'containers seen from their host',
      [['172.18.0.1', 1], ['172.18.0.1', 1], '127.0.0.2', '127.0.0.1'],
      'WARN',
      /takes 172/,
    ],
  ])('%s', (_, args, status, seen) => {
    const finding = said(...args);
    expect([finding.status, finding.seen]).toEqual([status, expect.stringMatching(seen)]);
    if (status !== 'ok') expect(finding.remedy).toMatch(/TRUST_PROXY|\{location\}|another machine/);
  });
});

describe('the certificate', () => {
  const now = Date.parse('2030-06-01T12:00:00Z');
  const day = 86_400_000;

  test.each<[string, { problem?: string; expires: number } | undefined, string, string, RegExp]>([
    ['valid for long', { expires: now + 60 * day }, 'https://chat.example.org', 'ok', /until 2030-07-31/],
    ['valid for two weeks', { expires: now + 14 * day }, 'https://chat.example.org', 'ok', /until 2030-06-15/],
    ['valid for less', { expires: now + 14 * day - 1 }, 'https://chat.example.org', 'WARN', /expires on 2030-06-15/],
    ['expired', { expires: now - 1, problem: 'CERT_HAS_EXPIRED' }, 'https://chat.example.org', 'FAIL', /expired on/],
    [
      'of a stranger',
      { expires: now + 60 * day, problem: 'SELF_SIGNED' },
      'https://chat.example.org',
      'FAIL',
      /SELF_SIGNED/,
    ],
    ['none on loopback', undefined, 'http://127.0.0.1:4000', 'ok', /does not leave this machine/],
    ['none on loopback by name', undefined, 'http://localhost:4000', 'ok', /does not leave this machine/],
    ['none elsewhere', undefined, 'http://chat.example.org', 'WARN', /can be read on the way/],
    [
      'none, by a name that only begins like loopback',
      undefined,
      'http://127.0.0.1.example.org',
      'WARN',
      /can be read/,
    ],
  ])('%s', (_, certificate, url, status, seen) => {
    expect(judgeTls(new URL(url), certificate, now)).toMatchObject({ status, seen: expect.stringMatching(seen) });
  });
});
