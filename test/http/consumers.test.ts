import { describe, expect, it } from 'vitest';
import { listen } from '../../src/server/index.js';
import { answerCheck } from './documentedAnswers.js';
import {
  type Answer,
  type Target,
  append,
  appendLines,
  bodyOf,
  call,
  json,
  lines,
  openMemoryStore,
  silent,
  startExpress,
  startListening,
} from './support.js';

const path = '/api/v1/consumers';

interface Delivery {
  readonly attempt: number;
  readonly event: { readonly position: number; readonly payload: unknown };
}

function post(target: Target, suffix: string, body: unknown): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return call(target, { path: path + suffix, headers: json, body: text });
}

const get = (target: Target, suffix: string): Promise<Answer> =>
  call(target, { path: path + suffix });

const remove = (target: Target, suffix: string): Promise<Answer> =>
  call(target, { path: path + suffix, method: 'DELETE' });

async function pull(target: Target, query = ''): Promise<Delivery[]> {
  const answer = await get(target, `/c/events${query}`);
  expect(answer.text).toContain('"deliveries"');
  return bodyOf(answer)['deliveries'] as Delivery[];
}

const positionsOf = (deliveries: Delivery[]): number[] =>
  deliveries.map(({ event }) => event.position);

describe.each([
  ['listen', startListening],
  ['createApp', startExpress],
])('consumers over HTTP, %s', (_name, start) => {
  it('give events until they are acknowledged', async () => {
    const target = await start();
    await appendLines(target, lines(10));
    const created = await post(target, '', { name: 'c', filter: { event_type: 'order.placed' } });
    expect(created.status, created.text).toBe(201);
    const deliveries = await pull(target, '?limit=4&wait_seconds=5');
    expect(deliveries.length).toBe(4);
    expect(deliveries.every(({ attempt }) => attempt === 1)).toBe(true);
    const positions = positionsOf(deliveries);
    const acknowledged = await post(target, '/c/ack', { positions });
    expect(bodyOf(acknowledged)).toEqual({ acknowledged: 4, stale: [] });
    const again = await post(target, '/c/ack', { positions: positions.slice(0, 1) });
    expect(bodyOf(again)).toEqual({ acknowledged: 0, stale: positions.slice(0, 1) });
    const rest = await pull(target, '?wait_seconds=5');
    expect([...positions, ...positionsOf(rest)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 10 }, (_, i) => i + 1),
    );
    const one = bodyOf(await get(target, '/c'));
    expect(one).toMatchObject({ name: 'c', in_flight: 6, start_position: 1, failure: null });
    expect(one['members']).toMatchObject([{ member: 'default', in_flight: 6, stuck: false }]);
  });

  it('give refused events again, then make dead letters of them, which can be replayed', async () => {
    const target = await start();
    await append(target, { payload: { n: 1 } });
    await post(target, '', { name: 'c', max_attempts: 2 });
    for (const attempt of [1, 2]) {
      const [delivery] = await pull(target, '?wait_seconds=5');
      expect(delivery).toMatchObject({ attempt, event: { position: 1 } });
      const refusal = { positions: [1], reason: 'no stock', delay_seconds: 0.01 };
      expect(bodyOf(await post(target, '/c/nack', refusal))).toEqual({
        acknowledged: 1,
        stale: [],
      });
    }
    const letters = async () => bodyOf(await get(target, '/c/dead-letters'));
    await expect.poll(async () => (await letters())['total']).toBe(1);
    expect((await letters())['dead_letters']).toMatchObject([
      {
        position: 1,
        partition: expect.any(Number),
        attempts: 2,
        reason: 'no stock',
        replayed: false,
        event: { payload: { n: 1 } },
      },
    ]);
    expect(bodyOf(await get(target, '/c'))).toMatchObject({ delivered: 2, redelivered: 1 });
    expect(bodyOf(await post(target, '/c/dead-letters/replay', {}))).toEqual({ replayed: 1 });
    const [delivery] = await pull(target, '?wait_seconds=5');
    expect(delivery).toMatchObject({ attempt: 1, event: { position: 1 } });
    await post(target, '/c/ack', { positions: [1] });
    expect(await letters()).toMatchObject({ dead_letters: [], total: 0, next_position: null });
    expect(bodyOf(await get(target, '/c'))).toMatchObject({ delivered: 3, acknowledged: 1 });
    const missing = await post(target, '/c/dead-letters/replay', { positions: [1] });
    expect(bodyOf(missing)).toMatchObject({ code: 'dead_letter_not_found' });
  });

  it('wait for events, share them among members, and give back what a member leaves', async () => {
    const target = await start();
    await post(target, '', { name: 'c' });
    const waiting = pull(target, '?member=a&wait_seconds=20');
    await append(target);
    expect((await waiting).length).toBe(1);
    const other = pull(target, '?member=b&wait_seconds=20');
    expect((await remove(target, '/c/members/a')).status).toBe(204);
    expect(await other).toMatchObject([{ attempt: 1 }]);
  });

  it('can be sent elsewhere and deleted', async () => {
    const target = await start();
    await appendLines(target, lines(5));
    await post(target, '', { name: 'c', start: 'now' });
    expect(await pull(target)).toEqual([]);
    expect((await post(target, '/c/seek', { to: 4 })).status).toBe(200);
    expect(positionsOf(await pull(target, '?wait_seconds=5')).sort()).toEqual([4, 5]);
    expect((await remove(target, '/c')).status).toBe(204);
    expect(bodyOf(await get(target, '/c'))).toMatchObject({ code: 'consumer_not_found' });
    expect(bodyOf(await get(target, ''))).toEqual({ consumers: [], total: 0 });
  });
});

