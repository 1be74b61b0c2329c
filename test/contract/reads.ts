import { beforeEach, describe, expect, it } from 'vitest';
import { formatTimestamp } from '../../src/index.js';
import type { EmbeddedStore, ReadOptions, StoredEvent } from '../../src/index.js';
import { codeOf, collect, newEvent, textOf, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const types = ['order.placed', 'order.paid', 'order', 'orderly.done', 'user.created'];

/** 90 events of two tenants, five types and four entities, appended one by one. */
async function fill(store: EmbeddedStore): Promise<StoredEvent[]> {
  for (let i = 0; i < 90; i++) {
    const more = {
      eventType: types[(i * 7) % 5] ?? '',
      tenantId: i % 9 === 0 ? 'two' : 'default',
    };
    await store.append(newEvent(`e${(i * i) % 4}`, i, more));
  }
  const all = [
    ...(await collect(store.read())),
    ...(await collect(store.read({ tenantId: 'two' }))),
  ];
  return all.sort((a, b) => a.position - b.position);
}

/** What a read must give, by looking at every event. */
function matching(all: readonly StoredEvent[], options: ReadOptions): StoredEvent[] {
  const { tenantId = 'default', entityId, eventType, eventTypePrefix = '' } = options;
  const { since = 0, until = Infinity, asOf = Infinity, fromPosition = 0 } = options;
  const found = all.filter(
    (event) =>
      event.tenantId === tenantId &&
      (entityId === undefined || event.entityId === entityId) &&
      (eventType === undefined || event.eventType === eventType) &&
      event.eventType.startsWith(eventTypePrefix) &&
      event.timestamp >= Number(since) &&
      event.timestamp <= Number(until) &&
      event.timestamp <= Number(asOf) &&
      event.position >= fromPosition,
  );
  return options.order === 'desc' ? found.reverse() : found;
}

/** Every combination of filters, in both orders. */
function combinations(all: readonly StoredEvent[]): ReadOptions[] {
  const at = (index: number): number => all[index]?.timestamp ?? 0;
  const choices: ReadOptions[] = [
    { tenantId: 'two' },
    { entityId: 'e1' },
    { eventType: 'order.paid' },
    { eventTypePrefix: 'order' },
    { since: at(11) },
    { until: at(77) },
    { asOf: at(70) },
    { fromPosition: 20 },
    { order: 'desc' },
  ];
  return Array.from({ length: 2 ** choices.length }, (_, bits) =>
    Object.assign({}, ...choices.filter((_, i) => (bits >> i) & 1)),
  );
}

async function pagesOf(store: EmbeddedStore, options: ReadOptions): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await store.readPage({ ...options, cursor });
    events.push(...page.events);
    cursor = page.nextCursor;
  }
  return events;
}

