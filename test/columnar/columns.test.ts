import { tableFromIPC } from 'apache-arrow';
import type { RecordBatch } from 'apache-arrow';
import fc from 'fast-check';
import { Table as RustTable } from 'parquet-wasm/node';
import { describe, expect, it } from 'vitest';
import type { EmbeddedStore, JsonValue } from '../../src/index.js';
import { openEventStore } from '../../src/index.js';
import { collect } from '../support/store.js';

async function inStore(run: (store: EmbeddedStore) => Promise<void>): Promise<void> {
  const store = await openEventStore({ memory: true });
  try {
    await run(store);
  } finally {
    await store.close();
  }
}

function valuesOf(batches: readonly RecordBatch[], name: string): unknown[] {
  return batches.flatMap((batch) => [...(batch.getChild(name) ?? [])] as unknown[]);
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const member = fc.constantFrom('a', 'b', 'a"b', 'é', '0', '1', 'x y');
const { payload } = fc.letrec<{ payload: JsonValue }>((tie) => ({
  payload: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    text,
    fc.array(tie('payload'), { maxLength: 3 }),
    fc.dictionary(member, tie('payload'), { maxKeys: 4 }),
  ),
}));

const event = fc.record({
  eventType: fc.constantFrom('a.x', 'a.y', 'b.x'),
  entityId: fc.constantFrom('e1', 'e2', 'e3'),
  payload,
  tags: fc.uniqueArray(fc.constantFrom('red', 'blue', 'grün'), { maxLength: 3 }),
  metadata: fc.option(fc.dictionary(member, fc.integer(), { maxKeys: 2 })),
});

const path = fc.array(member, { minLength: 1, maxLength: 3 });

/** What JavaScript has at a path of own members and items. */
function valueAt(value: JsonValue, names: readonly string[]): JsonValue | undefined {
  let at: JsonValue | undefined = value;
  for (const name of names) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, JsonValue>)[name];
  }
  return at;
}

const columns = ['position', 'event_id', 'event_type', 'entity_id', 'payload'] as const;

const orNull = <T>(condition: boolean, value: T): T | null => (condition ? value : null);

