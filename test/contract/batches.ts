import { describe, expect, it } from 'vitest';
import {
  chunksOf,
  codeOf,
  collect,
  errorOf,
  line,
  newEvent,
  turn,
  uuid,
} from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const bad: [string, string][] = [
  ['an entity id that is too long', line('x'.repeat(257))],
  ['a stale version', line('a', '1', { expected_version: 9 })],
  ['a taken event id', line('a', '"other"', { event_id: uuid(1) })],
  ['a line that is not JSON', '{"event_type":'],
  ['a line that is no object', '[1]'],
  ['an unknown field', line('a', '1', { colour: 'red' })],
  ['a missing payload', '{"event_type":"a","entity_id":"a"}'],
];

export function describeBatches(mode: StoreMode): void {
  describe('appendBatch', () => {
    it('numbers its events one behind the other, over several entities and tenants', async () => {
      const store = await mode.open();
      await store.append(newEvent('a'));
      const batch = await store.appendBatch(
        [newEvent('a'), newEvent('b'), newEvent('a', 3, { tenantId: 'two' }), newEvent('a')],
        { tenantId: 'default' },
      );
      expect(batch).toMatchObject({ ingested: 4, firstPosition: 2, lastPosition: 5 });
      expect(batch.results.map(({ version }) => version)).toEqual([2, 1, 1, 3]);
      const times = new Set(batch.results.map(({ timestamp }) => timestamp));
      expect(times.size).toBe(1);
    });

    it('becomes visible as one', async () => {
      const store = await mode.open();
      const seen = new Set<number>();
      const batches = Array.from({ length: 40 }, (_, i) =>
        store
          .appendBatch(Array.from({ length: 25 }, (_, n) => newEvent(`e${n}`, i)))
          .then(() => seen.add(store.watermark % 25)),
      );
      while (store.watermark < 1000) {
        await turn();
        const { events } = await store.readPage({ order: 'desc', limit: 1 });
        seen.add((events[0]?.position ?? 0) % 25);
      }
      await Promise.all(batches);
      expect([...seen]).toEqual([0]);
    });

    it.each(bad)('writes nothing of it where one event has %s', async (_, badLine) => {
      const store = await mode.open();
      await store.append(newEvent('a', 1, { eventId: uuid(1) }));
      const text = [line('a'), line('b'), badLine, line('c')].join('\n');
      const error = await errorOf(() => store.appendBatch(Buffer.from(text)));
      expect(error.status).toBeGreaterThanOrEqual(400);
      expect(error.status).toBeLessThan(413);
      expect(store.watermark).toBe(1);
      const next = await store.append(newEvent('b'));
      expect(next).toMatchObject({ version: 1, position: 2 });
    });

    it('takes bytes as NDJSON or as a JSON array, and a stream of either', async () => {
      const store = await mode.open();
      const lines = [line('a', '1'), line('b', '2'), line('a', '3')];
      await store.appendBatch(Buffer.from(lines.join('\n')));
      await store.appendBatch(Buffer.from(`${lines.join('\r\n')}\r\n\r\n  \n`));
      await store.appendBatch(Buffer.from(` [${lines.join(',')}]\n`));
      await store.appendBatch(chunksOf(lines.join('\n'), 7));
      await store.appendBatch(chunksOf(`[${lines.join(', ')}]`, 1));
      const events = await collect(store.read());
      const payloads = events.map(({ payload }) => payload);
      expect(payloads).toEqual(Array.from({ length: 5 }, () => [1, 2, 3]).flat());
    });

    it('leaves the results out for a summary', async () => {
      const store = await mode.open();
      const summary = await store.appendBatch([newEvent('a'), newEvent('b')], {
        return: 'summary',
      });
      expect(summary).toEqual({ ingested: 2, firstPosition: 1, lastPosition: 2, results: [] });
    });

    it('puts events that name no tenant into that of the batch', async () => {
      const store = await mode.open();
      const text = `${line('a')}\n${line('a', '1', { tenant_id: 'three' })}`;
      await store.appendBatch(Buffer.from(text), { tenantId: 'two' });
      expect(await collect(store.read({ tenantId: 'two' }))).toHaveLength(1);
      expect(await collect(store.read({ tenantId: 'three' }))).toHaveLength(1);
      expect(await collect(store.read())).toEqual([]);
    });

    it.each([
      ['no events', () => []],
      ['no bytes', () => Buffer.alloc(0)],
      ['white space only', () => Buffer.from(' \n\r\n')],
      ['an empty array', () => Buffer.from('[]')],
      ['an empty stream', () => chunksOf('')],
    ])('refuses %s', async (_, make) => {
      const store = await mode.open();
      expect(await codeOf(() => store.appendBatch(make()))).toBe('validation_error');
    });

    it('names the line of an error in NDJSON, the index in an array', async () => {
      const store = await mode.open();
      const text = `${line('a')}\n\n${line('a')}\r\n${line(' a')}\n`;
      const error = await errorOf(() => store.appendBatch(Buffer.from(text)));
      expect(error.message).toMatch(/^line 4: entity_id: /);
      expect(error.details).toEqual([
        {
          field: expect.stringMatching(/^entity(_id|Id)$/),
          line: 4,
          reason: expect.stringContaining('white space'),
        },
      ]);
      const inArray = await errorOf(() => store.appendBatch([newEvent('a'), newEvent(' a')]));
      expect(inArray.message).toMatch(/^events\[1\]: entity(Id|_id): /);
      expect(inArray.details).toEqual([
        {
          field: expect.stringMatching(/entityId$/),
          reason: expect.stringContaining('white space'),
        },
      ]);
    });

    it('keeps many batches in flight apart', async () => {
      const store = await mode.open();
      const sizes = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89];
      const batches = await Promise.all(
        sizes.map((size, b) =>
          store.appendBatch(
            Array.from({ length: size }, (_, n) => newEvent(`e${n % 4}`, { b, n })),
          ),
        ),
      );
      let next = 1;
      for (const [b, { firstPosition, lastPosition, results }] of batches.entries()) {
        expect([firstPosition, lastPosition]).toEqual([next, next + (sizes[b] ?? 0) - 1]);
        expect(results).toHaveLength(sizes[b] ?? 0);
        next = lastPosition + 1;
      }
    });
  });
}
