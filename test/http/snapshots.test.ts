// Snapshots, and states by version and merge, over HTTP.
import { describe, expect, it, onTestFinished } from 'vitest';
import { defineReducer, openEventStore } from '../../src/index.js';
import { listen } from '../../src/server/index.js';
import { append, bodyOf, call, json, silent, startListening } from './support.js';
import type { Answer, Target } from './support.js';

const path = '/api/v1/snapshots';
const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;
/** What a parser of JSON would not give back as it was. */
const digits = '{"n":1.0,"big":12345678901234567890,"far":1e400,"o":{"\\u0061":-0.50}}';

const get = (target: Target, of: string) => call(target, { path: of });
const create = (target: Target, body: object) =>
  call(target, { path, headers: json, body: JSON.stringify(body) });

async function appendPayload(target: Target, payload: string, entity = 'order-1'): Promise<void> {
  const body = `{"event_type":"order.placed","entity_id":"${entity}","payload":${payload}}`;
  expect((await call(target, { path: '/api/v1/events', headers: json, body })).status).toBe(200);
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, ...bodyOf(answer) }).toMatchObject({
    status,
    code,
    error: expect.any(String) as string,
    request_id: expect.any(String) as string,
  });
}

describe('snapshots over HTTP', () => {
  it('are made, listed and read', async () => {
    const target = await startListening();
    await appendPayload(target, '{"a":1}');
    await appendPayload(target, '{"b":2}');
    const created = await create(target, { entity_id: 'order-1' });
    expect(created.status).toBe(200);
    const { snapshot_id: id, ...rest } = bodyOf(created);
    expect(id).toMatch(uuidPattern);
    expect(rest).toEqual({
      entity_id: 'order-1',
      created_at: expect.stringMatching(timePattern) as string,
      as_of: expect.stringMatching(timePattern) as string,
      event_count: 2,
      size_bytes: 13,
      snapshot_type: 'manual',
      state_of: 'shallow',
    });
    const info = { id, ...rest };
    const list = await get(target, path);
    expect(bodyOf(list)).toEqual({ snapshots: [info], total: 1, next_cursor: null });
    const latest = await get(target, `${path}/order-1/latest`);
    expect(bodyOf(latest)).toEqual({ ...info, state: { a: 1, b: 2 } });
  });

  it('are listed in pages, of one entity and of one tenant', async () => {
    const target = await startListening();
    for (const entity of ['order-1', 'a/b ü']) await appendPayload(target, '{}', entity);
    await append(target, { tenant_id: 'two', entity_id: 'order-1' });
    for (const entity of ['order-1', 'a/b ü', 'order-1'])
      await create(target, { entity_id: entity });
    await create(target, { entity_id: 'order-1', tenant_id: 'two' });
    const first = bodyOf(await get(target, `${path}?limit=2`));
    expect(first).toMatchObject({
      total: 2,
      snapshots: [{ entity_id: 'order-1' }, { entity_id: 'a/b ü' }],
    });
    const cursor = encodeURIComponent(String(first['next_cursor']));
    const rest = bodyOf(await get(target, `${path}?limit=2&cursor=${cursor}`));
    expect(rest).toMatchObject({ total: 1, next_cursor: null });
    const entity = encodeURIComponent('a/b ü');
    expect(bodyOf(await get(target, `${path}?entity_id=${entity}`))).toMatchObject({ total: 1 });
    expect((await get(target, `${path}/${entity}/latest`)).status).toBe(200);
    expect(bodyOf(await get(target, `${path}?tenant_id=two`))).toMatchObject({ total: 1 });
    const other = `${path}/${entity}/latest?tenant_id=two`;
    expectProblem(await get(target, other), 404, 'snapshot_not_found');
  });

  it('keep numbers digit by digit', async () => {
    const target = await startListening();
    await appendPayload(target, digits);
    await create(target, { entity_id: 'order-1' });
    expect((await get(target, `${path}/order-1/latest`)).text).toContain(`,"state":${digits}}`);
    const state = await get(target, '/api/v1/entities/order-1/state?history_limit=0');
    expect(state.text).toContain(`"current_state":${digits},"history":[]}`);
    const snapshot = await get(target, '/api/v1/entities/order-1/snapshot');
    expect(snapshot.text).toBe(
      `{"entity_id":"order-1","snapshot":${digits},"from_projection":"entity_snapshots"}`,
    );
  });

  it.each<[string, object, number, string]>([
    ['no entity', {}, 400, 'validation_error'],
    ['an entity that is no text', { entity_id: 5 }, 400, 'validation_error'],
    ['an unknown field', { entity_id: 'order-1', kind: 'x' }, 400, 'validation_error'],
    [
      'a tenant of the store',
      { entity_id: 'e', tenant_id: '$snapshots/x' },
      400,
      'validation_error',
    ],
    ['an entity without events', { entity_id: 'nobody' }, 404, 'entity_not_found'],
  ])('refuse %s', async (_name, body, status, code) => {
    const target = await startListening();
    await append(target);
    expectProblem(await create(target, body), status, code);
  });

  it.each<[string, number, string]>([
    ['?limit=0', 400, 'invalid_query'],
    ['?limit=10001', 400, 'invalid_query'],
    ['?cursor=x', 400, 'invalid_query'],
    ['?tenant_id=$snapshots/default', 400, 'invalid_query'],
    ['?sort=asc', 400, 'invalid_query'],
    ['/order-1/latest', 404, 'snapshot_not_found'],
    ['/order-1/latest?x=1', 400, 'invalid_query'],
    ['/order-1', 404, 'route_not_found'],
  ])('refuse to read %s', async (rest, status, code) => {
    const target = await startListening();
    await append(target);
    expectProblem(await get(target, path + rest), status, code);
  });

  it('refuse what is no JSON', async () => {
    const target = await startListening();
    const broken = await call(target, { path, headers: json, body: '{"entity_id"' });
    expectProblem(broken, 400, 'invalid_json');
    const text = { path, headers: { 'content-type': 'text/plain' }, body: '{}' };
    expectProblem(await call(target, text), 415, 'unsupported_media_type');
  });
});

