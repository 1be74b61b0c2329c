import { tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { codeOf, collect, newEvent } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const names = [
  'position',
  'timestamp',
  'version',
  'event_id',
  'tenant_id',
  'entity_id',
  'event_type',
  'schema_version',
  'tags',
  'metadata',
  'payload',
];

type Opened = Awaited<ReturnType<StoreMode['open']>>;
type Options = Parameters<Opened['readArrow']>[0];

/** Options that can't be, and what the message says of them. */
const refused: [object, string][] = [
  [{ columns: ['amount'] }, 'column'],
  [{ columns: ['payload'], fields: { payload: 'json' } }, 'payload'],
  [{ fields: { total: 'decimal' } }, 'field'],
  [{ fields: { 'a..b': 'utf8' } }, 'names with dots between them'],
  [{ limit: 0 }, 'limit'],
];

async function tableOf(store: Opened, options: Options) {
  return tableFromIPC(Buffer.concat(await collect(store.readArrow(options))));
}

export function describeColumns(mode: StoreMode): void {
  describe('columns', () => {
    it('has a column for each part of an event', async () => {
      const store = await mode.open();
      await store.append(newEvent('a', { total: 1.5 }, { tags: ['x', 'é'], metadata: { by: 1 } }));
      await store.append(newEvent('b', [1], {}));
      const table = await tableOf(store, {});
      expect(table.schema.fields.map(({ name }) => name)).toEqual(names);
      const events = await collect(store.read());
      const rows = table.toArray().map((row) => ({ ...(row as { toJSON(): object }).toJSON() }));
      expect(rows).toHaveLength(2);
      for (const [i, event] of events.entries()) {
        const row = rows[i] as Record<string, unknown>;
        const { tags, timestamp, ...rest } = row;
        expect([...(tags as Iterable<unknown>)]).toEqual(event.tags);
        expect(timestamp).toBe(event.timestamp / 1000);
        expect(rest).toEqual({
          position: BigInt(event.position),
          version: BigInt(event.version),
          event_id: event.id,
          tenant_id: event.tenantId,
          entity_id: event.entityId,
          event_type: event.eventType,
          schema_version: null,
          metadata: event.metadata === null ? null : JSON.stringify(event.metadata),
          payload: JSON.stringify(event.payload),
        });
      }
    });

    it('has fields of payloads as typed columns, null where they are not of the type', async () => {
      const store = await mode.open();
      const payloads = [{ n: 3, s: 'é"', b: true, o: { x: [1, 2] } }, { n: '3', s: 3 }, 7];
      for (const payload of payloads) await store.append(newEvent('a', payload));
      const table = await tableOf(store, {
        columns: ['position'],
        fields: {
          n: 'float64',
          whole: { path: 'n', type: 'int64' },
          s: 'utf8',
          b: 'bool',
          second: { path: 'payload.o.x.1', type: 'float64' },
          o: 'json',
        },
      });
      const column = (name: string): unknown[] => [...(table.getChild(name) ?? [])];
      expect(column('n')).toEqual([3, null, null]);
      expect(column('whole')).toEqual([3n, null, null]);
      expect(column('s')).toEqual(['é"', null, null]);
      expect(column('b')).toEqual([true, null, null]);
      expect(column('second')).toEqual([2, null, null]);
      expect(column('o')).toEqual(['{"x":[1,2]}', null, null]);
    });

    it('takes filters, order and limit, and has a schema where nothing matches', async () => {
      const store = await mode.open();
      for (let i = 0; i < 20; i++) await store.append(newEvent(`e${i % 3}`, i));
      const options = { columns: ['position' as const], entityId: 'e1', order: 'desc' as const };
      const all = [
        ...((await tableOf(store, { ...options, limit: 3 })).getChild('position') ?? []),
      ];
      expect(all).toEqual([20n, 17n, 14n]);
      const none = await tableOf(store, { ...options, entityId: 'nobody' });
      expect([none.numRows, none.schema.fields.map(({ name }) => name)]).toEqual([0, ['position']]);
    });

    it.each(refused)('%j is refused', async (options, what) => {
      const store = await mode.open();
      await store.append(newEvent('a'));
      const reading = collect(store.readArrow(options));
      await expect(reading).rejects.toMatchObject({ code: 'invalid_query' });
      await expect(reading).rejects.toThrow(what);
    });

    it('is of one tenant', async () => {
      const store = await mode.open();
      await store.append(newEvent('a', 1, { tenantId: 'one' }));
      await store.append(newEvent('a', 2, { tenantId: 'two' }));
      const table = await tableOf(store, { tenantId: 'two' });
      expect([...(table.getChild('payload') ?? [])]).toEqual(['2']);
      expect(await codeOf(() => store.readArrow({ tenantId: '$system' }))).toBe('invalid_query');
    });
  });
}
