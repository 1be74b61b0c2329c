import { describe, expect, it } from 'vitest';
import type { EmbeddedStore, ListOptions } from '../../src/index.js';
import { codeOf, collect, line, newEvent, textOf, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

async function allEntities(store: EmbeddedStore, options: ListOptions): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await store.entities({ ...options, cursor });
    ids.push(...page.entities.map(({ entityId }) => entityId));
    cursor = page.nextCursor;
  }
  return ids;
}

function describeState(mode: StoreMode): void {
  describe('state', () => {
    it('merges payload objects key by key in version order', async () => {
      const store = await mode.open();
      const payloads = ['{"a":1,"b":{"x":1}}', '7', '"text"', '[1]', 'null', '{"b":{"y":2},"c":3}'];
      for (const payload of payloads) await store.appendBatch(Buffer.from(line('e', payload)));
      const state = await store.state('e');
      expect(state).toMatchObject({
        entityId: 'e',
        eventCount: 6,
        version: 6,
        asOf: null,
        currentState: { a: 1, b: { y: 2 }, c: 3 },
      });
      expect(Object.keys(state.currentState)).toEqual(['a', 'b', 'c']);
      expect(state.history.map(({ payload }) => JSON.stringify(payload))).toEqual(payloads);
      const events = await collect(store.read());
      expect(state.lastUpdated).toBe(events[5]?.timestamp);
      expect(state.history[2]).toEqual({
        eventId: events[2]?.id,
        type: 'thing.done',
        timestamp: events[2]?.timestamp,
        version: 3,
        payload: 'text',
      });
    });

    it('knows a key however it is escaped, and keeps the bytes of values', async () => {
      const store = await mode.open();
      await store.appendBatch(Buffer.from(line('e', '{"key":1,"n":1e400, "k\\u0065y" : 2.0}')));
      const bytes = await store.wire.state('e', {});
      expect(bytes && textOf(bytes)).toContain('"current_state":{"key":2.0,"n":1e400}');
    });

    it('is what it was at a time', async () => {
      const store = await mode.open();
      for (let i = 0; i < 20; i++) await store.append(newEvent('e', { i }));
      const events = await collect(store.read());
      for (const { timestamp } of events) {
        const seen = events.filter((event) => event.timestamp <= timestamp);
        const state = await store.state('e', { asOf: timestamp });
        expect(state).toMatchObject({ eventCount: seen.length, asOf: timestamp });
        expect(state.currentState).toEqual(seen.at(-1)?.payload);
      }
      const before = (events[0]?.timestamp ?? 0) - 1;
      expect(await codeOf(() => store.state('e', { asOf: before }))).toBe('entity_not_found');
      expect(await codeOf(() => store.state('nobody'))).toBe('entity_not_found');
    });

    it('lists the newest events, as many as asked for', async () => {
      const store = await mode.open();
      await store.appendBatch(
        Array.from({ length: 150 }, (_, i) => newEvent('e', { [`k${i}`]: i })),
      );
      for (const [historyLimit, shown] of [
        [undefined, 100],
        [0, 0],
        [1, 1],
        [149, 149],
        [10_000, 150],
      ] as const) {
        const state = await store.state('e', { historyLimit });
        expect(state.history.map(({ version }) => version)).toEqual(
          Array.from({ length: shown }, (_, i) => 150 - shown + i + 1),
        );
        expect(state.eventCount).toBe(150);
        expect(Object.keys(state.currentState)).toHaveLength(150);
      }
    });

    it('of an entity with many or large events comes from the pool', async () => {
      const store = await mode.open();
      await store.appendBatch(Array.from({ length: 2000 }, (_, i) => newEvent('e', { i })));
      const state = await store.state('e', { historyLimit: 2000 });
      expect(state).toMatchObject({ eventCount: 2000, currentState: { i: 1999 } });
      expect(state.history).toHaveLength(2000);
      await store.append(newEvent('large', { text: 'x'.repeat(600_000) }));
      expect(String((await store.state('large')).currentState['text'])).toHaveLength(600_000);
    });

    it.each([
      { historyLimit: -1 },
      { historyLimit: 10_001 },
      { historyLimit: 0.5 },
      { asOf: 'now' },
      { tenantId: 1 },
    ])('refuses %j', async (options) => {
      const store = await mode.open();
      await store.append(newEvent('e'));
      expect(await codeOf(() => store.state('e', wrong(options)))).toBe('invalid_query');
    });
  });
}

