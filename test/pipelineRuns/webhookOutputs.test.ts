import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openEventStore, pipeline, verifyWebhook } from '../../src/index.js';
import type { EmbeddedStore, JsonObject, JsonValue, WebhookRunOptions } from '../../src/index.js';
import { codeOf, errorOf, makeDirectory, openStore } from '../support/store.js';
import { Receiver } from '../webhooks/receiver.js';

const anywhere: WebhookRunOptions = { allowPrivateAddresses: true };
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const poll = (read: () => unknown) => expect.poll(read, { timeout: 20_000, interval: 2 });

async function open(): Promise<EmbeddedStore> {
  const store = await openStore({ memory: true });
  await store.webhooks.start(anywhere);
  return store;
}

const large = (url: string) =>
  pipeline('large').from('order.*').filter('total', 'gte', 10).toWebhook(url);
const sums = (url: string) =>
  pipeline('sums')
    .from('order.*')
    .reduce({ function: 'sum', field: 'total', groupBy: 'region' })
    .toWebhook(url);

async function place(store: EmbeddedStore, payload: JsonValue, tenantId = 'default') {
  return store.append({ eventType: 'order.placed', entityId: 'o-1', payload, tenantId });
}

interface Posted {
  readonly id: string;
  readonly pipeline_id: string;
  readonly time: string;
  readonly position: number;
  readonly value: JsonObject;
}

const postedTo = (receiver: Receiver): Posted[] =>
  receiver.requests.map(({ body }) => JSON.parse(body) as Posted);
const valuesOf = (receiver: Receiver) => postedTo(receiver).map(({ value }) => value['value']);