describe('consumers over HTTP', () => {
  it('belong to a tenant', async () => {
    const target = await startListening();
    await append(target, { tenant_id: 'two' });
    await post(target, '', { name: 'c', tenant_id: 'two' });
    expect(bodyOf(await get(target, ''))).toMatchObject({ total: 0 });
    expect((await get(target, '/c/events')).status).toBe(404);
    const deliveries = await pull(target, '?tenant_id=two&wait_seconds=5');
    expect(deliveries).toMatchObject([{ event: { tenant_id: 'two' } }]);
  });

  it('give payloads as they were appended', async () => {
    const target = await startListening();
    const payload = '{"b":1.0,"a":12345678901234567890123}';
    const body = `{"event_type":"a.b","entity_id":"e","payload":${payload}}`;
    await call(target, { path: '/api/v1/events', headers: json, body });
    await post(target, '', { name: 'c' });
    expect((await get(target, '/c/events?wait_seconds=5')).text).toContain(`"payload":${payload}`);
  });

  it.each([
    ['', '{', 400, 'invalid_json'],
    ['', '[]', 400, 'validation_error'],
    ['', '{}', 400, 'validation_error'],
    ['', { name: 'a b' }, 400, 'validation_error'],
    ['', { name: 'a', more: 1 }, 400, 'validation_error'],
    ['', { name: 'a', start: 'end' }, 400, 'invalid_query'],
    ['', { name: 'a', start: 0 }, 400, 'validation_error'],
    ['', { name: 'a', max_attempts: 0 }, 400, 'validation_error'],
    ['', { name: 'a', max_in_flight: 1.5 }, 400, 'validation_error'],
    ['', { name: 'a', ack_timeout_seconds: 0 }, 400, 'validation_error'],
    ['', { name: 'a', filter: { type: 'x' } }, 400, 'validation_error'],
    ['', { name: 'a', tenant_id: '$system' }, 400, 'validation_error'],
    ['', { name: 'c', max_attempts: 9 }, 409, 'consumer_exists'],
    ['/c/ack', { positions: [] }, 400, 'validation_error'],
    ['/c/ack', { positions: ['1'] }, 400, 'validation_error'],
    ['/c/ack', { positions: [1], member: 'a b' }, 400, 'validation_error'],
    ['/c/nack', { positions: [1], delay_seconds: -1 }, 400, 'validation_error'],
    ['/c/seek', {}, 400, 'validation_error'],
    ['/c/seek', { to: 'x' }, 400, 'invalid_query'],
    ['/d/ack', { positions: [1] }, 404, 'consumer_not_found'],
    ['/d/seek', { to: 1 }, 404, 'consumer_not_found'],
    ['/c/dead-letters/replay', { positions: [7] }, 404, 'dead_letter_not_found'],
  ])('refuse POST %s %j', async (suffix, body, status, code) => {
    const target = await startListening();
    await post(target, '', { name: 'c' });
    const answer = await post(target, suffix, body);
    expect(answer.status, answer.text).toBe(status);
    expect(bodyOf(answer)).toMatchObject({ code });
  });

  it.each([
    ['/c/events?limit=0', 'invalid_query'],
    ['/c/events?wait_seconds=61', 'invalid_query'],
    ['/c/events?member=', 'invalid_query'],
    ['/c/events?wait=1', 'invalid_query'],
    ['/c?tenant=x', 'invalid_query'],
    ['/a%20b', 'validation_error'],
    ['/d', 'consumer_not_found'],
    ['/c/dead-letters?limit=1001', 'invalid_query'],
  ])('refuse GET %s', async (suffix, code) => {
    const target = await startListening();
    await post(target, '', { name: 'c' });
    expect(bodyOf(await get(target, suffix))).toMatchObject({ code });
  });

  it('answer as the document says', async () => {
    const target = await startListening();
    const check = await answerCheck(target);
    await appendLines(target, lines(3));
    check('Consumer', await post(target, '', { name: 'c', max_attempts: 1 }));
    check('Deliveries', await get(target, '/c/events?wait_seconds=5'));
    check('Acknowledged', await post(target, '/c/ack', { positions: [1] }));
    check('Acknowledged', await post(target, '/c/nack', { positions: [2] }));
    check('Consumer', await get(target, '/c'));
    check('ConsumerList', await get(target, ''));
    await expect.poll(async () => (await letters(target)).includes('"total":1')).toBe(true);
    check('DeadLetters', await get(target, '/c/dead-letters'));
    check('Replayed', await post(target, '/c/dead-letters/replay', {}));
    check('Consumer', await post(target, '/c/seek', { to: '2020-01-01T00:00:00Z' }));
  });

  it('let the server close while somebody waits', async () => {
    const store = await openMemoryStore();
    const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
    const target = { store, port: server.port };
    await post(target, '', { name: 'c' });
    const waiting = pull(target, '?wait_seconds=60');
    await expect.poll(async () => (await get(target, '/c')).text.includes('"member"')).toBe(true);
    const begin = performance.now();
    await server.close();
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(await waiting).toEqual([]);
  });
});

async function letters(target: Target): Promise<string> {
  return (await get(target, '/c/dead-letters')).text;
}