describe('states over HTTP', () => {
  it('are those of a version, and merged as it is asked for', async () => {
    const target = await startListening();
    for (const payload of ['{"o":{"a":1.0}}', '{"o":{"b":2}}', '{"o":null}']) {
      await appendPayload(target, payload);
    }
    const state = async (query: string) =>
      (await get(target, `/api/v1/entities/order-1/state?history_limit=0&${query}`)).text;
    expect(await state('version=2')).toContain('"current_state":{"o":{"b":2}}');
    expect(await state('version=2')).toContain('"event_count":2,"as_of":null,"version":2');
    expect(await state('version=2&merge=deep')).toContain('"current_state":{"o":{"a":1.0,"b":2}}');
    expect(await state('merge=deep')).toContain('"current_state":{}');
    expect(await state('merge=shallow')).toContain('"current_state":{"o":null}');
  });

  it.each<[string, number, string]>([
    ['version=0', 400, 'invalid_query'],
    ['version=1.5', 400, 'invalid_query'],
    ['version=x', 400, 'invalid_query'],
    ['version=1&as_of=2026-01-31T09:30:00Z', 400, 'invalid_query'],
    ['merge=other', 400, 'invalid_query'],
    ['merge=', 400, 'invalid_query'],
    ['version=2', 404, 'entity_not_found'],
  ])('refuse %s', async (query, status, code) => {
    const target = await startListening();
    await append(target);
    expectProblem(await get(target, `/api/v1/entities/order-1/state?${query}`), status, code);
  });

  it('are those of the reducers of the store', async () => {
    const order = defineReducer<{ total: number }, { eventType: 'order.placed'; payload: number }>({
      entityType: 'order',
      version: 4,
      init: () => ({ total: 0 }),
      on: {
        'order.placed': ({ total }, { payload }) => {
          if (payload < 0) throw new Error('less than nothing');
          return { total: total + payload };
        },
      },
    });
    const store = await openEventStore({ memory: true, reducers: [order] });
    onTestFinished(() => store.close());
    const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
    onTestFinished(() => server.close());
    const target = { store, port: server.port };
    for (const payload of ['1', '2', '3']) await appendPayload(target, payload);
    const of = '/api/v1/entities/order-1';
    expect(bodyOf(await get(target, `${of}/state?version=2`))).toMatchObject({
      version: 2,
      current_state: { total: 3 },
      history: [{ payload: 1 }, { payload: 2 }],
    });
    expect(bodyOf(await get(target, `${of}/snapshot`))).toEqual({
      entity_id: 'order-1',
      snapshot: { total: 6 },
      from_projection: 'entity_snapshots',
    });
    expectProblem(await get(target, `${of}/state?merge=deep`), 400, 'invalid_query');
    const created = bodyOf(await create(target, { entity_id: 'order-1' }));
    expect(created).toMatchObject({ state_of: 'order.4', event_count: 3 });
    expect(bodyOf(await get(target, `${path}/order-1/latest`))['state']).toEqual({ total: 6 });
    await appendPayload(target, '-1');
    const failed = await get(target, `${of}/state`);
    expectProblem(failed, 422, 'unprocessable');
    expect(bodyOf(failed)['error']).toContain('reducer order version 4, order.placed at version 4');
    expectProblem(await create(target, { entity_id: 'order-1' }), 422, 'unprocessable');
    expect((await get(target, `${of}/state?version=3`)).status).toBe(200);
  });
});
