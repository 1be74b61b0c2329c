import { describe, expect, it } from 'vitest';
import { openEventStore, pipeline } from '../../src/index.js';
import type { EmbeddedStore, JsonObject, JsonValue, StoredEvent } from '../../src/index.js';
import { until } from '../projections/support.js';
import { codeOf, collect, errorOf, makeDirectory, newEvent, openStore } from '../support/store.js';
import { LookupServer } from './lookupServer.js';

const poll = (read: () => unknown) => expect.poll(read, { timeout: 20_000, interval: 2 });
const open = (): Promise<EmbeddedStore> => openStore({ memory: true, allowPrivateLookups: true });

type Source = Parameters<ReturnType<typeof pipeline>['enrich']>[0]['source'] & { type: 'http' };

/** Enriches orders from `/c/{customer}?key=secret`. */
function enriched({ url }: Pick<LookupServer, 'url'>, source: Partial<Source> = {}) {
  return pipeline('enriched')
    .from('order.placed')
    .enrich({
      source: { type: 'http', url: `${url}/c/{customer}?key=secret`, ...source },
      into: 'found',
    })
    .toEvent({ eventType: 'enriched.made' });
}

async function place(store: EmbeddedStore, ...customers: JsonValue[]): Promise<number> {
  const events = customers.map((customer) => ({
    eventType: 'order.placed',
    entityId: 'o-1',
    payload: { customer },
  }));
  return (await store.appendBatch(events)).lastPosition;
}

const derived = (store: EmbeddedStore): Promise<StoredEvent[]> =>
  collect(store.read({ eventType: 'enriched.made' }));
const payloads = async (store: EmbeddedStore) =>
  (await derived(store)).map(({ payload }) => payload as JsonObject);

async function caughtUp(store: EmbeddedStore, position: number, id = 'p'): Promise<void> {
  await until(async () => (await store.pipelines.get(id)).position >= position);
}

async function reasons(store: EmbeddedStore): Promise<string[]> {
  return (await store.pipelines.dropped('p')).map(({ reason }) => reason);
}

/** Answers after up to 10 ms; tells how many were asked for at a time. */
function slow(server: LookupServer): { readonly atOnceMax: number } {
  const seen = { atOnceMax: 0 };
  let atOnce = 0;
  server.answer = (response, path) => {
    atOnce += 1;
    seen.atOnceMax = Math.max(seen.atOnceMax, atOnce);
    const delayMs = (Number(path.split('/').at(-1)?.split('?')[0]) * 7) % 11;
    setTimeout(() => {
      atOnce -= 1;
      response.end(JSON.stringify({ path }));
    }, delayMs);
  };
  return seen;
}