describe('a pipeline whose output is a webhook', () => {
  it('posts each result once, signed by a secret that is told once', async () => {
    const store = await open();
    const receiver = await Receiver.listen();
    const created = await store.pipelines.create(large(receiver.url()), { id: 'p' });
    const [webhook] = created.webhooks;
    expect(webhook).toMatchObject({ name: 'pipeline.p.1', url: receiver.url() });
    const hook = await store.webhooks.get('pipeline.p.1');
    expect(hook).toMatchObject({ pipelineId: 'p', tenantId: 'default' });
    await place(store, { total: 5 });
    const { timestamp } = await place(store, { total: 1.5e300, text: '☃\ud800' });
    await poll(() => receiver.requests.length).toBe(1);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.requests;
    const posted = JSON.parse(body) as Posted;
    expect(posted).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      pipeline_id: 'p',
      time: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/) as string,
      position: posted.position,
      value: { total: 1.5e300, text: '☃\ud800' },
    });
    expect(headers).toMatchObject({ 'webhook-id': posted.id });
    expect(Date.parse(posted.time)).toBe(Math.floor(timestamp / 1000));
    expect(verifyWebhook(webhook?.secret ?? '', { headers, body })).toBe(true);
    const told = [await store.pipelines.list(), await store.webhooks.list()];
    expect(JSON.stringify(told)).not.toContain('whsec_');
    await poll(async () => (await store.webhooks.get('pipeline.p.1')).taken).toBe(1);
  });

  it('signs by the secret that it was given, and tells it in no list', async () => {
    const store = await open();
    const receiver = await Receiver.listen();
    const definition = pipeline('given').toWebhook(receiver.url(), { secret });
    await store.pipelines.create(definition, { id: 'p' });
    await place(store, {});
    await poll(() => receiver.requests.length).toBe(1);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.requests;
    expect(verifyWebhook(secret, { headers, body })).toBe(true);
    const info = await store.pipelines.get('p');
    expect(info.definition?.output).toEqual({ type: 'webhook', url: receiver.url() });
    // The same again is the same pipeline; with another secret it is another one.
    expect((await store.pipelines.create(definition, { id: 'p' })).webhooks).toEqual([]);
    const same = pipeline('given').toWebhook(receiver.url());
    expect((await store.pipelines.create(same, { id: 'p' })).webhooks).toEqual([]);
    const other = pipeline('given').toWebhook(receiver.url(), {
      secret: `whsec_${Buffer.alloc(24).toString('base64')}`,
    });
    expect(await codeOf(() => store.pipelines.create(other, { id: 'p' }))).toBe('pipeline_exists');
  });

  it('keeps the order of a group while others go on', async () => {
    const store = await open();
    const receiver = await Receiver.listen();
    let isEuDown = true;
    receiver.answer = ({ body }) => {
      const { value } = JSON.parse(body) as { value: { group: { region: string } } };
      return value.group.region === 'eu' && isEuDown ? 500 : 204;
    };
    await store.pipelines.create(sums(receiver.url()), { id: 'p' });
    for (let i = 0; i < 3; i += 1) {
      for (const region of ['eu', 'us']) await place(store, { region, total: 1 });
    }
    const taken = (region: string) =>
      postedTo(receiver).filter(({ value }) => (value['group'] as JsonObject)['region'] === region);
    await poll(() => taken('us').map(({ value }) => value['value'])).toEqual([1, 2, 3]);
    expect(new Set(taken('eu').map(({ value }) => value['value']))).toEqual(new Set([1]));
    isEuDown = false;
    await poll(() => taken('eu').map(({ value }) => value['value'])).toEqual(
      expect.arrayContaining([2, 3]),
    );
    expect(taken('eu').map(({ value }) => value['value'])).toEqual(
      [...taken('eu').map(({ value }) => value['value'])].sort(),
    );
    const ids = taken('eu').map(({ id, value }) => `${id} ${String(value['value'])}`);
    expect(new Set(ids).size).toBe(3);
  });

  it('goes by a branch to several, of which one that is down holds up nobody', async () => {
    const store = await open();
    const [eu, rest] = [await Receiver.listen(), await Receiver.listen()];
    eu.answer = () => 503;
    const definition = pipeline('branched')
      .from('order.*')
      .branch(
        'region',
        { eu: { type: 'webhook', url: eu.url() }, us: { type: 'webhook', url: rest.url() } },
        { type: 'webhook', url: rest.url() },
      )
      .build();
    const { webhooks } = await store.pipelines.create(definition, { id: 'p' });
    expect(webhooks.map(({ name, url }) => [name, url])).toEqual([
      ['pipeline.p.1', eu.url()],
      ['pipeline.p.2', rest.url()],
    ]);
    for (const region of ['eu', 'us', 'apac', 'eu']) await place(store, { region });
    await poll(() => rest.requests.length).toBe(2);
    expect(postedTo(rest).map(({ value }) => value['region'])).toEqual(['us', 'apac']);
    await poll(async () => (await store.pipelines.get('p')).statistics.emitted).toBe(4);
    expect((await store.webhooks.get('pipeline.p.1')).taken).toBe(0);
  });

  it('is of its tenant', async () => {
    const store = await open();
    const [ours, theirs] = [await Receiver.listen(), await Receiver.listen()];
    await store.pipelines.create(large(ours.url()), { id: 'p' });
    await store.pipelines.create({ ...large(theirs.url()), tenantId: 'acme' }, { id: 'p' });
    await place(store, { total: 10 });
    await place(store, { total: 20 }, 'acme');
    await poll(() => postedTo(ours).map(({ value }) => value['total'])).toEqual([10]);
    await poll(() => postedTo(theirs).map(({ value }) => value['total'])).toEqual([20]);
    const names = async (tenantId: string) =>
      (await store.webhooks.list({ tenantId })).map((info) => [info.name, info.tenantId]);
    expect(await names('acme')).toEqual([['pipeline.p.1', 'acme']]);
    expect(await names('default')).toEqual([['pipeline.p.1', 'default']]);
    expect(await names('other')).toEqual([]);
  });
});

