import { open, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ColumnsOptions, EmbeddedStore } from '../../src/index.js';
import { errorOf, makeDirectory, openStore } from '../support/store.js';
import { fill, segmentBytesMax, untilIndexed } from './support.js';

// A thread of low priority takes its time where the machine is busy.
vi.setConfig({ testTimeout: 180_000 });

async function rowsOf(store: EmbeddedStore, options: ColumnsOptions): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const batch of store.columns(options)) {
    for (let row = 0; row < batch.numRows; row += 1) {
      rows.push(
        Object.fromEntries(
          batch.schema.fields.map(({ name }) => {
            const value: unknown = batch.getChild(name)?.get(row);
            const isList = typeof value === 'object' && value !== null;
            return [name, isList ? [...(value as Iterable<unknown>)] : value];
          }),
        ),
      );
    }
  }
  return rows;
}

const questions: Readonly<Record<string, ColumnsOptions>> = {
  'all of a tenant': {},
  'another tenant': { tenantId: 'other' },
  'an entity': { entityId: 'order-5' },
  'a type': { eventType: 'order.paid', columns: ['position', 'event_type'] },
  'a prefix of types': { eventTypePrefix: 'order.pl', columns: ['position', 'payload'] },
  tags: { tags: ['t:3', 'all'], columns: ['tags', 'metadata', 'position'] },
  matches: { match: [{ eventTypes: ['order.placed'], tags: ['t:2'] }, { entityIds: ['order-7'] }] },
  fields: {
    columns: ['position'],
    fields: { total: 'float64', n: 'int64', text: 'utf8', x: { path: 'filler', type: 'json' } },
  },
  'from a position on': { fromPosition: 777, columns: ['position', 'timestamp'] },
  'the first ones': { limit: 10 },
  'the newest first': { order: 'desc', columns: ['position', 'version'] },
  'the last of what was dropped': { order: 'desc', limit: 2700, columns: ['position'] },
  nothing: { entityId: 'nobody' },
};

describe('columns of what was dropped from the log', () => {
  it('are as they were when the log had it', async () => {
    const store = await openStore({ dataDir: await makeDirectory(), segmentBytesMax });
    await fill(store, 2500);
    await fill(store, 500, { tenantId: 'other' });
    await store.retention.set({ name: 'newest', keepEvents: 400 });
    const all = await rowsOf(store, { columns: ['timestamp'], limit: 1501 });
    const middle = Number((all.at(-1) as { timestamp: number }).timestamp) * 1000;
    const asked = {
      ...questions,
      'up to a time': { until: Math.floor(middle), columns: ['position'] },
      'since a time': { since: Math.floor(middle), columns: ['position'] },
    } as Readonly<Record<string, ColumnsOptions>>;
    const before: Record<string, unknown> = {};
    for (const [name, options] of Object.entries(asked))
      before[name] = await rowsOf(store, options);
    await untilIndexed(store);
    expect((await store.retention.run()).newFirstPosition).toBeGreaterThan(1500);
    for (const [name, options] of Object.entries(asked)) {
      const rows = await rowsOf(store, options);
      expect(rows.length, name).toBe((before[name] as unknown[]).length);
      expect(rows, name).toEqual(before[name]);
    }
    const ended = new AbortController();
    const aborted = (async () => {
      for await (const batch of store.columns({ signal: ended.signal })) {
        expect(batch.numRows).toBeGreaterThan(0);
        ended.abort();
      }
    })();
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    for await (const batch of store.columns()) {
      expect(batch.numRows).toBeGreaterThan(0);
      break;
    }
  });
});

describe('a file that is the only one to have its events', () => {
  /** Each way of damaging a file: where, of its bytes. */
  const damages: Readonly<Record<string, (path: string) => Promise<void>>> = {
    'changed near its begin': (path) => change(path, 0.01),
    'changed in the middle': (path) => change(path, 0.5),
    'changed near its end': (path) => change(path, 0.95),
    'cut short': async (path) => truncate(path, Math.floor((await stat(path)).size / 2)),
    removed: (path) => rm(path),
  };

  async function change(path: string, part: number): Promise<void> {
    const handle = await open(path, 'r+');
    const at = Math.floor((await handle.stat()).size * part);
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ 0x55;
    await handle.write(byte, 0, 1, at);
    await handle.close();
  }

  it.each(Object.keys(damages))('is read no more where it was %s', async (name) => {
    const dataDir = await makeDirectory();
    const options = { dataDir, segmentBytesMax, parquet: { automatic: false } };
    const store = await openStore(options);
    await fill(store, 2500);
    await untilIndexed(store);
    await store.retention.set({ name: 'newest', keepEvents: 400 });
    await store.retention.run();
    const [file] = await store.parquet.files();
    await store.close();
    await damages[name]?.(join(dataDir, 'columnar', file?.name ?? ''));
    const again = await openStore(options);
    const reads: Readonly<Record<string, () => Promise<unknown>>> = {
      columns: () => rowsOf(again, { columns: ['position'] }),
      Arrow: () => collected(again.readArrow()),
      Parquet: () => collected(again.readParquet()),
      SQL: async () => (await again.sql('SELECT count(*) AS n FROM events')).toArray(),
    };
    for (const [way, read] of Object.entries(reads)) {
      const error = await errorOf(read);
      expect([way, error.code]).toEqual([way, 'storage_damaged']);
      expect(error.message).toContain(`the Parquet file ${file?.name} is damaged`);
    }
    // What the log has is read without it.
    const { firstPosition } = await again.stats();
    expect(await rowsOf(again, { fromPosition: firstPosition })).toHaveLength(
      2500 - firstPosition + 1,
    );
  });

  async function collected(pieces: AsyncIterable<Uint8Array>): Promise<number> {
    let bytes = 0;
    for await (const piece of pieces) bytes += piece.length;
    return bytes;
  }
});
