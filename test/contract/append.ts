import { describe, expect, it } from 'vitest';
import { codeOf, collect, expectOrdered, line, newEvent, uuid } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function describeAppends(mode: StoreMode): void {
  describe('append', () => {
    it('numbers events from 1, by entity and over the whole log', async () => {
      const store = await mode.open();
      const results = [];
      for (const entityId of ['a', 'b', 'a', 'a', 'b']) {
        results.push(await store.append(newEvent(entityId)));
      }
      expect(results.map(({ version }) => version)).toEqual([1, 1, 2, 3, 2]);
      expect(results.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5]);
      expect(results.every(({ deduplicated }) => !deduplicated)).toBe(true);
      expect(store.watermark).toBe(5);
      expect(store.durability).toBe(mode.durability);
    });

    it('makes UUIDs of version 7 that rise with the position', async () => {
      const store = await mode.open();
      const results = await Promise.all(
        Array.from({ length: 3000 }, (_, i) => store.append(newEvent(`e${i % 7}`))),
      );
      const ids = results.map(({ eventId }) => eventId);
      expect(ids.filter((id) => !uuid7.test(id))).toEqual([]);
      if (mode.isRemote !== true) expect([...ids].sort()).toEqual(ids);
      expect(new Set(ids).size).toBe(3000);
    });

    it('gives times of the clock of now, which never go backwards', async () => {
      const store = await mode.open();
      const before = Date.now() * 1000;
      for (let i = 0; i < 200; i++) await store.append(newEvent('a'));
      const events = await collect(store.read());
      const after = (Date.now() + 1) * 1000;
      expectOrdered(events);
      expect(events[0]?.timestamp).toBeGreaterThanOrEqual(before);
      expect(events[199]?.timestamp).toBeLessThanOrEqual(after);
    });

    it('takes effect in the order of the calls, whatever their kind', async () => {
      const store = await mode.open();
      const calls = [];
      for (let i = 0; i < 60; i++) {
        const events = [newEvent('a', i), newEvent('b', i)];
        if (i % 4 === 0) calls.push(store.appendBatch(events));
        if (i % 4 === 1) calls.push(store.append(newEvent('a', i)));
        if (i % 4 === 2) calls.push(store.appendBatch(Buffer.from(line('a', String(i)))));
        if (i % 4 === 3) calls.push(store.append(newEvent('a', i)));
      }
      await Promise.all(calls);
      const events = await collect(store.read({ entityId: 'a' }));
      expect(events.map(({ payload }) => payload)).toEqual(Array.from({ length: 60 }, (_, i) => i));
    });

    it('gives back what was appended, defaults filled in', async () => {
      const store = await mode.open();
      const payload = { text: 'héllo ☃ 😀', list: [1, null, { a: false }] };
      const result = await store.append({
        eventType: 'user.signed-up',
        entityId: 'user-123',
        payload,
        metadata: { source: 'web' },
        tenantId: 'acme',
        tags: ['new', 'b2c'],
        eventId: uuid(1),
      });
      await store.append(newEvent('user-123', null));
      const [full] = await collect(store.read({ tenantId: 'acme' }));
      const [plain] = await collect(store.read());
      expect(full).toEqual({
        id: uuid(1),
        eventType: 'user.signed-up',
        entityId: 'user-123',
        tenantId: 'acme',
        tags: ['new', 'b2c'],
        payload,
        metadata: { source: 'web' },
        timestamp: result.timestamp,
        version: 1,
        position: 1,
        partition: 8,
      });
      expect(plain).toMatchObject({ tenantId: 'default', tags: [], metadata: null, payload: null });
    });

    it.each([
      ['user-123', 8],
      ['entity-1', 1],
      ['test', 12],
      ['stream-1', 19],
      ['order-456', 8],
      ['a', 19],
    ])('puts entity %s into partition %i', async (entityId, partition) => {
      const store = await mode.open();
      await store.append(newEvent(entityId));
      expect((await collect(store.read()))[0]?.partition).toBe(partition);
    });

    it('goes on after a refused event, which uses up no position', async () => {
      const store = await mode.open();
      const calls = [
        store.append(newEvent('a')),
        codeOf(() => store.append(newEvent(''))),
        codeOf(() => store.append(newEvent('a', {}, { expectedVersion: 7 }))),
        store.append(newEvent('a')),
      ] as const;
      const [first, bad, stale, last] = await Promise.all(calls);
      expect([bad, stale]).toEqual(['validation_error', 'version_conflict']);
      expect([first.position, last.position, last.version]).toEqual([1, 2, 2]);
    });
  });

  describe('tenants', () => {
    it('number their entities each for itself', async () => {
      const store = await mode.open();
      const versions = [];
      for (const tenantId of ['one', 'two', 'one', 'default']) {
        versions.push((await store.append(newEvent('a', {}, { tenantId }))).version);
      }
      expect(versions).toEqual([1, 1, 2, 1]);
    });

    it('see nothing of each other', async () => {
      const store = await mode.open();
      const { eventId } = await store.append(newEvent('a', { secret: 1 }, { tenantId: 'one' }));
      await store.append(newEvent('b', {}, { tenantId: 'two', eventType: 'other.done' }));
      const two = { tenantId: 'two' };
      expect((await collect(store.read(two))).map((event) => event.entityId)).toEqual(['b']);
      expect(await collect(store.read({ ...two, entityId: 'a' }))).toEqual([]);
      expect(await collect(store.read({ ...two, eventType: 'thing.done' }))).toEqual([]);
      expect(await collect(store.read({ ...two, eventTypePrefix: 'thing' }))).toEqual([]);
      expect(await store.getEvent(eventId, two)).toBeUndefined();
      expect(await codeOf(() => store.state('a', two))).toBe('entity_not_found');
      expect((await store.entities(two)).entities.map((item) => item.entityId)).toEqual(['b']);
      expect((await store.eventTypes(two)).eventTypes).toHaveLength(1);
      expect(await store.stats(two)).toMatchObject({ totalEvents: 1, totalEntities: 1 });
      expect(await store.stats()).toMatchObject({ totalEvents: 2, totalEntities: 2 });
    });

    it('are told apart by case', async () => {
      const store = await mode.open();
      await store.append(newEvent('a', {}, { tenantId: 'Acme' }));
      await store.append(newEvent('a', {}, { tenantId: 'acme' }));
      expect(await collect(store.read({ tenantId: 'acme' }))).toHaveLength(1);
    });
  });
}
