import { DuckDBInstance } from '@duckdb/node-api';
import { expect, onTestFinished } from 'vitest';
import type { EmbeddedStore, StoredEvent } from '../../src/index.js';

/** Small, so that a few thousand events fill several. */
export const segmentBytesMax = 128 * 1024;

export async function fill(
  store: EmbeddedStore,
  events: number,
  { tenantId = 'default', from = 0, filler = 100 } = {},
): Promise<void> {
  for (let i = 0; i < events; i += 500) {
    const count = Math.min(500, events - i);
    await store.appendBatch(
      Array.from({ length: count }, (_, j) => {
        const n = from + i + j;
        return {
          tenantId,
          eventType: n % 3 === 0 ? 'order.placed' : 'order.paid',
          entityId: `order-${n % 97}`,
          payload: { n, total: n / 4, text: 'ä"\\\n'.repeat(n % 3), filler: 'x'.repeat(filler) },
          ...(n % 5 === 0 && { metadata: { source: `s${n % 2}` } }),
          ...(n % 4 === 0 && { tags: [`t:${n % 7}`, 'all'] }),
        };
      }),
    );
  }
}

/** The log drops what has its index file. */
export async function untilIndexed(store: EmbeddedStore): Promise<void> {
  const all = async () => store.counters().indexedSegments >= (await store.stats()).segments - 1;
  await expect.poll(all, { timeout: 60_000 }).toBe(true);
}

export interface Row {
  readonly position: bigint;
  readonly tenant_id: string;
  readonly event_id: string;
  readonly payload: string;
}

/** Rows of Parquet files, as DuckDB reads them. */
export async function rowsOf(paths: readonly string[]): Promise<readonly Row[]> {
  const instance = await DuckDBInstance.create(':memory:');
  onTestFinished(() => instance.closeSync());
  const connection = await instance.connect();
  const list = paths.map((path) => `'${path}'`).join(', ');
  const sql = `SELECT position, tenant_id, event_id, payload FROM read_parquet([${list}]) ORDER BY position`;
  return (await connection.runAndReadAll(sql)).getRowObjects() as unknown as readonly Row[];
}

export async function eventsOf(
  store: EmbeddedStore,
  { tenantId = 'default', last = Infinity } = {},
): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const event of store.read({ tenantId }))
    if (event.position <= last) events.push(event);
  return events;
}