describe('what is refused when it is registered', () => {
  const withOutput = (output: JsonObject): JsonObject => ({ name: 'p', operators: [], output });
  const branching = (eu: JsonObject): JsonObject => ({
    name: 'p',
    operators: [{ type: 'branch', field: 'a', branches: { eu }, default: 'rest' }],
  });

  it.each([
    [withOutput({ type: 'webhook', url: 'http://10.0.0.1/' }), 'output.url'],
    [withOutput({ type: 'webhook', url: 'http://[::1]/' }), 'output.url'],
    [withOutput({ type: 'webhook', url: 'http://0x7f.1/' }), 'output.url'],
    [withOutput({ type: 'webhook', url: 'ftp://a.example/' }), 'output.url'],
    [withOutput({ type: 'webhook', url: 'https://u:pass@a.example/' }), 'output.url'],
    [withOutput({ type: 'webhook', url: 'https://a.example/', secret: 'pass' }), 'output.secret'],
    [withOutput({ type: 'webhook', url: 'https://a.example/', name: 'x' }), 'output.name'],
    [branching({ type: 'webhook', url: 'http://127.0.0.1/' }), 'operators[0].branches.eu.url'],
    [
      {
        name: 'p',
        operators: [
          {
            type: 'branch',
            field: 'a',
            branches: { eu: { type: 'webhook', url: 'https://a.example/', secret } },
            default: {
              type: 'webhook',
              url: 'https://a.example/',
              secret: `whsec_${Buffer.alloc(24).toString('base64')}`,
            },
          },
        ],
      },
      'operators[0].default.secret',
    ],
  ])('%j at %s', async (definition, field) => {
    const store = await openStore({ memory: true });
    const error = await errorOf(() => store.pipelines.create(definition));
    expect(error.code).toBe('validation_error');
    expect(error.details?.map((detail) => detail.field)).toEqual([field]);
    expect(`${error.message} ${JSON.stringify(error.details)}`).not.toMatch(/pass[^w]|whsec_\w/);
  });

  it('where a webhook of its name is there, of which nothing is left then', async () => {
    const store = await open();
    await store.webhooks.create({ name: 'pipeline.p.1', url: 'https://a.example/' });
    const error = await errorOf(() =>
      store.pipelines.create(large('https://b.example/'), { id: 'p' }),
    );
    expect(error.code).toBe('webhook_exists');
    expect(await store.pipelines.list()).toEqual([]);
    expect((await store.webhooks.list()).map(({ url }) => url)).toEqual(['https://a.example/']);
  });
});

