import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { listen } from '../../src/server/index.js';
import { ClientAddresses } from '../../src/server/limits/index.js';
import { call, json, openMemoryStore, silent } from '../http/support.js';
import { onTestFinished } from 'vitest';

function addressOf(proxies: readonly string[], remoteAddress: string, forwarded?: string): string {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  // Nothing else of a request is looked at.
  const request = { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
  return new ClientAddresses(proxies).of(request);
}

describe('the address of a client', () => {
  const proxies = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'];

  it.each([
    ['nobody is trusted', [], '10.0.0.1', '203.0.113.9', '10.0.0.1'],
    ['the peer is no proxy', proxies, '203.0.113.5', '198.51.100.1', '203.0.113.5'],
    ['a proxy says nothing', proxies, '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy says it', proxies, '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['the client lies in front', proxies, '10.0.0.1', '127.0.0.1, 203.0.113.9', '203.0.113.9'],
    ['two proxies say it', proxies, '10.0.0.1', '203.0.113.9, 192.0.2.7', '203.0.113.9'],
    ['all are proxies', proxies, '10.0.0.1', '10.0.0.3,10.0.0.2', '10.0.0.3'],
    ['something is no address', proxies, '10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
    ['it is mapped', proxies, '::ffff:10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
    ['it is of version 6', proxies, 'fd00::1', '2001:db8::5', '2001:db8::5'],
    ['the range is not theirs', proxies, '192.0.2.8', '203.0.113.9', '192.0.2.8'],
  ] as const)('where %s', (_, trusted, peer, forwarded, expected) => {
    expect(addressOf(trusted, peer, forwarded)).toBe(expected);
  });

  it('is found in a header of any length', () => {
    const many = Array.from({ length: 5_000 }, () => '10.0.0.2').join(',');
    expect(addressOf(proxies, '10.0.0.1', `203.0.113.9,${many}`)).toBe('10.0.0.2');
  });

  it.each(['10.0.0.0/33', 'proxy.example', '10.0.0.0/8/8', 'fd00::/129', '', '10.0.0.1/'])(
    'of a proxy is not %j',
    (text) => {
      expect(() => new ClientAddresses([text])).toThrow(/trustedProxies: expected addresses/);
    },
  );
});

it('logins behind a proxy are slowed down for who guesses, by its own address', async () => {
  const store = await openMemoryStore();
  const auth = { adminPassword: 'correct horse battery' };
  const options = { port: 0, logger: silent, processMetrics: false, auth };
  const server = await listen(store, { ...options, trustedProxies: ['127.0.0.1'] });
  onTestFinished(() => server.close());
  const login = (address: string, username: string) =>
    call(server, {
      path: '/api/v1/auth/login',
      headers: { ...json, 'x-forwarded-for': address },
      body: JSON.stringify({ username, password: 'guess' }),
    });
  for (let i = 0; i < 50; i += 1) await login('203.0.113.9', `user-${i}`);
  expect((await login('203.0.113.9', 'another')).status).toBe(429);
  expect((await login('203.0.113.10', 'another')).status).toBe(401);
});
