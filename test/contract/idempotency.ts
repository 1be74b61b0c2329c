import { describe, expect, it } from 'vitest';
import { EventIdConflictError } from '../../src/index.js';
import { codeOf, collect, errorOf, line, newEvent, uuid } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

export function describeIdempotency(mode: StoreMode): void {
  describe('an event id of the client', () => {
    it('is written once; the first result comes again', async () => {
      const store = await mode.open();
      const event = newEvent('a', { n: 1 }, { eventId: uuid(1), metadata: { m: 1 } });
      const first = await store.append(event);
      await store.append(newEvent('a'));
      const again = await store.append(event);
      expect(again).toEqual({ ...first, deduplicated: true });
      expect(store.watermark).toBe(2);
    });

    it('is written once where the same append is made many times at once', async () => {
      const store = await mode.open();
      const event = newEvent('a', { n: 1 }, { eventId: uuid(1) });
      const results = await Promise.all(Array.from({ length: 50 }, () => store.append(event)));
      expect(results.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
      expect(new Set(results.map(({ position }) => position))).toEqual(new Set([1]));
      expect(store.watermark).toBe(1);
    });

    it('counts whatever the case of its text', async () => {
      const store = await mode.open();
      const id = 'ABCDEF00-1111-4222-8333-444455556666';
      const { eventId } = await store.append(newEvent('a', 1, { eventId: id }));
      const again = await store.append(newEvent('a', 1, { eventId: id.toLowerCase() }));
      expect(eventId).toBe(id.toLowerCase());
      expect(again.deduplicated).toBe(true);
    });

    it.each([
      ['payload', { payload: { n: 2 } }],
      ['metadata', { metadata: { m: 2 } }],
      ['event type', { eventType: 'thing.undone' }],
      ['entity', { entityId: 'b' }],
    ])('is refused for other content: %s', async (_, change) => {
      const store = await mode.open();
      const event = newEvent('a', { n: 1 }, { eventId: uuid(1), metadata: { m: 1 } });
      await store.append(event);
      const error = await errorOf(() => store.append({ ...event, ...change }));
      expect(error).toBeInstanceOf(EventIdConflictError);
      expect(error).toMatchObject({ code: 'event_id_conflict', status: 409, eventId: uuid(1) });
      const batch = [newEvent('c'), { ...event, ...change }];
      expect(await codeOf(() => store.appendBatch(batch))).toBe('event_id_conflict');
      expect(store.watermark).toBe(1);
    });

    it('belongs to its tenant', async () => {
      const store = await mode.open();
      const event = newEvent('a', { n: 1 }, { eventId: uuid(1) });
      await store.append(event);
      const other = await store.append({ ...event, tenantId: 'two', payload: { n: 2 } });
      expect(other).toMatchObject({ deduplicated: false, position: 2, eventId: uuid(1) });
      expect((await store.getEvent(uuid(1), { tenantId: 'two' }))?.payload).toEqual({ n: 2 });
      expect((await store.getEvent(uuid(1)))?.payload).toEqual({ n: 1 });
    });

    it('goes before the expected version: the first append made that one true', async () => {
      const store = await mode.open();
      const event = newEvent('a', 1, { eventId: uuid(1), expectedVersion: 'none' });
      await store.append(event);
      expect(await store.append(event)).toMatchObject({ deduplicated: true, version: 1 });
      const batch = await store.appendBatch([event]);
      expect(batch).toMatchObject({ ingested: 0, firstPosition: 0, lastPosition: 0 });
    });

    it('null is none', async () => {
      const store = await mode.open();
      const text = line('a', '1', { event_id: null, tenant_id: null, expected_version: null });
      await store.appendBatch(Buffer.from(text));
      expect(store.watermark).toBe(1);
    });
  });

  describe('event ids in a batch', () => {
    it('make the whole batch known when it comes again', async () => {
      const store = await mode.open();
      const events = [1, 2, 3].map((n) => newEvent(`e${n}`, n, { eventId: uuid(n) }));
      const first = await store.appendBatch(events);
      const again = await store.appendBatch(events);
      expect(again.ingested).toBe(0);
      expect(again.results).toEqual(
        first.results.map((result) => ({ ...result, deduplicated: true })),
      );
      expect(store.watermark).toBe(3);
    });

    it('leave out what is known and write the rest, without a gap', async () => {
      const store = await mode.open();
      await store.append(newEvent('a', 1, { eventId: uuid(1) }));
      await store.append(newEvent('b', 3, { eventId: uuid(3) }));
      const batch = await store.appendBatch([
        newEvent('a', 1, { eventId: uuid(1) }),
        newEvent('a', 2, { eventId: uuid(2) }),
        newEvent('b', 3, { eventId: uuid(3) }),
        newEvent('b', 4),
        newEvent('a', 5, { eventId: uuid(5) }),
      ]);
      expect(batch).toMatchObject({ ingested: 3, firstPosition: 3, lastPosition: 5 });
      expect(batch.results.map(({ position }) => position)).toEqual([1, 3, 2, 4, 5]);
      expect(batch.results.map(({ version }) => version)).toEqual([1, 2, 1, 2, 3]);
      expect(batch.results.map(({ deduplicated }) => deduplicated)).toEqual([
        true,
        false,
        true,
        false,
        false,
      ]);
      const events = await collect(store.read());
      expect(events.map(({ payload }) => payload)).toEqual([1, 3, 2, 4, 5]);
    });

    it('must differ within the batch', async () => {
      const store = await mode.open();
      const event = newEvent('a', 1, { eventId: uuid(1) });
      const error = await errorOf(() => store.appendBatch([event, newEvent('b'), event]));
      expect(error).toMatchObject({ code: 'validation_error' });
      expect(error.message).toContain('events[2]');
      expect(store.watermark).toBe(0);
    });

    it('may be the same for two tenants', async () => {
      const store = await mode.open();
      const event = newEvent('a', 1, { eventId: uuid(1) });
      const { ingested } = await store.appendBatch([event, { ...event, tenantId: 'two' }]);
      expect(ingested).toBe(2);
    });
  });
}
