import { describe, expect, it, onTestFinished } from 'vitest';
import type { EmbeddedStore, WebhookOptions } from '../../src/index.js';
import { type HttpServer, type ListenOptions, createApp, listen } from '../../src/server/index.js';
import { silent } from '../http/support.js';
import { codeOf, errorOf, memoryMode, newEvent } from '../support/store.js';
import { Receiver } from './receiver.js';

/** Longer than anything that is posted takes to come. */
const quietMs = 200;
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const poll = (read: () => unknown) => expect.poll(read, { timeout: 20_000, interval: 2 });

async function serve(store: EmbeddedStore, options: ListenOptions = {}): Promise<HttpServer> {
  const quiet = { port: 0, logger: silent, processMetrics: false };
  const server = await listen(store, { ...quiet, allowPrivateWebhooks: true, ...options });
  onTestFinished(() => server.close());
  return server;
}

async function open(options: Partial<WebhookOptions> = {}) {
  const store = await memoryMode.open();
  const server = await serve(store);
  const receiver = await Receiver.listen();
  await store.webhooks.create({ name: 'w', url: receiver.url(), ...options });
  return { store, server, receiver };
}

describe('webhooks of a store whose server closes', () => {
  it('post nothing until there is another server, which loses and repeats nothing', async () => {
    const { store, server, receiver } = await open();
    const { position: first } = await store.append(newEvent('a', 1));
    await poll(() => receiver.positions).toEqual([first]);
    await store.webhooks.create({ name: 'paused', url: receiver.url() });
    await store.webhooks.pause('paused');
    await server.close();
    const { position: second } = await store.append(newEvent('b', 1));
    await store.webhooks.resume('paused');
    await wait(quietMs);
    expect(receiver.positions).toEqual([first]);
    await serve(store);
    await poll(() => receiver.positions).toEqual([first, second, second]);
    await wait(quietMs);
    expect(receiver.positions.length).toBe(3);
  });

  it('record what is answered in time, and post the rest again without a failure', async () => {
    const { store, server, receiver } = await open({ pauseAfter: 1, maxAttempts: 1 });
    receiver.answer = () => 'silence';
    const { position } = await store.append(newEvent('a', 1));
    await poll(() => receiver.positions).toEqual([position]);
    await server.close();
    const { status, failures, deadLetters } = await store.webhooks.get('w');
    expect({ status, failures, deadLetters }).toEqual({
      status: 'active',
      failures: 0,
      deadLetters: 0,
    });
    receiver.answer = () => 204;
    await serve(store);
    await poll(() => receiver.positions).toEqual([position, position]);
  });

  it('go on while another server is open', async () => {
    const { store, server, receiver } = await open();
    const other = await serve(store);
    await server.close();
    await server.close();
    const { position } = await store.append(newEvent('a', 1));
    await poll(() => receiver.positions).toEqual([position]);
    await other.close();
    await store.append(newEvent('b', 1));
    await wait(quietMs);
    expect(receiver.positions).toEqual([position]);
  });

  it('go on where they were started by hand, until they are stopped', async () => {
    const { store, server, receiver } = await open();
    await store.webhooks.start({ allowPrivateAddresses: true });
    await server.close();
    const { position } = await store.append(newEvent('a', 1));
    await poll(() => receiver.positions).toEqual([position]);
    await store.webhooks.stop();
    await store.webhooks.stop();
    await store.append(newEvent('b', 1));
    await wait(quietMs);
    expect(receiver.positions).toEqual([position]);
    await store.webhooks.start({ allowPrivateAddresses: true });
    await poll(() => receiver.positions.length).toBe(2);
  });

  it('do not hinder it when the store was closed before', async () => {
    const { store, server } = await open();
    await store.close();
    await server.close();
  });
});

describe('servers of one store', () => {
  it.each([true, false])('agree on where webhooks may go: not also %s', async (first) => {
    const store = await memoryMode.open();
    await serve(store, { allowPrivateWebhooks: first });
    await serve(store, { allowPrivateWebhooks: first });
    const other = { allowPrivateWebhooks: !first };
    const error = await errorOf(() => serve(store, other));
    expect(error).toMatchObject({ code: 'invalid_configuration' });
    expect(error.message).toMatch(/^webhooks: expected (private|public) addresses/);
    const app = () =>
      createApp(store, { auth: false, logger: silent, processMetrics: false, ...other });
    expect(app).toThrow(error.message);
  });

  it('may disagree one after the other, and give the port back where they may not', async () => {
    const store = await memoryMode.open();
    const server = await serve(store);
    const probe = await serve(await memoryMode.open());
    await probe.close();
    const { port } = probe;
    expect(await codeOf(() => serve(store, { port, allowPrivateWebhooks: false }))).toBe(
      'invalid_configuration',
    );
    await server.close();
    await serve(store, { port, allowPrivateWebhooks: false });
    const url = 'http://127.0.0.1:1/';
    expect(await codeOf(() => store.webhooks.create({ name: 'w', url }))).toBe('validation_error');
  });

  it('go by the rule of who started the webhooks with one', async () => {
    const store = await memoryMode.open();
    await store.webhooks.start({ isAllowed: (address) => address === '127.0.0.1' });
    await serve(store);
    await serve(store, { allowPrivateWebhooks: false });
    expect(await codeOf(() => store.webhooks.start({ isAllowed: () => true }))).toBe(
      'invalid_configuration',
    );
    await store.webhooks.create({ name: 'w', url: 'http://127.0.0.1:1/' });
    const url = 'http://127.0.0.2:1/';
    expect(await codeOf(() => store.webhooks.create({ name: 'x', url }))).toBe('validation_error');
  });
});