export function describeReads(mode: StoreMode): void {
  describe('reads', () => {
    let store: EmbeddedStore;
    let all: StoredEvent[];

    beforeEach(async () => {
      store = await mode.open();
      all = await fill(store);
    });

    it('apply every combination of filters in both orders', async () => {
      expect(all).toHaveLength(90);
      for (const options of combinations(all)) {
        const expected = matching(all, options);
        expect(await collect(store.read(options)), JSON.stringify(options)).toEqual(expected);
        expect(await pagesOf(store, { ...options, limit: 7 })).toEqual(expected);
        const limited = await collect(store.read({ ...options, limit: 3 }));
        expect(limited).toEqual(expected.slice(0, 3));
      }
    });

    it('give the same events as bytes', async () => {
      for (const options of combinations(all)) {
        const expected = matching(all, options).map(({ id }) => id);
        const { bytes, count } = await store.readBytes(options);
        const document = JSON.parse(textOf(bytes)) as { events: { id: string }[] };
        expect(document.events.map(({ id }) => id)).toEqual(expected);
        expect(count).toBe(expected.length);
        const text = Buffer.concat(await collect(store.readNdjson(options))).toString();
        const lines = text.split('\n').filter((line) => line !== '');
        expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(expected);
      }
    });

    it('take times as microseconds or as text, both bounds included', async () => {
      const { timestamp } = all[40] as StoredEvent;
      for (const time of [timestamp, formatTimestamp(timestamp)]) {
        const expected = matching(all, { since: timestamp, until: timestamp });
        expect(await collect(store.read({ since: time, until: time }))).toEqual(expected);
        expect(await collect(store.read({ since: time, asOf: time }))).toEqual(expected);
      }
      const future = '2999-01-01T00:00:00Z';
      expect(await collect(store.read({ since: future }))).toEqual([]);
      expect(await collect(store.read({ until: '1970-01-01T00:00:00Z' }))).toEqual([]);
      expect(await collect(store.read({ until: future }))).toEqual(matching(all, {}));
      expect(await collect(store.read({ since: -5 }))).toEqual(matching(all, {}));
    });

    it('give nothing for what there is not', async () => {
      for (const options of [
        { tenantId: 'nobody' },
        { entityId: 'e9' },
        // A server refuses what no entity and no type can be called.
        ...(mode.isRemote === true ? [] : [{ entityId: '' }, { eventType: 'order.' }]),
        { eventTypePrefix: 'x' },
        { fromPosition: 91 },
        { limit: 0 },
      ]) {
        expect(await collect(store.read(options)), JSON.stringify(options)).toEqual([]);
      }
    });

    it('page without skipping or repeating while events are appended', async () => {
      for (const order of ['asc', 'desc'] as const) {
        const seen: number[] = [];
        let cursor: string | null | undefined;
        const before = store.watermark;
        while (cursor !== null && seen.length < 400) {
          const page = await store.readPage({ order, limit: 3, cursor, eventTypePrefix: 'order' });
          seen.push(...page.events.map(({ position }) => position));
          cursor = page.nextCursor;
          await store.append(newEvent('e1', 0, { eventType: 'order.paid' }));
        }
        const expected = await collect(store.read({ order, eventTypePrefix: 'order' }));
        const inBounds = expected.map(({ position }) => position);
        const compared =
          order === 'asc' ? inBounds.slice(0, seen.length) : inBounds.filter((p) => p <= before);
        expect(seen).toEqual(compared);
      }
    });

    it('end at the watermark of their beginning', async () => {
      const read: number[] = [];
      for await (const event of store.read()) {
        read.push(event.position);
        if (read.length < 300) await store.append(newEvent('late'));
      }
      expect(read).toEqual(matching(all, {}).map(({ position }) => position));
    });

    it('by id find an event of the tenant, else nothing', async () => {
      const [first] = all.filter(({ tenantId }) => tenantId === 'default') as [StoredEvent];
      expect(await store.getEvent(first.id)).toEqual(first);
      expect(await store.getEvent(first.id.toUpperCase())).toEqual(first);
      expect(await store.getEvent('00000000-0000-4000-8000-000000000000')).toBeUndefined();
      expect(await store.getEvent('no id at all')).toBeUndefined();
      expect(await store.getEvent('')).toBeUndefined();
      const bytes = await store.getEventBytes(first.id);
      expect(textOf(bytes)).toBe(String(store.wire.getEvent(first.id, 'default')));
      expect(JSON.parse(textOf(bytes))).toMatchObject({ id: first.id, payload: first.payload });
      expect(await store.getEventBytes('no id at all')).toBeUndefined();
    });

    it('refuse a cursor of another query, order or list', async () => {
      const { nextCursor } = await store.readPage({ limit: 2, entityId: 'e1' });
      const cursor = nextCursor ?? '';
      const same = await store.readPage({ limit: 50, entityId: 'e1', cursor });
      expect(same.events.length).toBeGreaterThan(2);
      const others: ReadOptions[] = [
        {},
        { entityId: 'e2' },
        { entityId: 'e1', order: 'desc' },
        { entityId: 'e1', eventType: 'order.paid' },
        { entityId: 'e1', tenantId: 'two' },
      ];
      for (const other of others) {
        expect(await codeOf(() => store.readPage({ ...other, cursor }))).toBe('invalid_query');
      }
      expect(await codeOf(() => store.entities({ cursor }))).toBe('invalid_query');
    });

    it.each<[string, Record<string, unknown>]>([
      ['limit', { limit: 0 }],
      ['limit', { limit: 10_001 }],
      ['limit', { limit: 1.5 }],
      ['limit', { limit: '5' }],
      ['order', { order: 'up' }],
      ['cursor', { cursor: 'abc' }],
      ['cursor', { cursor: 7 }],
      ['cursor', { cursor: '' }],
      ['since', { since: 'yesterday' }],
      ['since', { since: 1.5 }],
      ['until', { until: '2026-02-30T00:00:00Z' }],
      ['as_of', { asOf: new Date(0) }],
      ['from_position', { fromPosition: -1 }],
      ['from_position', { fromPosition: 1.5 }],
      ['tenant_id', { tenantId: 5 }],
      ['entity_id', { entityId: 5 }],
      ['event_type', { eventType: ['a'] }],
      ['event_type_prefix', { eventTypePrefix: null }],
    ])('refuse a bad %s: %j', async (field, options) => {
      const reads = [
        () => store.readPage(wrong(options)),
        () => store.readBytes(wrong(options)),
        ...(field === 'limit'
          ? []
          : [() => store.read(wrong(options)), () => store.readNdjson(wrong(options))]),
      ];
      for (const read of reads) expect(await codeOf(read)).toBe('invalid_query');
    });
  });
}
