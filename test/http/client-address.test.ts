import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { addressKey, createClientAddress, isLoopback } from '../../src/client-address.ts';

const requestFrom = (remoteAddress: string, forwarded?: string) => {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });
  const request = new IncomingMessage(socket);
  if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded;
  return request;
};

describe('[S46] the address of a client', () => {
  test.each([
    [[], '203.0.113.1', '1.1.1.1', '203.0.113.1'],
    [['loopback'], '203.0.113.1', '1.1.1.1', '203.0.113.1'],
    [['loopback'], '127.0.0.1', '1.1.1.1', '1.1.1.1'],
    [['loopback'], '::1', '1.1.1.1, 2.2.2.2', '2.2.2.2'],
    [['loopback'], '::ffff:127.0.0.1', '2001:db8::1', '2001:db8::1'],
    [['loopback', '10.0.0.0/8'], '127.0.0.1', '1.1.1.1, 10.1.2.3', '1.1.1.1'],
    [['private'], '192.168.1.1', '6.6.6.6, 1.1.1.1, 10.1.2.3, 172.16.0.9', '1.1.1.1'],
    [['loopback'], '127.0.0.1', undefined, '127.0.0.1'],
    [['loopback'], '127.0.0.1', '', '127.0.0.1'],
    [['loopback'], '127.0.0.1', 'unknown', '127.0.0.1'],
    [['loopback'], '127.0.0.1', '1.1.1.1, <script>', '127.0.0.1'],
    [['loopback'], '127.0.0.1', '127.0.0.1', '127.0.0.1'],
    [['203.0.113.0/24'], '203.0.113.77', '1.1.1.1', '1.1.1.1'],
    [['2001:db8::/32'], '2001:db8::5', '1.1.1.1', '1.1.1.1'],
  ])('trusting %j, a connection from %s with %j is of %s', (trusted, remote, forwarded, expected) => {
    expect(createClientAddress(trusted)(requestFrom(remote, forwarded))).toBe(expected);
  });

  test.each([
    ['203.0.113.1', '203.0.113.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::', 'fe80:0:0:0'],
  ])('%s is counted as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  test('what is on this machine', () => {
    expect(
      ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].map(address => isLoopback(requestFrom(address))),
    ).toEqual(Array(4).fill(true));
    expect(['10.0.0.1', '::2', '::ffff:10.0.0.1', ''].map(address => isLoopback(requestFrom(address)))).toEqual(
      Array(4).fill(false),
    );
  });
});