function describeLists(mode: StoreMode): void {
  describe('lists', () => {
    it('of entities are in the order of their first events', async () => {
      const store = await mode.open();
      for (const entityId of ['b', 'a', 'b', 'c/1', 'a', 'b']) {
        await store.append(newEvent(entityId));
      }
      const events = await collect(store.read());
      const times = events.map(({ timestamp }) => timestamp);
      expect(await store.entities()).toEqual({
        entities: [
          {
            entityId: 'b',
            eventCount: 3,
            currentVersion: 3,
            firstTimestamp: times[0],
            lastTimestamp: times[5],
          },
          {
            entityId: 'a',
            eventCount: 2,
            currentVersion: 2,
            firstTimestamp: times[1],
            lastTimestamp: times[4],
          },
          {
            entityId: 'c/1',
            eventCount: 1,
            currentVersion: 1,
            firstTimestamp: times[3],
            lastTimestamp: times[3],
          },
        ],
        nextCursor: null,
      });
    });

    it('of event types count their events', async () => {
      const store = await mode.open();
      for (const eventType of ['order.paid', 'user', 'order.paid', 'order']) {
        await store.append(newEvent('a', {}, { eventType }));
      }
      const { eventTypes } = await store.eventTypes();
      expect(eventTypes.map((item) => [item.eventType, item.eventCount])).toEqual([
        ['order.paid', 2],
        ['user', 1],
        ['order', 1],
      ]);
      const { eventTypes: some } = await store.eventTypes({ prefix: 'order', limit: 1 });
      expect(some.map((item) => item.eventType)).toEqual(['order.paid']);
    });

    it('page by prefix and cursor while entities are added', async () => {
      const store = await mode.open();
      const ids = Array.from({ length: 50 }, (_, i) => `${i % 2 === 0 ? 'even' : 'odd'}-${i}`);
      await store.appendBatch(ids.map((id) => newEvent(id)));
      const even = ids.filter((id) => id.startsWith('even'));
      expect(await allEntities(store, { prefix: 'even', limit: 4 })).toEqual(even);
      expect(await allEntities(store, { limit: 49 })).toEqual(ids);
      expect(await allEntities(store, { prefix: 'nothing' })).toEqual([]);
      const first = await store.entities({ limit: 49 });
      await store.append(newEvent('new'));
      const rest = await store.entities({ limit: 49, cursor: first.nextCursor ?? '' });
      expect(rest.entities.map(({ entityId }) => entityId)).toEqual([ids[49], 'new']);
    });

    it('refuse a cursor of the other list, and of events', async () => {
      const store = await mode.open();
      await store.appendBatch(['a', 'b'].map((id) => newEvent(id, 1, { eventType: id })));
      const [entities, types, events] = [
        (await store.entities({ limit: 1 })).nextCursor,
        (await store.eventTypes({ limit: 1 })).nextCursor,
        (await store.readPage({ limit: 1 })).nextCursor,
      ].map((cursor) => ({ cursor: cursor ?? '' }));
      expect((await store.entities(entities)).entities).toHaveLength(1);
      expect((await store.eventTypes(types)).eventTypes).toHaveLength(1);
      for (const cursor of [types, events]) {
        expect(await codeOf(() => store.entities(cursor))).toBe('invalid_query');
      }
      for (const cursor of [entities, events]) {
        expect(await codeOf(() => store.eventTypes(cursor))).toBe('invalid_query');
      }
    });

    it.each([{ limit: 0 }, { limit: 10_001 }, { prefix: 5 }, { cursor: 'x' }, { tenantId: 5 }])(
      'refuse %j',
      async (options) => {
        const store = await mode.open();
        expect(await codeOf(() => store.entities(wrong(options)))).toBe('invalid_query');
        expect(await codeOf(() => store.eventTypes(wrong(options)))).toBe('invalid_query');
      },
    );
  });
}

function describeStats(mode: StoreMode): void {
  describe('stats', () => {
    it('count events, entities and types of a tenant or of all', async () => {
      const store = await mode.open();
      expect(await store.stats()).toMatchObject({ totalEvents: 0, totalEntities: 0, watermark: 0 });
      await store.appendBatch([
        newEvent('a', 1),
        newEvent('b', 2, { eventType: 'x' }),
        newEvent('a', 3, { tenantId: 'two' }),
      ]);
      const all = await store.stats();
      expect(all).toMatchObject({
        totalEvents: 3,
        totalEntities: 3,
        totalEventTypes: 3,
        totalIngested: 3,
        watermark: 3,
        segments: 1,
      });
      expect(all.storageBytes).toBeGreaterThan(0);
      expect(await store.stats({ tenantId: 'two' })).toMatchObject({
        totalEvents: 1,
        totalEntities: 1,
        totalEventTypes: 1,
      });
      expect(await codeOf(() => store.stats(wrong({ tenantId: 5 })))).toBe('invalid_query');
    });

    it('have counters of the engine that move', async () => {
      const store = await mode.open();
      await store.append(newEvent('a'));
      const counters = store.counters();
      expect(counters).toMatchObject({ watermark: 1, committedEvents: 1 });
      expect(counters.commits).toBeGreaterThan(0);
      expect(counters.committedBytes).toBeGreaterThan(0);
      expect(counters.indexBytes).toBeGreaterThan(0);
      if (mode.durability === 'sync') expect(counters.syncs).toBeGreaterThan(0);
    });
  });
}

export function describeEntities(mode: StoreMode): void {
  describeState(mode);
  describeLists(mode);
  describeStats(mode);
}