describe('enrich from http', () => {
  it('asks for several events at a time, eight at most, and keeps their order', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    const seen = slow(server);
    const twice = pipeline('twice')
      .from('order.placed')
      .filter('customer', 'ne', 13)
      .enrich({ source: { type: 'http', url: `${server.url}/a/{customer}` }, into: 'a' })
      .enrich({ source: { type: 'http', url: `${server.url}/b/{a.path}/{customer}` }, into: 'b' })
      .toEvent({ eventType: 'enriched.made' });
    await store.pipelines.create(twice, { id: 'p' });
    const customers = Array.from({ length: 100 }, (_, i) => i);
    await caughtUp(store, await place(store, ...customers));
    const kept = customers.filter((customer) => customer !== 13);
    expect(await payloads(store)).toEqual(
      kept.map((customer) => {
        const a = { path: `/a/${customer}` };
        return { customer, a, b: { path: `/b/${encodeURIComponent(a.path)}/${customer}` } };
      }),
    );
    expect(server.paths).toHaveLength(2 * kept.length);
    expect(new Set(server.paths).size).toBe(2 * kept.length);
    expect(seen.atOnceMax).toBeGreaterThan(4);
    expect(seen.atOnceMax).toBeLessThanOrEqual(8);
  });

  it('asks behind what depends on other events in their turn', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    const seen = slow(server);
    const summed = pipeline('summed')
      .from('order.placed')
      .reduce({ function: 'sum', field: 'customer' })
      .enrich({ source: { type: 'http', url: `${server.url}/{value}` }, into: 'found' })
      .toEvent({ eventType: 'enriched.made' });
    await store.pipelines.create(summed, { id: 'p' });
    await caughtUp(store, await place(store, 1, 2, 3, 4));
    expect(server.paths).toEqual(['/1', '/3', '/6', '/10']);
    expect(seen.atOnceMax).toBe(1);
  });

  it('leaves out what fails, and asks for it once', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    server.answer = (response, path) => {
      response.statusCode = path.includes('/c/3') ? 400 : 200;
      setTimeout(() => response.end(JSON.stringify({ path })), 5);
    };
    await store.pipelines.create(enriched(server), { id: 'p' });
    await caughtUp(store, await place(store, 1, 2, 3, 4, 5));
    expect((await payloads(store)).map(({ customer }) => customer)).toEqual([1, 2, 4, 5]);
    expect(await reasons(store)).toHaveLength(1);
    expect(server.paths).toHaveLength(5);
  });

  it('asks a path that nothing filled in can change, and copies what is found', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    await store.pipelines.create(enriched(server), { id: 'p' });
    await caughtUp(store, await place(store, 'a/../b?x=1#y&é', 7, '..'));
    expect(server.paths).toEqual([
      '/c/a%2F..%2Fb%3Fx%3D1%23y%26%C3%A9?key=secret',
      '/c/7?key=secret',
    ]);
    expect(await payloads(store)).toEqual([
      { customer: 'a/../b?x=1#y&é', found: { path: server.paths[0] } },
      { customer: 7, found: { path: server.paths[1] } },
    ]);
    expect(await reasons(store)).toEqual([expect.stringMatching(/part of a URL/)]);
    expect(store.pipelines.lookups).toEqual({ found: 2, missing: 0, failed: 0, cached: 0 });
  });

  it('keeps answers for as long as it is told, and that there is nothing, too', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    server.answer = (response, path) => {
      if (path.includes('none')) response.writeHead(404).end('{"message":"none"}');
      else response.end(JSON.stringify({ time: server.paths.length }));
    };
    await store.pipelines.create(enriched(server, { cacheSeconds: 1 }), { id: 'p' });
    await caughtUp(store, await place(store, 'a', 'none', 'a', 'none', 'a'));
    expect(server.paths).toHaveLength(2);
    expect((await payloads(store)).map(({ found }) => found)).toEqual([
      { time: 1 },
      undefined,
      { time: 1 },
      undefined,
      { time: 1 },
    ]);
    expect(store.pipelines.lookups).toEqual({ found: 1, missing: 1, failed: 0, cached: 3 });
    await until(async () => {
      await place(store, 'a');
      return server.paths.length === 3;
    });
  });

  it('asks each time where nothing is to be kept', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    await store.pipelines.create(enriched(server, { cacheSeconds: 0 }), { id: 'p' });
    await caughtUp(store, await place(store, 'a', 'a', 'a'));
    expect(server.paths).toHaveLength(3);
  });

  it('asks once what several ask at a time, and for each tenant', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    const event = { eventType: 'order.placed', entityId: 'o', payload: { customer: 'a' } };
    for (const tenantId of ['default', 'acme']) {
      const definition = { ...enriched(server, { cacheSeconds: 0 }), tenantId };
      await store.pipelines.create(definition, { id: 'p' });
      const tests = [1, 2, 3].map(() => store.pipelines.test('p', [event], { tenantId }));
      for (const { emissions } of await Promise.all(tests)) expect(emissions).toHaveLength(1);
    }
    expect(server.paths).toHaveLength(2);
    const cached = { ...enriched(server), tenantId: 'acme' };
    await store.pipelines.create(cached, { id: 'c' });
    await store.pipelines.create(enriched(server), { id: 'c' });
    await store.pipelines.test('c', [event], { tenantId: 'acme' });
    await store.pipelines.test('c', [event]);
    expect(server.paths).toHaveLength(4);
  });

  const deep = `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`;
  it.each<[string, string | Buffer]>([
    ['text', 'hello'],
    ['an array', '[{"a":1}]'],
    ['null', 'null'],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['nested too deeply', deep],
    ['a number that is none', '{"a":1e999}'],
    ['too long', JSON.stringify({ a: 'x'.repeat(300_000) })],
  ])('fails the item where the answer is %s, without asking again', async (_name, body) => {
    const store = await open();
    const server = await LookupServer.listen();
    server.answer = (response) => response.end(body);
    await store.pipelines.create(enriched(server), { id: 'p' });
    await caughtUp(store, await place(store, 'a'));
    expect(server.paths).toHaveLength(1);
    expect(await payloads(store)).toEqual([]);
    const [reason = ''] = await reasons(store);
    expect(reason).toMatch(
      /^operators\[0\] \(enrich\): the lookup failed: (expected a JSON|more than)/,
    );
    expect(store.pipelines.lookups.failed).toBe(1);
  });

  it('tries again while there is time, also where the server is down', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    server.answer = (response, path) => {
      if (server.paths.length < 3) response.writeHead(503).end();
      else response.end(JSON.stringify({ path }));
    };
    await store.pipelines.create(enriched(server, { timeoutMs: 60_000 }), { id: 'p' });
    await caughtUp(store, await place(store, 'a'));
    expect(await payloads(store)).toHaveLength(1);
    await server.down();
    const last = await place(store, 'b');
    await poll(async () => (await store.pipelines.get('p')).lag).toBeGreaterThan(0);
    await server.up();
    await caughtUp(store, last);
    expect((await payloads(store))[1]).toMatchObject({ found: { path: '/c/b?key=secret' } });
  });

  it('does not try again what the server refuses', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    server.answer = (response) => response.writeHead(403).end();
    await store.pipelines.create(enriched(server), { id: 'p' });
    await caughtUp(store, await place(store, 'a'));
    expect(server.paths).toHaveLength(1);
    expect(await reasons(store)).toEqual([expect.stringMatching(/the server answered 403$/)]);
  });

  it.each<[string, (server: LookupServer) => void, RegExp]>([
    ['says nothing', (server) => (server.answer = () => undefined), /no answer within 80 ms$/],
    [
      'never ends its answer',
      (server) => (server.answer = (response) => response.write('{"a":')),
      /broke off|no answer within 80 ms/,
    ],
    [
      'redirects for ever',
      (server) => {
        server.answer = (response, path) => response.writeHead(302, { location: path }).end();
      },
      /it is redirected where it can’t follow$/,
    ],
    [
      'redirects to a URL with a password',
      (server) => {
        const location = server.url.replace('//', '//u:password@');
        server.answer = (response) => response.writeHead(302, { location }).end();
      },
      /it is redirected where it can’t follow$/,
    ],
    [
      'hangs up',
      (server) => (server.answer = (response) => response.destroy()),
      /no answer within 80 ms \(ECONNRESET\)$/,
    ],
  ])('fails the item in time where the server %s', async (_name, set, told) => {
    const store = await open();
    const server = await LookupServer.listen();
    set(server);
    await store.pipelines.create(enriched(server, { timeoutMs: 80 }), { id: 'p' });
    await caughtUp(store, await place(store, 'a'));
    const [reason = ''] = await reasons(store);
    expect(reason).toMatch(told);
    expect(reason).not.toMatch(/secret|password|http:/);
    expect((await store.pipelines.get('p')).statistics).toMatchObject({ failed: 1, emitted: 0 });
  });

  it('follows a redirect to what it asked for', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    server.answer = (response, path) => {
      if (path.startsWith('/c/')) response.writeHead(301, { location: '/moved' }).end();
      else response.end(JSON.stringify({ path }));
    };
    await store.pipelines.create(enriched(server), { id: 'p' });
    await caughtUp(store, await place(store, 'a'));
    expect((await payloads(store))[0]).toMatchObject({ found: { path: '/moved' } });
  });
});

