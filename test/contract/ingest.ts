import { describe, expect, it } from 'vitest';
import { chunksOf, codeOf, collect, errorOf, line, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const lines = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => line(`e${i % 5}`, String(i)));

export function describeIngest(mode: StoreMode): void {
  describe('ingest', () => {
    it.each([
      ['a line break at the end', (all: string[]) => `${all.join('\n')}\n`],
      ['no line break at the end', (all: string[]) => all.join('\n')],
      ['CRLF', (all: string[]) => all.join('\r\n')],
      ['blank lines', (all: string[]) => `\n\n${all.join('\n\n \t\n')}\n\r\n`],
    ])('takes NDJSON with %s, cut anywhere', async (_, join) => {
      for (const chunkBytes of [1, 13, 1000, Infinity]) {
        const store = await mode.open();
        const source = chunksOf(join(lines(57)), chunkBytes);
        const total = await store.ingest(source, { batchEvents: 10 });
        expect(total.events).toBe(57);
        const events = await collect(store.read());
        expect(events.map(({ payload }) => payload)).toEqual(
          Array.from({ length: 57 }, (_, i) => i),
        );
      }
    });

    it('reports progress after each batch, in order of the input', async () => {
      const store = await mode.open();
      const seen: number[] = [];
      const watermarks: boolean[] = [];
      const text = lines(95).join('\n');
      const total = await store.ingest(chunksOf(text, 500), {
        batchEvents: 10,
        inFlight: 3,
        onProgress: ({ events }) => {
          seen.push(events);
          watermarks.push(store.watermark >= events);
        },
      });
      expect(seen).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 95]);
      expect(watermarks.every(Boolean)).toBe(true);
      expect(total).toEqual({ events: 95, bytes: Buffer.byteLength(text) });
    });

    it.each([1, 2, 4, 16])('stops at a bad line with %i batches in flight', async (inFlight) => {
      const store = await mode.open();
      const all = lines(100);
      all[34] = '{"event_type":"x"}';
      const text = `\n${all.join('\n')}`;
      const error = await errorOf(() =>
        store.ingest(chunksOf(text), { batchEvents: 10, inFlight }),
      );
      expect(error.code).toBe('validation_error');
      expect(error.message).toMatch(/^line 36: /);
      expect(error.details?.[0]?.line).toBe(36);
      await store.close();
      // The first line is blank: the batches are lines 1-10, 11-20, 21-30, and 31-40 has the bad one.
      expect(store.watermark).toBe(29);
    });

    it('names the line of broken JSON and of broken UTF-8', async () => {
      const store = await mode.open();
      const broken = `${lines(25).join('\n')}\n{"payload":\n`;
      const json = await errorOf(() => store.ingest(chunksOf(broken), { batchEvents: 10 }));
      expect([json.code, json.message.slice(0, 8)]).toEqual(['invalid_json', 'line 26:']);
      const bytes = Buffer.concat([
        Buffer.from(`${lines(12).join('\n')}\n`),
        Buffer.from([0xff, 0x0a]),
      ]);
      const utf8 = await errorOf(() => store.ingest(chunksOf(bytes), { batchEvents: 10 }));
      expect([utf8.code, utf8.message.slice(0, 8)]).toEqual(['invalid_json', 'line 13:']);
    });

    it('takes long lines, between short ones', async () => {
      const store = await mode.open();
      const sizes = [10, 300_000, 10, 262_144, 524_288, 1_900_000, 10];
      const text = sizes.map((size) => line('a', `"${'x'.repeat(size)}"`)).join('\n');
      const total = await store.ingest(chunksOf(text, 65_536));
      expect(total.events).toBe(sizes.length);
      const events = await collect(store.read());
      expect(events.map(({ payload }) => String(payload).length)).toEqual(sizes);
    });

    it('puts lines into the tenant, and skips what it knows already', async () => {
      const store = await mode.open();
      const text = lines(10)
        .map(
          (text, i) => `${text.slice(0, -1)},"event_id":"00000000-0000-4000-8000-00000000000${i}"}`,
        )
        .join('\n');
      expect((await store.ingest(chunksOf(text), { tenantId: 'two' })).events).toBe(10);
      expect((await store.ingest(chunksOf(text), { tenantId: 'two' })).events).toBe(0);
      expect((await store.stats({ tenantId: 'two' })).totalEvents).toBe(10);
      expect((await store.stats({ tenantId: 'default' })).totalEvents).toBe(0);
    });

    it('ends on abort and on an error of its source', async () => {
      const store = await mode.open();
      const controller = new AbortController();
      const endless = async function* (): AsyncGenerator<Uint8Array> {
        for (;;) yield Buffer.from(`${lines(10).join('\n')}\n`);
      };
      const options = {
        batchEvents: 10,
        signal: controller.signal,
        onProgress: () => controller.abort(),
      };
      expect(await codeOf(() => store.ingest(endless(), options))).toBe('aborted');
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from(`${lines(10).join('\n')}\n`);
        throw new Error('the source broke');
      };
      await expect(store.ingest(failing(), { batchEvents: 5 })).rejects.toThrow('the source broke');
    });

    it('of nothing is nothing', async () => {
      const store = await mode.open();
      expect(await store.ingest(chunksOf(''))).toEqual({ events: 0, bytes: 0 });
      expect(await store.ingest(chunksOf('\n \r\n'))).toEqual({ events: 0, bytes: 0 });
    });

    it.each([
      ['a string', 'text', {}],
      ['null', null, {}],
      [
        'a stream of strings',
        (async function* () {
          yield 'text';
        })(),
        {},
      ],
      ['a tenant that is no text', chunksOf('x'), { tenantId: 5 }],
    ])('refuses %s', async (_, source, options) => {
      const store = await mode.open();
      expect(await codeOf(() => store.ingest(wrong(source), wrong(options)))).toBe(
        'validation_error',
      );
    });

    it.each([{ batchEvents: 0 }, { batchEvents: 1.5 }, { inFlight: 0 }, { inFlight: 2000 }])(
      'refuses %j',
      async (options) => {
        const store = await mode.open();
        expect(await codeOf(() => store.ingest(chunksOf(''), options))).toBe('invalid_query');
      },
    );
  });
}
