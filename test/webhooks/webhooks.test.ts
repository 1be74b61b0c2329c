import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openEventStore, verifyWebhook } from '../../src/index.js';
import type { EmbeddedStore, WebhookOptions, WebhookRunOptions } from '../../src/index.js';
import {
  codeOf,
  errorOf,
  makeDirectory,
  memoryMode,
  newEvent,
  openStore,
  wrong,
} from '../support/store.js';
import { Receiver } from './receiver.js';

const anywhere: WebhookRunOptions = { allowPrivateAddresses: true };

async function open(
  options: Partial<WebhookOptions> = {},
  run: WebhookRunOptions = anywhere,
): Promise<{ store: EmbeddedStore; receiver: Receiver; secret: string }> {
  const store = await memoryMode.open();
  const receiver = await Receiver.listen();
  await store.webhooks.start(run);
  const { secret } = await store.webhooks.create({ name: 'w', url: receiver.url(), ...options });
  return { store, receiver, secret };
}

const poll = (read: () => unknown) => expect.poll(read, { timeout: 20_000, interval: 2 });

describe('a webhook', () => {
  it('posts each event once, signed, as it was appended', async () => {
    const { store, receiver, secret } = await open();
    const line =
      '{"event_type":"a.b","entity_id":"e","payload":{"b":1.0,"a":12345678901234567890}}';
    await store.appendBatch(Buffer.from(line));
    await poll(() => receiver.requests.length).toBe(1);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.requests;
    expect(body).toContain('"payload":{"b":1.0,"a":12345678901234567890}');
    const event = JSON.parse(body) as { id: string; position: number };
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': event.id });
    expect(verifyWebhook(secret, { headers, body })).toBe(true);
    expect(verifyWebhook(secret, { headers, body: `${body} ` })).toBe(false);
    expect(verifyWebhook('whsec_AAAA', { headers, body })).toBe(false);
    const early = { ...headers, 'webhook-timestamp': '1000000000' };
    expect(verifyWebhook(secret, { headers: early, body })).toBe(false);
    await poll(async () => (await store.webhooks.deliveries('w')).length).toBe(1);
    const [delivery] = await store.webhooks.deliveries('w');
    expect(delivery).toMatchObject({
      position: event.position,
      attempt: 1,
      status: 204,
      error: null,
    });
  });

  it('is checked by the rules of standardwebhooks.com', () => {
    // The example of the specification, with the time of its signing.
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const body = '{"test": 2432232314}';
    const toleranceSeconds = 1e10;
    expect(verifyWebhook(secret, { headers, body, toleranceSeconds })).toBe(true);
    expect(verifyWebhook(secret, { headers, body })).toBe(false);
  });

  it('keeps the order of each entity, also when posts fail', async () => {
    const { store, receiver } = await open({
      filter: { eventType: 'order.placed' },
      pauseAfter: 999,
    });
    let count = 0;
    receiver.answer = () => ((count += 1) % 9 === 0 ? 503 : 200);
    for (let i = 0; i < 40; i += 1) {
      await store.append(newEvent(`order-${i % 4}`, i, { eventType: 'order.placed' }));
    }
    await poll(() => new Set(receiver.positions).size).toBe(40);
    const last = new Map<string, number>();
    for (const { body } of receiver.requests) {
      const { entity_id: entity, position } = JSON.parse(body) as Record<string, string | number>;
      expect(Number(position)).toBeGreaterThanOrEqual(last.get(String(entity)) ?? 0);
      last.set(String(entity), Number(position));
    }
  }, 60_000);

  it('waits longer after each failure, and tells what happened', async () => {
    const { store, receiver } = await open();
    receiver.answer = () => (receiver.requests.length < 3 ? 500 : 200);
    await store.append(newEvent('a', 1));
    await poll(async () => (await store.webhooks.deliveries('w')).length).toBe(3);
    const [, first = 0, second = 0] = receiver.requests.map(
      ({ at }, i) => at - (receiver.requests[i - 1]?.at ?? at),
    );
    expect(first).toBeGreaterThan(700);
    expect(second).toBeGreaterThan(1400);
    expect(await store.webhooks.deliveries('w')).toMatchObject([
      { attempt: 3, status: 200, error: null },
      { attempt: 2, status: 500, error: 'the receiver answered 500' },
      { attempt: 1, status: 500 },
    ]);
  }, 30_000);

  it('gives up at last, and posts the dead letter again when asked', async () => {
    const { store, receiver } = await open({ maxAttempts: 1 });
    receiver.answer = () => 400;
    const { position } = await store.append(newEvent('a', 1));
    await poll(async () => (await store.webhooks.deadLetters('w')).length).toBe(1);
    expect((await store.webhooks.deadLetters('w'))[0]).toMatchObject({
      position,
      reason: 'the receiver answered 400',
    });
    receiver.answer = () => 200;
    expect(await store.webhooks.replay('w', { positions: [position] })).toBe(1);
    await poll(async () => (await store.webhooks.deadLetters('w')).length).toBe(0);
    expect(receiver.positions).toEqual([position, position]);
  });

  it('is paused after failures in a row, loses nothing, and goes on when resumed', async () => {
    const { store, receiver } = await open({ pauseAfter: 3 });
    receiver.answer = () => 503;
    for (let i = 0; i < 8; i += 1) await store.append(newEvent(`e${i}`, i));
    await poll(async () => (await store.webhooks.get('w')).status).toBe('paused');
    const { pauseReason } = await store.webhooks.get('w');
    expect(pauseReason).toMatch(
      /^\d+ attempts in a row failed, the last: the receiver answered 503/,
    );
    // Posts that were under way come to their end.
    await new Promise((resolve) => setTimeout(resolve, 100));
    receiver.answer = () => 200;
    const before = receiver.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(receiver.requests.length).toBe(before);
    expect(await store.webhooks.resume('w')).toMatchObject({ status: 'active', pauseReason: null });
    await poll(() => new Set(receiver.positions.slice(before)).size).toBe(8);
  });

  it('goes on from another place when it is sought there, also while it is paused', async () => {
    const { store, receiver } = await open();
    const { position } = await store.append(newEvent('a', 1));
    await poll(async () => (await store.webhooks.get('w')).cursor).toBeGreaterThanOrEqual(position);
    const { cursor } = await store.webhooks.seek('w', position);
    expect(cursor).toBe(position - 1);
    await poll(() => receiver.positions).toEqual([position, position]);
    await store.webhooks.pause('w');
    await store.append(newEvent('b', 2));
    expect(await store.webhooks.seek('w', 'now')).toMatchObject({ status: 'paused' });
    await store.webhooks.resume('w');
    const { position: last } = await store.append(newEvent('c', 3));
    await poll(() => receiver.positions).toEqual([position, position, last]);
    expect(await codeOf(() => store.webhooks.seek('w', -1))).toBe('invalid_query');
    const other = () => store.webhooks.seek('w', 'now', { tenantId: 'two' });
    expect(await codeOf(other)).toBe('webhook_not_found');
  });

  it('is paused at once by a receiver that is gone', async () => {
    const { store, receiver } = await open();
    receiver.answer = () => 410;
    await store.append(newEvent('a', 1));
    await poll(async () => (await store.webhooks.get('w')).status).toBe('paused');
  });

  it('does not wait for ever', async () => {
    const { store, receiver } = await open({ timeoutMs: 100 });
    receiver.answer = () => 'silence';
    await store.append(newEvent('a', 1));
    await poll(async () => (await store.webhooks.deliveries('w'))[0]?.error).toBe(
      'no answer within 100 ms',
    );
  });

  it('is not held up by a receiver that wants another protocol, or hangs up', async () => {
    const store = await memoryMode.open();
    const server = createServer((socket) => {
      socket.once('data', () =>
        socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    await store.webhooks.start(anywhere);
    const { port } = server.address() as AddressInfo;
    await store.webhooks.create({ name: 'w', url: `http://127.0.0.1:${port}/` });
    await store.append(newEvent('a', 1));
    await poll(async () => (await store.webhooks.deliveries('w'))[0]?.error).toBe(
      'the receiver answered 101: it wants another protocol',
    );
    await store.webhooks.pause('w');
  });

  it('follows redirects that keep the method, three at most', async () => {
    const { store, receiver } = await open();
    receiver.answer = ({ path }) => (path === '/hook' ? { status: 307, location: '/there' } : 200);
    await store.append(newEvent('a', 1));
    await poll(() => receiver.requests.map(({ path }) => path)).toEqual(['/hook', '/there']);
    receiver.answer = ({ path }) => ({ status: 308, location: `${path}x` });
    await store.append(newEvent('b', 1));
    await poll(async () => (await store.webhooks.deliveries('w'))[0]?.error).toBe(
      'more than 3 redirects',
    );
    receiver.answer = () => ({ status: 302, location: '/there' });
    await store.append(newEvent('c', 1));
    await poll(async () => (await store.webhooks.deliveries('w'))[0]?.error).toBe(
      'the receiver answered 302',
    );
  });

  it('goes on over restarts, also when it is paused', async () => {
    const dataDir = await makeDirectory();
    const receiver = await Receiver.listen();
    for (let round = 0; round < 3; round += 1) {
      const store = await openEventStore({ dataDir });
      await store.webhooks.start(anywhere);
      if (round === 0) {
        await store.webhooks.create({ name: 'w', url: receiver.url() });
        await store.webhooks.create({ name: 'p', url: `${receiver.url()}/paused` });
        await store.webhooks.pause('p');
      }
      expect(await store.webhooks.get('p')).toMatchObject({ status: 'paused' });
      await store.append(newEvent('a', round));
      await poll(() => receiver.requests.length).toBe(round + 1);
      await store.close();
    }
    const store = await openStore({ dataDir });
    await store.webhooks.start(anywhere);
    await store.webhooks.resume('p');
    await poll(() => receiver.requests.length).toBe(6);
    expect(receiver.requests.slice(3).every(({ path }) => path === '/hook/paused')).toBe(true);
  });
});

describe('webhooks never go to addresses that are not public', () => {
  async function errorOfDelivery(url: string, run: WebhookRunOptions): Promise<string | null> {
    const store = await memoryMode.open();
    await store.webhooks.start(run);
    await store.webhooks.create({ name: 'w', url });
    await store.append(newEvent('a', 1));
    await poll(async () => (await store.webhooks.deliveries('w')).length).toBe(1);
    return (await store.webhooks.deliveries('w'))[0]?.error ?? null;
  }

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.0.0.1/',
    'http://10.1.2.3/',
    'http://169.254.169.254/latest/meta-data/',
    'http://172.16.0.1/',
    'http://192.168.0.1/',
    'http://100.64.0.1/',
    'http://0.0.0.0/',
    'http://255.255.255.255/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[fc00::1]/',
    'http://[fe80::1]/',
    'http://[ff02::1]/',
    'http://[::ffff:0:127.0.0.1]/',
    'http://[4000::1]/',
  ])('%s is refused', async (url) => {
    const store = await memoryMode.open();
    const error = await errorOf(() => store.webhooks.create({ name: 'w', url }));
    expect(error).toMatchObject({ code: 'validation_error' });
    expect(error.message).toContain('expected a public address');
  });

  it.each(['http://1.1.1.1/', 'https://[2606:4700:4700::1111]/', 'https://example.com/a?b=c'])(
    '%s is taken',
    async (url) => {
      const store = await memoryMode.open();
      expect(await store.webhooks.create({ name: 'w', url })).toMatchObject({ url });
    },
  );

  it('by a name that leads there', async () => {
    const receiver = await Receiver.listen();
    const error = await errorOfDelivery(receiver.url('localhost'), {});
    expect(error).toMatch(/^(127\.0\.0\.1|::1) is not a public address/);
    expect(receiver.requests).toEqual([]);
  });

  it('by a redirect', async () => {
    const receiver = await Receiver.listen();
    const secret = await Receiver.listen('127.0.0.2');
    receiver.answer = () => ({ status: 307, location: secret.url('127.0.0.2') });
    const isAllowed = (address: string): boolean => address === '127.0.0.1';
    const error = await errorOfDelivery(receiver.url(), { isAllowed });
    expect(error).toMatch(/^127\.0\.0\.2 is not a public address/);
    expect(secret.requests).toEqual([]);
  });
});

describe('webhooks of a store', () => {
  it.each([
    [{ url: 'ftp://example.com/' }, 'validation_error'],
    [{ url: 'example.com' }, 'validation_error'],
    [{ url: 'https://user:pass@example.com/' }, 'validation_error'],
    [{ url: 5 }, 'validation_error'],
    [{ secret: 'whsec_short' }, 'validation_error'],
    [{ secret: 'x'.repeat(60) }, 'validation_error'],
    [{ timeoutMs: 99 }, 'validation_error'],
    [{ pauseAfter: 0 }, 'validation_error'],
    [{ maxAttempts: 1.5 }, 'validation_error'],
    [{ name: 'a b' }, 'validation_error'],
    [{ maxInFlight: 5 }, 'validation_error'],
    [{ from: -1 }, 'invalid_query'],
    [{ filter: { type: 'x' } }, 'invalid_query'],
    [{ tenantId: '$system' }, 'invalid_query'],
  ])('refuse %j', async (options, code) => {
    const store = await memoryMode.open();
    const all = { name: 'w', url: 'https://example.com/', ...options };
    expect(await codeOf(() => store.webhooks.create(wrong(all)))).toBe(code);
    expect(await store.webhooks.list()).toEqual([]);
  });

  it('are kept apart by tenant, listed and deleted, and tell their secret once', async () => {
    const store = await memoryMode.open();
    const url = 'https://example.com/';
    const made = await store.webhooks.create({ name: 'w', url });
    expect(made.secret).toMatch(/^whsec_/);
    await store.webhooks.create({ name: 'w', url, tenantId: 'two' });
    expect(await codeOf(() => store.webhooks.create({ name: 'w', url }))).toBe('webhook_exists');
    expect((await store.webhooks.list()).length).toBe(1);
    expect(JSON.stringify(await store.webhooks.get('w'))).not.toContain(made.secret);
    await store.webhooks.delete('w');
    const calls = [
      () => store.webhooks.get('w'),
      () => store.webhooks.delete('w'),
      () => store.webhooks.pause('w'),
      () => store.webhooks.resume('w'),
      () => store.webhooks.seek('w', 'now'),
      () => store.webhooks.deliveries('w'),
      () => store.webhooks.deadLetters('w'),
      () => store.webhooks.replay('w'),
    ];
    for (const call of calls) expect(await codeOf(call)).toBe('webhook_not_found');
    expect((await store.webhooks.list({ tenantId: 'two' })).length).toBe(1);
    expect(await store.consumers.all()).toEqual([]);
  });
});