describe('after a lookup that failed', () => {
  it('an item is as one that found nothing, where the definition says so', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    server.answer = (response) => response.writeHead(400).end();
    await store.pipelines.create(enriched(server, { onFailure: 'miss' }), { id: 'p' });
    await caughtUp(store, await place(store, 'a'));
    expect(await payloads(store)).toEqual([{ customer: 'a' }]);
  });

  it('a pipeline waits, where the definition says so, and loses nothing', async () => {
    const store = await open();
    const server = await LookupServer.listen();
    await store.pipelines.create(enriched(server, { onFailure: 'wait', timeoutMs: 50 }), {
      id: 'p',
    });
    await place(store, 'a');
    await poll(async () => (await payloads(store)).length).toBe(1);
    await server.down();
    const last = await place(store, 'b', 'c');
    await poll(async () => (await store.pipelines.get('p')).status).toBe('failed');
    const { failure } = await store.pipelines.get('p');
    expect(failure).toMatch(/the lookup failed: no answer within 50 ms \(ECONNREFUSED\)/);
    await server.up();
    await caughtUp(store, last);
    expect((await payloads(store)).map(({ customer }) => customer)).toEqual(['a', 'b', 'c']);
    expect((await store.pipelines.get('p')).status).toBe('running');
  });

  it('keeps the events that it waits with in the log', async () => {
    const dataDir = await makeDirectory();
    const small = { segmentBytesMax: 64 * 1024, allowPrivateLookups: true };
    const store = await openStore({ dataDir, ...small });
    const server = await LookupServer.listen();
    await server.down();
    await store.pipelines.create(enriched(server, { onFailure: 'wait', timeoutMs: 50 }), {
      id: 'p',
    });
    await place(store, 'first');
    for (let i = 0; i < 60; i += 1) await store.append(newEvent('f', 'x'.repeat(10_000)));
    await place(store, 'last');
    const isIndexed = async () =>
      store.counters().indexedSegments >= (await store.stats()).segments - 1;
    await until(isIndexed);
    await until(async () => (await store.pipelines.get('p')).status === 'failed');
    expect(await store.dropBefore(Number.MAX_SAFE_INTEGER)).toMatchObject({ segments: 0 });
    await server.up();
    await poll(async () => (await payloads(store)).length).toBe(2);
    await store.pipelines.flush('p');
    expect((await store.dropBefore(Number.MAX_SAFE_INTEGER)).segments).toBeGreaterThan(5);
  });
});