describe('columns of the engine', () => {
  it('hold what reads give, for random events, filters and sizes of batches', async () => {
    const property = fc.asyncProperty(
      fc.array(event, { maxLength: 40 }),
      fc.array(path, { maxLength: 3 }),
      fc.record({
        eventType: fc.option(fc.constantFrom('a.x', 'b.x'), { nil: undefined }),
        eventTypePrefix: fc.option(fc.constant('a.'), { nil: undefined }),
        entityId: fc.option(fc.constantFrom('e1', 'e2'), { nil: undefined }),
        order: fc.constantFrom<'asc' | 'desc'>('asc', 'desc'),
        limit: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
      }),
      fc.integer({ min: 1, max: 20 }),
      async (events, paths, filter, batchRows) => {
        await inStore(async (store) => {
          if (events.length > 0) await store.appendBatch(events);
          const wanted = await collect(store.read(filter));
          const fields = Object.fromEntries(
            paths.flatMap((names, i) =>
              (['float64', 'int64', 'bool', 'utf8', 'json'] as const).map((type) => [
                `${i}:${type}`,
                { path: names.join('.'), type },
              ]),
            ),
          );
          const batches = await collect(store.columns({ ...filter, columns, fields, batchRows }));
          for (const { numRows } of batches) expect(numRows).toBeLessThanOrEqual(batchRows);
          expect(valuesOf(batches, 'position')).toEqual(wanted.map((e) => BigInt(e.position)));
          expect(valuesOf(batches, 'event_id')).toEqual(wanted.map((e) => e.id));
          expect(valuesOf(batches, 'event_type')).toEqual(wanted.map((e) => e.eventType));
          expect(valuesOf(batches, 'entity_id')).toEqual(wanted.map((e) => e.entityId));
          expect(valuesOf(batches, 'payload')).toEqual(
            wanted.map((e) => JSON.stringify(e.payload)),
          );
          for (const [i, names] of paths.entries()) {
            const values = wanted.map((e) => valueAt(e.payload, names));
            expect(valuesOf(batches, `${i}:float64`)).toEqual(
              values.map((value) => orNull(typeof value === 'number', value)),
            );
            expect(valuesOf(batches, `${i}:bool`)).toEqual(
              values.map((value) => orNull(typeof value === 'boolean', value)),
            );
            expect(valuesOf(batches, `${i}:utf8`)).toEqual(
              values.map((value) => orNull(typeof value === 'string', value)),
            );
            expect(valuesOf(batches, `${i}:json`)).toEqual(
              values.map((value) => (value === undefined ? null : JSON.stringify(value))),
            );
            expect(valuesOf(batches, `${i}:int64`)).toEqual(
              values.map((value) =>
                typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63
                  ? BigInt(value)
                  : null,
              ),
            );
          }
        });
      },
    );
    await fc.assert(property, { numRuns: Number(process.env['COLUMN_CASES'] ?? 200) });
  });

  it('are read by another implementation of Arrow, whose dictionaries change from batch to batch', async () => {
    await inStore(async (store) => {
      for (let i = 0; i < 50; i++) {
        await store.append({ eventType: `t${i % 7}`, entityId: `e${i}`, payload: { n: i } });
      }
      const options = { batchRows: 8, columns, fields: { n: 'int64' as const } };
      const stream = Buffer.concat(await collect(store.readArrow(options)));
      // The implementation in Rust reads the stream and writes it anew.
      const again = tableFromIPC(RustTable.fromIPCStream(stream).intoIPCStream());
      const { numRows } = again;
      expect(numRows).toBe(50);
      const events = await collect(store.read());
      expect([...(again.getChild('entity_id') ?? [])]).toEqual(events.map((e) => e.entityId));
      expect([...(again.getChild('event_type') ?? [])]).toEqual(events.map((e) => e.eventType));
      expect([...(again.getChild('n') ?? [])]).toEqual(events.map((_, i) => BigInt(i)));
    });
  });

  it('take numbers as JavaScript does, at the ends of their range', async () => {
    const numbers = ['1e400', '-1e400', '1e-400', '5e-324', '5.0', '5e3', '9007199254740993'];
    const wide = ['9223372036854775807', '9223372036854775808', '-9223372036854775808'];
    await inStore(async (store) => {
      const lines = [...numbers, ...wide].map(
        (n) => `{"event_type":"t","entity_id":"e","payload":{"n":${n}}}\n`,
      );
      await store.appendBatch(Buffer.from(lines.join('')));
      const batches = await collect(
        store.columns({ fields: { n: 'float64', i: { path: 'n', type: 'int64' } } }),
      );
      expect(valuesOf(batches, 'n')).toEqual([
        ...[null, null, 0, 5e-324, 5, 5000, 9007199254740992],
        ...[2 ** 63, 2 ** 63, -(2 ** 63)],
      ]);
      expect(valuesOf(batches, 'i')).toEqual([
        ...[null, null, 0n, null, 5n, 5000n, 9007199254740993n],
        ...[9223372036854775807n, null, -9223372036854775808n],
      ]);
    });
  });

  it('take the last of members with one name, and leave out what UTF-8 can not express', async () => {
    const payloads = [
      '{"a":{"b":1},"a":{}}',
      '{"a":{"b":1},"\\u0061":{"b":"\\u00e9"}}',
      '{"a":{"b":"\\ud800"}}',
    ];
    await inStore(async (store) => {
      const lines = payloads.map((p) => `{"event_type":"t","entity_id":"e","payload":${p}}\n`);
      await store.appendBatch(Buffer.from(lines.join('')));
      const batches = await collect(
        store.columns({
          columns: [],
          fields: { 'a.b': 'utf8', raw: { path: 'a.b', type: 'json' } },
        }),
      );
      expect(valuesOf(batches, 'a.b')).toEqual([null, 'é', null]);
      expect(valuesOf(batches, 'raw')).toEqual([null, '"\\u00e9"', '"\\ud800"']);
    });
  });

  it('stays right while batches come and go, and ends where its signal says', async () => {
    await inStore(async (store) => {
      const events = Array.from({ length: 5000 }, (_, i) => ({
        eventType: 't',
        entityId: `e${i % 9}`,
        payload: { i },
      }));
      await store.appendBatch(events);
      for (let round = 0; round < 20; round++) {
        let i = 0;
        for await (const batch of store.columns({ batchRows: 128, fields: { i: 'int64' } })) {
          for (const value of batch.getChild('i') ?? []) expect(value).toBe(BigInt(i++));
        }
        expect(i).toBe(5000);
      }
      const ending = new AbortController();
      const reading = store.columns({ batchRows: 100, signal: ending.signal });
      await reading.next();
      ending.abort();
      await expect(collect(reading)).rejects.toMatchObject({ code: 'aborted' });
    });
  });
});
