import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from '../../src/server/index.js';
import { openStore } from '../support/store.js';
import { answerCheck, sendJson } from './documentedAnswers.js';
import {
  type Answer,
  type Target,
  append,
  bodyOf,
  call,
  silent,
  startExpress,
  startListening,
} from './support.js';

const path = '/api/v1/projections';
const totals = {
  name: 'totals',
  source_event_types: ['order.*'],
  key: 'customer',
  fields: {
    orders: { fold: 'count' },
    total: { fold: 'sum', field: 'total' },
    largest: { fold: 'max', field: 'total' },
    newest: { fold: 'last', field: 'total' },
    seen: { fold: 'merge', field: 'tags' },
  },
  on_error: 'park',
};

function post(target: Target, suffix: string, body?: unknown): Promise<Answer> {
  return sendJson(target, { method: 'POST', path: path + suffix, body });
}

const get = (target: Target, suffix: string): Promise<Answer> =>
  call(target, { path: path + suffix });

async function place(target: Target, payload: unknown): Promise<number> {
  const answer = await append(target, { event_type: 'order.placed', payload });
  return Number(bodyOf(answer)['position']);
}

describe.each([
  ['listen', startListening],
  ['createApp', startExpress],
])('projections over HTTP, %s', (_name, start) => {
  it('keep states, and tell of them as the document says', async () => {
    const target = await start();
    const check = await answerCheck(target);
    const created = await post(target, '', totals);
    expect(created.status).toBe(201);
    check('Projection', created);
    await place(target, { customer: 'c-1', total: 5, tags: { a: 1 } });
    await place(target, { customer: 'c-2', total: 1 });
    await place(target, { customer: 'c-1', total: 'much' });
    await place(target, { total: 9 });
    const last = await place(target, { customer: 'c-1', total: 2.5, tags: { b: 2 } });
    const read = check(
      'ProjectedState',
      await get(target, `/totals/state/c-1?wait_for_position=${last}`),
    );
    expect(read['state']).toEqual({
      ...{ orders: 2, total: 7.5, largest: 5, newest: 2.5 },
      seen: { a: 1, b: 2 },
    });
    const page = check('ProjectedStates', await get(target, '/totals/state?limit=1'));
    expect(page['states']).toHaveLength(1);
    const rest = await get(target, `/totals/state?cursor=${String(page['next_cursor'])}`);
    expect(check('ProjectedStates', rest)['states']).toMatchObject([{ key: 'c-2' }]);
    expect(check('ParkedEvents', await get(target, '/totals/parked'))).toMatchObject({
      parked: [{ reason: 'order.placed: total: total: expected a number, got a string' }],
      total: 1,
    });
    check('Projection', await post(target, '/totals/rebuild'));
    const info = async () => check('Projection', await get(target, '/totals'));
    await expect.poll(async () => (await info())['status']).toBe('running');
    expect((await info())['rebuild']).toBeNull();
    expect(check('Projection', await post(target, '/totals/pause'))['status']).toBe('paused');
    expect(check('Projection', await post(target, '/totals/resume'))['status']).toBe('running');
    const list = check('ProjectionList', await get(target, ''));
    expect(list['total']).toBe(3);
    const removed = await call(target, { path: `${path}/totals`, method: 'DELETE' });
    expect(removed.status).toBe(204);
    expect((await get(target, '/totals')).status).toBe(404);
  });

  it('are waited for, without being made to write what changed', async () => {
    const target = await start();
    const check = await answerCheck(target);
    await post(target, '', totals);
    const last = await place(target, { customer: 'c-1', total: 5 });
    const read = check('Projection', await get(target, `/totals?wait_for_position=${last}`));
    expect(read['position']).toBeGreaterThanOrEqual(last);
    const late = await get(target, '/totals?wait_for_position=1000000&wait_seconds=0.05');
    expect([late.status, bodyOf(late)['code']]).toEqual([503, 'overloaded']);
    await post(target, '/totals/pause');
    const after = await place(target, { customer: 'c-1', total: 5 });
    const paused = await get(target, `/totals?wait_for_position=${after}&wait_seconds=5`);
    expect(bodyOf(paused)['code']).toBe('projection_stopped');
    const bad = await get(target, '/totals?wait_for_position=-1');
    expect(bodyOf(bad)['code']).toBe('invalid_query');
  });

  it('answer from the log itself where they are built in', async () => {
    const target = await start();
    await append(target, { event_type: 'order.placed', payload: { a: 1 } });
    await append(target, { event_type: 'order.placed', payload: { b: 2 } });
    const merged = bodyOf(await get(target, '/entity_snapshots/state/order-1'));
    expect(merged['state']).toEqual({ a: 1, b: 2 });
    const counted = bodyOf(await get(target, '/event_counters/state/order.placed'));
    expect(counted['state']).toMatchObject({ count: 2 });
    expect(bodyOf(await post(target, '/event_counters/rebuild'))['code']).toBe('unprocessable');
  });

  it('say what is wrong', async () => {
    const target = await start();
    await post(target, '', totals);
    const cases: [Promise<Answer>, number, string][] = [
      [get(target, '/nothing'), 404, 'projection_not_found'],
      [get(target, '/totals/state/nobody'), 404, 'projection_state_not_found'],
      [get(target, '/totals/state?limit=0'), 400, 'invalid_query'],
      [get(target, '/totals/state/a?wait_for_position=99&wait_seconds=0.05'), 503, 'overloaded'],
      [post(target, '', { ...totals, version: 0 }), 400, 'validation_error'],
      [post(target, '', { ...totals, fields: {} }), 400, 'validation_error'],
      [post(target, '', { ...totals, key: '$version' }), 400, 'validation_error'],
      [post(target, '', { ...totals, filed: 1 }), 400, 'validation_error'],
      [post(target, '', { ...totals, key: 'a..b' }), 400, 'validation_error'],
      [post(target, '', { ...totals, key: 'region' }), 409, 'projection_conflict'],
      [get(target, '/totals/state?cursor=abc'), 400, 'invalid_query'],
      [post(target, '', { ...totals, name: 'event_counters' }), 409, 'projection_conflict'],
      [post(target, '', { name: 'x', fields: { a: { fold: 'sum' } } }), 400, 'validation_error'],
    ];
    for (const [answer, status, code] of cases) {
      const { status: got, text } = await answer;
      expect([got, (JSON.parse(text) as { code: string }).code], text).toEqual([status, code]);
    }
  });
});

it('states that are made of events say that these were dropped', async () => {
  const store = await openStore({ memory: true, segmentBytesMax: 64 * 1024 });
  const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
  onTestFinished(() => server.close());
  const target = { store, port: server.port };
  const payload = { text: 'x'.repeat(1000) };
  for (let i = 0; i < 600; i += 1) {
    await store.append({ eventType: 'a.b', entityId: i === 0 ? 'early' : 'late', payload });
  }
  await expect.poll(() => store.counters().indexedSegments).toBeGreaterThan(4);
  expect((await store.dropBefore(300)).firstPosition).toBeGreaterThan(1);
  for (const suffix of ['/state', '/state/early', '/state/late']) {
    const answer = await get(target, `/entity_snapshots${suffix}`);
    expect([answer.status, bodyOf(answer)['code']], suffix).toEqual([410, 'events_dropped']);
  }
});
