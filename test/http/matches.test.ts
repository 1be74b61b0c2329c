import { describe, expect, it } from 'vitest';
import { SseClient, WebSocketClient } from './streamClients.js';
import { type Target, append, bodyOf, call, json, startListening } from './support.js';

const query = (target: Target, match: unknown) => {
  const text = typeof match === 'string' ? match : JSON.stringify(match);
  return call(target, { path: `/api/v1/events/query?match=${encodeURIComponent(text)}` });
};

/** Positions: 1 placed with x, 2 placed with y, 3 paid with x and y, 4 paid of b without tags. */
async function startWithEvents(): Promise<Target> {
  const target = await startListening();
  await append(target, { entity_id: 'a', event_type: 'order.placed', tags: ['x'] });
  await append(target, { entity_id: 'a', event_type: 'order.placed', tags: ['y'] });
  await append(target, { entity_id: 'a', event_type: 'order.paid', tags: ['x', 'y'] });
  await append(target, { entity_id: 'b', event_type: 'order.paid' });
  return target;
}

const cases = [
  [{ event_types: ['order.paid'] }, [3, 4]],
  [{ tags: ['x', 'y'] }, [3]],
  [{ entity_ids: ['b'], event_types: ['order.paid', 'order.placed'] }, [4]],
  [
    [{ tags: ['y'] }, { entity_ids: ['b'] }],
    [2, 3, 4],
  ],
  [{}, [1, 2, 3, 4]],
] as const;

describe('what matches over HTTP', () => {
  it.each(cases)('is queried: %j', async (match, positions) => {
    const target = await startWithEvents();
    const { events } = bodyOf(await query(target, match)) as { events: { position: number }[] };
    expect(events.map(({ position }) => position)).toEqual(positions);
  });

  it.each(cases)('is streamed: %j', async (match, positions) => {
    const target = await startWithEvents();
    const inUrl = `?from_position=1&match=${encodeURIComponent(JSON.stringify(match))}`;
    const bySse = await SseClient.open(target, { query: inUrl });
    await bySse.received(1 + positions.length);
    expect(bySse.events.slice(1).map(({ id }) => Number(id))).toEqual(positions);
    const inFrame = await WebSocketClient.open(target);
    inFrame.send({ type: 'subscribe', from_position: 1, match });
    await inFrame.received(1 + positions.length);
    expect(inFrame.positions()).toEqual(positions);
  });

  it('is consumed', async () => {
    const target = await startWithEvents();
    const match = [{ tags: ['y'] }, { entity_ids: ['b'] }];
    const body = JSON.stringify({ name: 'c', filter: { match } });
    const created = await call(target, { path: '/api/v1/consumers', headers: json, body });
    expect(bodyOf(created)).toMatchObject({ filter: { match } });
    const again = await call(target, { path: '/api/v1/consumers', headers: json, body });
    expect(again.status).toBe(201);
    const pulled = await call(target, { path: '/api/v1/consumers/c/events?wait_seconds=5' });
    const { deliveries } = bodyOf(pulled) as { deliveries: { event: { position: number } }[] };
    const positions = deliveries.map(({ event }) => event.position);
    expect(positions.every((position) => [2, 3, 4].includes(position))).toBe(true);
  });

  it.each(['{', '5', '[]', '{"types":["a"]}', '{"event_types":[]}', '{"event_types":["A"]}'])(
    'is refused: %s',
    async (match) => {
      const target = await startListening();
      const answer = await query(target, match);
      expect(answer.status).toBe(400);
      expect(bodyOf(answer)).toMatchObject({
        code: 'invalid_query',
        details: [{ field: 'match' }],
      });
    },
  );
});