describe('a server that hangs', () => {
  const hang = async (): Promise<{ store: EmbeddedStore; server: LookupServer }> => {
    const store = await openEventStore({ memory: true, allowPrivateLookups: true });
    const server = await LookupServer.listen();
    server.answer = () => undefined;
    await store.pipelines.create(enriched(server, { timeoutMs: 60_000 }), { id: 'p' });
    await place(store, 'a');
    await until(() => server.paths.length === 1);
    return { store, server };
  };

  it('holds up neither appends nor other pipelines and projections', async () => {
    const { store } = await hang();
    await store.pipelines.create(pipeline('other').from('order.*').toTopic('t'), { id: 'other' });
    const projection = await store.projections.declare({
      name: 'counts',
      sourceEventTypes: ['order.placed'],
      fields: { n: { fold: 'count' } },
    });
    const last = await place(store, 'b');
    await caughtUp(store, last, 'other');
    await projection.waitFor(last);
    await store.close();
  });

  it('lets its pipeline be paused, deleted and closed at once', async () => {
    const { store, server } = await hang();
    const begin = performance.now();
    await store.pipelines.pause('p');
    server.answer = (response) => response.end('{"a":1}');
    // What was waited for is asked for again; the first question may still be under way.
    await store.pipelines.delete('p');
    await store.pipelines.create(enriched(server), { id: 'p', from: 'beginning' });
    await until(async () => (await payloads(store)).length === 1);
    server.answer = () => undefined;
    await place(store, 'z');
    await until(() => server.paths.length === 3);
    await store.close();
    expect(performance.now() - begin).toBeLessThan(30_000);
  });
});

describe('addresses that are not public', () => {
  it('are refused when the pipeline is registered, with the path of the URL', async () => {
    const store = await openStore({ memory: true });
    const source = (url: string) => ({ type: 'enrich', source: { type: 'http', url } });
    const error = await errorOf(() =>
      store.pipelines.create({
        name: 'p',
        operators: [
          source('https://a.example/{x}'),
          source('http://169.254.169.254/{x}'),
          source('http://[::ffff:7f00:1]/{x}'),
        ],
      }),
    );
    expect(error.code).toBe('validation_error');
    expect(error.details?.map(({ field }) => field)).toEqual([
      'operators[1].source.url',
      'operators[2].source.url',
    ]);
    const secrets = source('https://user:password@a.example/');
    const refused = await errorOf(() =>
      store.pipelines.create({ name: 'p', operators: [secrets] }),
    );
    expect(JSON.stringify([refused.message, refused.details])).not.toContain('password@');
  });

  it('are refused when a name leads there, before anything is sent', async () => {
    const store = await openStore({ memory: true });
    const server = await LookupServer.listen();
    const { port } = new URL(server.url);
    const definition = enriched({ url: `http://localhost:${port}` });
    await store.pipelines.create(definition, { id: 'p' });
    await caughtUp(store, await place(store, 'a'));
    expect(await reasons(store)).toEqual([expect.stringMatching(/address is not a public one$/)]);
    expect(server.paths).toEqual([]);
  });

  it('are allowed by a flag only', async () => {
    const open = () => openEventStore({ memory: true, allowPrivateLookups: 'yes' as never });
    expect(await codeOf(open)).toBe('invalid_configuration');
  });
});
