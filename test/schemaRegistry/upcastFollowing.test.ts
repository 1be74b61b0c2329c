import { describe, expect, it } from 'vitest';
import type { BytesChunk, Deliveries, Delivery } from '../../src/eventStore/index.js';
import { defineUpcaster } from '../../src/index.js';
import { errorOf, line, newEvent, openStore } from '../support/store.js';

const mib = 1024 * 1024;
const filled = 'x'.repeat(20_000);
const fill = defineUpcaster<{ n: number }, object>({
  eventType: 'thing.done',
  fromVersion: 1,
  up: (payload) => (payload.n < 0 ? (undefined as never) : { ...payload, filled }),
});

/** Deliveries up to the one by which it is live. */
async function deliveriesOf(follower: Deliveries<BytesChunk>, eventsMax = 10_000) {
  const deliveries: Delivery<BytesChunk>[] = [];
  for (;;) {
    const delivery = await follower.next(eventsMax);
    if (delivery === undefined) return deliveries;
    deliveries.push(delivery);
    if (delivery.mark === 'caughtUp') return deliveries;
  }
}

const follow = { from: 'beginning', upcast: 'latest' } as const;

async function openFilled(count: number) {
  const store = await openStore({ memory: true, upcasters: [fill] });
  await store.appendBatch(Array.from({ length: count }, (_, n) => newEvent('a', { n })));
  return store;
}

describe('deliveries of upcast events', () => {
  it.each(['lines', 'list'] as const)('come in pieces of about a MiB, as %s', async (form) => {
    const store = await openFilled(300);
    const deliveries = await deliveriesOf(store.wire.follow(follow, form));
    expect(deliveries.length).toBeGreaterThan(4);
    let position = 0;
    for (const [at, { chunk, ...delivery }] of deliveries.entries()) {
      const { bytes = Buffer.alloc(0), count = 0 } = chunk ?? {};
      expect(bytes.length).toBeLessThan(mib + 2 * filled.length);
      const text =
        form === 'list' ? bytes.toString() : bytes.toString().trim().replaceAll('\n', ',');
      const events = JSON.parse(`[${text}]`) as { payload: object; position: number }[];
      expect(events).toHaveLength(count);
      for (const event of events) {
        position += 1;
        expect(event).toMatchObject({ position, payload: { n: position - 1, filled } });
      }
      const isLast = at === deliveries.length - 1;
      expect(delivery).toEqual({ position, mark: isLast ? 'caughtUp' : null });
    }
    expect(position).toBe(300);
  });

  it('have no more events than were asked for', async () => {
    const store = await openFilled(70);
    const counts: number[] = [];
    const follower = store.wire.follow(follow, 'list');
    for (let left = 60; left > 0;) {
      const delivery = await follower.next(left);
      counts.push(delivery?.chunk?.count ?? 0);
      left -= counts.at(-1) ?? 0;
      expect(left).toBeGreaterThanOrEqual(0);
    }
    expect(counts.length).toBeGreaterThan(1);
  });

  it('keep the bytes of events that need no upcast', async () => {
    const store = await openStore({ memory: true, upcasters: [fill] });
    const other = line('b', '{"price": 1.50}', { event_type: 'other' });
    await store.appendBatch(Buffer.from(`${other}\n${line('a', '{"n": 1e0}')}`));
    const [delivery] = await deliveriesOf(store.wire.follow(follow, 'list'));
    const text = delivery?.chunk?.bytes.toString() ?? '';
    expect(text).toContain('{"price": 1.50}');
    expect(text).toContain('{"n":1,"filled":"xxx');
    const plain = store.wire.follow({ from: 'beginning' }, 'list');
    expect((await deliveriesOf(plain))[0]?.chunk?.bytes.toString()).toContain('{"n": 1e0}');
  });

  it('end where an upcaster fails', async () => {
    const store = await openStore({ memory: true, upcasters: [fill] });
    await store.append(newEvent('a', { n: -1 }));
    const error = await errorOf(() => deliveriesOf(store.wire.follow(follow, 'lines')));
    expect(error.code).toBe('unprocessable');
  });
});
