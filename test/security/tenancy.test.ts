import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TObject } from '@sinclair/typebox';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpServer, listen } from '../../src/server/index.js';
import { allRoutes } from '../../src/server/routes/index.js';
import { accessOf } from '../../src/server/auth/accessTable.js';
import { type EmbeddedStore, openEventStore } from '../../src/store/index.js';
import { segmentBytesMax } from '../parquet/support.js';
import { bodyOf, silent } from '../http/support.js';
import { callAs } from './support.js';
import type { As } from './support.js';

const tenants = ['alpha', 'beta'] as const;
type TenantId = (typeof tenants)[number];
const other = { alpha: 'beta', beta: 'alpha' } as const;

/** What nobody but the tenant may ever see. */
const canary = (tenant: TenantId): string => `canary-of-${tenant}`;

let dataDir: string;
let store: EmbeddedStore;
let server: HttpServer;
const keys: Record<string, string> = {};
/** By tenant, ids that the store made. */
const made: Record<string, Record<string, string>> = { alpha: {}, beta: {} };

async function as(tenant: TenantId, sent: As) {
  return callAs({ store, port: server.port }, { credential: keys[tenant], ...sent });
}

/** The same things with the same names for each tenant, each with its canary wherever text may be. */
async function furnish(tenantId: TenantId): Promise<void> {
  const word = canary(tenantId);
  await store.tenants.create({ id: tenantId, description: word, preset: 'unlimited' });
  const role = 'admin';
  keys[tenantId] = (await store.apiKeys.create({ name: word, tenantId, role })).key;
  const username = `user-${word}`;
  const user = await store.users.create({ username, password: 'twelve characters', tenantId });
  const post = async (path: string, body: object) => {
    const answer = await as(tenantId, { path, body });
    expect([path, answer.status, answer.text]).toEqual([path, expect.any(Number), answer.text]);
    expect(answer.status, `${path}: ${answer.text}`).toBeLessThan(300);
    return answer.text === '' ? {} : bodyOf(answer);
  };
  const schema = { type: 'object', properties: { n: { type: 'number' } } };
  await post('/api/v1/schemas', { subject: 'order.checked', schema, description: word });
  await post('/api/v1/projections', {
    name: 'counts',
    source_event_types: ['order.placed'],
    fields: { n: { fold: 'count' }, word: { fold: 'last', field: 'word' } },
  });
  const pipeline = await post('/api/v1/pipelines', {
    id: 'totals',
    name: word,
    source_event_types: ['order.placed'],
    operators: [{ type: 'filter', field: 'n', op: 'gt', value: -1 }],
    output: { type: 'topic', name: 'orders' },
  });
  await post('/api/v1/consumers', { name: 'work' });
  await post('/api/v1/webhooks', { name: 'hook', url: `https://example.com/${word}` });
  const lines = Array.from({ length: 300 }, (_, n) => ({
    event_type: 'order.placed',
    entity_id: `order-${n % 5}`,
    payload: { n, word, filler: 'x'.repeat(200) },
    metadata: { word },
    tags: ['all', word],
  }));
  const events = await as(tenantId, {
    path: '/api/v1/events/batch',
    body: lines,
  });
  const [first] = bodyOf(events)['results'] as { event_id: string }[];
  await post('/api/v1/snapshots', { entity_id: 'order-1' });
  const replay = await post('/api/v1/replay', {});
  made[tenantId] = {
    event_id: first?.event_id ?? '',
    user_id: user.id,
    replay_id: String(replay['replay_id']),
    pipeline_id: String(pipeline['pipeline_id']),
  };
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'allsource-tenancy-'));
  store = await openEventStore({
    dataDir,
    segmentBytesMax,
    parquet: { automatic: false },
  });
  server = await listen(store, {
    port: 0,
    logger: silent,
    processMetrics: false,
    auth: { adminPassword: 'correct horse battery' },
  });
  for (const tenant of tenants) await furnish(tenant);
  // Files that both share, and a log that begins behind some of them.
  const filler = { eventType: 'fill.er', entityId: 'filler', payload: 'x'.repeat(1000) };
  for (let i = 0; i < 8; i++) await store.appendBatch(Array.from({ length: 200 }, () => filler));
  while (store.counters().indexedSegments < (await store.stats()).segments - 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await store.parquet.compact();
}, 120_000);

afterAll(async () => {
  await server.close();
  await store.close();
  await rm(dataDir, { recursive: true });
});