describe('the webhook of a pipeline', () => {
  it('is looked after as any other: paused, resumed, sought, and told of', async () => {
    const store = await open();
    const receiver = await Receiver.listen();
    await store.pipelines.create(large(receiver.url()), { id: 'p' });
    const name = 'pipeline.p.1';
    expect((await store.webhooks.pause(name)).status).toBe('paused');
    const written = async (position: number) =>
      poll(async () => (await store.pipelines.get('p')).position).toBeGreaterThanOrEqual(position);
    await written((await place(store, { total: 10 })).position);
    const { timestamp, position } = await place(store, { total: 11 });
    await written(position);
    expect(receiver.requests).toEqual([]);
    await store.webhooks.resume(name);
    await poll(() => receiver.requests.length).toBe(2);
    await poll(async () => (await store.webhooks.deliveries(name)).length).toBe(2);
    const [last] = await store.webhooks.deliveries(name);
    expect(last).toMatchObject({ eventId: postedTo(receiver)[1]?.id, status: 204, attempt: 1 });
    await store.webhooks.seek(name, 'beginning');
    await poll(() => receiver.requests.length).toBe(4);
    expect(postedTo(receiver)[2]).toEqual(postedTo(receiver)[0]);
    // Results are written behind their events.
    await store.webhooks.seek(name, { timestamp });
    await poll(() => receiver.requests.length).toBe(5);
    const [, eleven] = postedTo(receiver);
    expect(postedTo(receiver)[4]).toEqual(eleven);
    // As a list of dead letters has it.
    const positions = [eleven?.position ?? 0];
    const texts = await store.webhooks.textsOf(name, { positions });
    expect(texts.get(positions[0] ?? 0)).toBe(receiver.requests[1]?.body);
  });

  it('is paused by a receiver that is gone, and posts the rest when it is resumed', async () => {
    const store = await open();
    const receiver = await Receiver.listen();
    receiver.answer = () => 410;
    await store.pipelines.create(large(receiver.url()), { id: 'p' });
    await place(store, { total: 10 });
    await poll(async () => (await store.webhooks.get('pipeline.p.1')).status).toBe('paused');
    receiver.answer = () => 204;
    await store.webhooks.resume('pipeline.p.1');
    await poll(() => receiver.requests.length).toBe(2);
    const [first, second] = postedTo(receiver);
    expect(first).toEqual(second);
  });

  it('goes with its pipeline only', async () => {
    const store = await open();
    const receiver = await Receiver.listen();
    receiver.answer = () => 503;
    await store.pipelines.create(large(receiver.url()), { id: 'p' });
    await place(store, { total: 10 });
    await poll(() => receiver.requests.length).toBeGreaterThan(0);
    expect(await codeOf(() => store.webhooks.delete('pipeline.p.1'))).toBe('unprocessable');
    await store.pipelines.delete('p');
    expect(await codeOf(() => store.webhooks.get('pipeline.p.1'))).toBe('webhook_not_found');
    // One of the same id does not post what was left, not even from the beginning.
    receiver.answer = () => 204;
    receiver.requests.length = 0;
    await store.pipelines.create(large(receiver.url()), { id: 'p' });
    await store.webhooks.seek('pipeline.p.1', 'beginning');
    await place(store, { total: 20 });
    await poll(() => postedTo(receiver).map(({ value }) => value['total'])).toEqual([20]);
  });

  it('stays when its pipeline is reset: other ids, and nothing left out', async () => {
    const store = await open();
    const receiver = await Receiver.listen();
    await store.pipelines.create(sums(receiver.url()), { id: 'p' });
    await place(store, { region: 'eu', total: 2 });
    await poll(async () => (await store.pipelines.get('p')).statistics.emitted).toBe(1);
    await store.pipelines.reset('p');
    await place(store, { region: 'eu', total: 2 });
    await poll(() => valuesOf(receiver)).toEqual([2, 2]);
    expect(new Set(postedTo(receiver).map(({ id }) => id)).size).toBe(2);
  });

  it('goes on after a restart, with what a receiver that was down has missed', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    const receiver = await Receiver.listen();
    receiver.answer = () => 503;
    await store.webhooks.start(anywhere);
    const created = await store.pipelines.create(sums(receiver.url()), { id: 'p' });
    await place(store, { region: 'eu', total: 1 });
    await poll(() => receiver.requests.length).toBeGreaterThan(0);
    await store.close();
    receiver.answer = () => 204;
    receiver.requests.length = 0;
    const again = await openStore({ dataDir });
    await place(again, { region: 'eu', total: 1 });
    expect(receiver.requests).toEqual([]);
    await again.webhooks.start(anywhere);
    await poll(() => valuesOf(receiver)).toEqual([1, 2]);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.requests;
    expect(verifyWebhook(created.webhooks[0]?.secret ?? '', { headers, body })).toBe(true);
  });
});

describe('the example of the reference', () => {
  it('is signed by its secret', () => {
    const page = readFileSync(new URL('../../docs/reference/http.md', import.meta.url), 'utf8');
    const example = /Under the secret `(\S+)`:\n\n```text\nPOST .*\n([^]*?)\n\n(.*)\n```/.exec(
      page,
    );
    const [, told = '', lines = '', body = ''] = example ?? [];
    const headers = Object.fromEntries(
      lines.split('\n').map((line) => line.split(': ') as [string, string]),
    );
    expect(headers['webhook-id']).toBe((JSON.parse(body) as Posted).id);
    expect(verifyWebhook(told, { headers, body, toleranceSeconds: 1e10 })).toBe(true);
    expect(verifyWebhook(told, { headers, body: `${body} `, toleranceSeconds: 1e10 })).toBe(false);
  });
});