/** The path of a route with ids that are there, of the tenant or, where it is asked for, of the other one. */
function pathOf(pattern: string, ids: Readonly<Record<string, string>>): string {
  const names: Record<string, string | undefined> = {
    event_id: ids['event_id'],
    entity_id: 'order-1',
    subject: 'order.checked',
    replay_id: ids['replay_id'],
    key: 'order-1',
    event_type: 'order.placed',
    from_version: '1',
    member: 'default',
    name: pattern.includes('/consumers/')
      ? 'work'
      : pattern.includes('/webhooks/')
        ? 'hook'
        : 'counts',
    id: pattern.includes('/users/') ? ids['user_id'] : ids['pipeline_id'],
  };
  return pattern.replace(/:([a-z_]+)/g, (_, name: string) => names[name] ?? 'nothing');
}

const queries: Readonly<Record<string, string>> = {
  '/api/v1/analytics/correlation': '?event_a=order.placed&event_b=order.placed',
  '/api/v1/analytics/frequency': '?window=day',
  '/api/v1/analytics/field': '?path=n',
  '/api/v1/consumers/:name/events': '?limit=1000',
  '/api/v1/events/query': '?limit=1000',
  '/api/v1/integrity/consistency': '?first_size=1',
};

/** Of each route whose body may name a tenant, one that is taken. */
const goodBodies: Readonly<Record<string, object>> = {
  '/api/v1/analytics/funnel': { steps: [{ event_type: 'a.b' }, { event_type: 'a.c' }] },
  '/api/v1/analytics/sql': { query: 'SELECT 1' },
  '/api/v1/auth/api-keys': { name: 'other' },
  '/api/v1/auth/register': { username: 'other', password: 'twelve characters' },
  '/api/v1/consumers': { name: 'other' },
  '/api/v1/pipelines': { name: 'other', source_event_types: [], operators: [], id: 'other' },
  '/api/v1/projections': { name: 'other', fields: { n: { fold: 'count' } } },
  '/api/v1/replay': {},
  '/api/v1/snapshots': { entity_id: 'order-1' },
  '/api/v1/webhooks': { name: 'other', url: 'https://example.com/' },
};

const gets = allRoutes.filter(
  ({ method, pattern }) =>
    method === 'GET' && accessOf(method, pattern).kind === 'tenant' && !pattern.endsWith('/stream'),
);

describe.each(tenants)('the tenant %s', (tenant) => {
  const mine = canary(tenant);
  const theirs = canary(other[tenant]);

  it('reads its own by every route, and nothing of the other', async () => {
    let withMine = 0;
    expect(gets.length).toBeGreaterThan(40);
    for (const { pattern } of gets) {
      if (pattern === '/api/v1/tenants/:id') continue;
      const path = pathOf(pattern, made[tenant] ?? {}) + (queries[pattern] ?? '');
      for (const accept of ['*/*', 'application/x-ndjson', 'application/vnd.apache.arrow.stream']) {
        const { text, status } = await as(tenant, { path, headers: { accept } });
        expect([pattern, status]).not.toEqual([pattern, 500]);
        expect([pattern, text.includes(theirs)]).toEqual([pattern, false]);
        if (text.includes(mine)) withMine += 1;
      }
    }
    // Where nothing is found at all, nothing is proven.
    expect(withMine).toBeGreaterThan(25);
  });

  it('may not name the other, in no query and no body', async () => {
    for (const { method, pattern, operation } of allRoutes) {
      const access = accessOf(method, pattern);
      const names = Object.keys(operation.query?.properties ?? {});
      if (access.kind !== 'tenant' || !names.includes('tenant_id')) continue;
      const extra = (queries[pattern] ?? '?').replace(/^\?/, '');
      const path = `${pathOf(pattern, made[other[tenant]] ?? {})}?tenant_id=${other[tenant]}&${extra}`;
      const isBody = operation.bodies !== undefined;
      const { status, text } = await as(tenant, {
        path: path.replace(/&$/, ''),
        method,
        ...(isBody && { body: bodyFor(pattern) }),
      });
      expect([method, pattern, status, text]).toEqual([method, pattern, 403, text]);
      expect(text).not.toContain(theirs);
    }
  });

  it('may not name the other in a body that is good otherwise', async () => {
    const withTenant = allRoutes.filter(({ method, pattern, operation }) => {
      const body = operation.bodies?.['application/json'] as TObject | undefined;
      const isOfTenant = accessOf(method, pattern).kind === 'tenant';
      return isOfTenant && body?.properties?.['tenant_id'] !== undefined;
    });
    // Those of events are below.
    const patterns = withTenant
      .map(({ pattern }) => pattern)
      .filter((name) => !/events/.test(name));
    expect(patterns.sort()).toEqual(Object.keys(goodBodies).sort());
    for (const [path, body] of Object.entries(goodBodies)) {
      const named = { ...body, tenant_id: other[tenant] };
      const answer = await as(tenant, { path, body: named });
      expect([path, answer.status, answer.text]).toEqual([path, 403, answer.text]);
      const own = await as(tenant, { path, body: { ...body, tenant_id: tenant } });
      expect([path, own.status < 300 || own.status === 409, own.text]).toEqual([
        path,
        true,
        own.text,
      ]);
    }
  });

  it('does not find what the other has by its id', async () => {
    const ids = made[other[tenant]] ?? {};
    for (const path of [
      `/api/v1/events/${ids['event_id']}`,
      `/api/v1/integrity/proof/${ids['event_id']}`,
      `/api/v1/replay/${ids['replay_id']}`,
      `/api/v1/auth/users/${ids['user_id']}`,
      `/api/v1/tenants/${other[tenant]}`,
      '/api/v1/tenants/default',
    ]) {
      const { status, text } = await as(tenant, { path });
      expect([path, [403, 404].includes(status)]).toEqual([path, true]);
      expect(text).not.toContain(theirs);
    }
  });

  it('appends for nobody else', async () => {
    const event = { event_type: 'a.b', entity_id: 'e', payload: 1 };
    const foreign = { ...event, tenant_id: other[tenant] };
    const before = await store.stats({ tenantId: other[tenant] });
    for (const sent of [
      { path: '/api/v1/events', body: foreign },
      { path: '/api/v1/events/batch', body: [event, foreign] },
      { path: '/api/v1/events/batch', body: { events: [foreign] } },
      { path: `/api/v1/events?tenant_id=${other[tenant]}`, body: event },
      { path: `/api/v1/events/batch?tenant_id=${other[tenant]}`, body: [event] },
    ]) {
      const { status, text } = await as(tenant, sent);
      expect([status, JSON.parse(text)]).toMatchObject([403, { code: 'forbidden' }]);
    }
    expect(await store.stats({ tenantId: other[tenant] })).toMatchObject({
      totalEvents: before.totalEvents,
    });
  });

  it('sees its own by SQL, whatever the query', async () => {
    for (const query of [
      'SELECT * FROM events',
      "SELECT * FROM events WHERE tenant_id = 'alpha' OR tenant_id = 'beta' OR true",
      'SELECT DISTINCT tenant_id, payload, metadata, tags FROM events',
    ]) {
      const { status, text } = await as(tenant, { path: '/api/v1/analytics/sql', body: { query } });
      expect(status).toBe(200);
      expect([text.includes(mine), text.includes(theirs)]).toEqual([true, false]);
    }
    const body = { query: 'SELECT 1', tenant_id: other[tenant] };
    expect((await as(tenant, { path: '/api/v1/analytics/sql', body })).status).toBe(403);
  });

  it('hears its own live, and nothing of the other', { timeout: 30_000 }, async () => {
    const url = `ws://127.0.0.1:${server.port}/api/v1/events/stream?from_position=1`;
    const headers = { authorization: `Bearer ${keys[tenant]}` };
    const socket = new WebSocket(url, { headers });
    const heard: string[] = [];
    socket.on('message', (data: Buffer) => heard.push(data.toString()));
    const last = () => heard.some((text) => text.includes('"n":299'));
    while (!last()) await new Promise((resolve) => setTimeout(resolve, 10));
    socket.terminate();
    const all = heard.join('\n');
    expect([all.includes(mine), all.includes(theirs)]).toEqual([true, false]);
  });
});

/** By the last part of a path, a body that its route takes. */
const otherBodies: Readonly<Record<string, object>> = {
  ack: { positions: [1] },
  check: { schema: {} },
  compatibility: { compatibility: 'NONE' },
  enforcement: { enforcement: 'off' },
  nack: { positions: [1] },
  schemas: { subject: 'a.b', schema: {} },
  seek: { to: 'beginning' },
  test: { events: [{ event_type: 'a.b', entity_id: 'e', payload: {} }] },
  upcasters: { event_type: 'a.b', from_version: 1, to_version: 2, operations: [] },
  validate: { subject: 'order.checked', payload: {} },
};

function bodyFor(pattern: string): object {
  return otherBodies[pattern.split('/').at(-1) ?? ''] ?? {};
}
