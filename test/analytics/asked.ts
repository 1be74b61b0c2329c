// The same events in SQL.
import type { EmbeddedStore } from '../../src/index.js';

type Row = Readonly<Record<string, unknown>>;

/** The events as `history`: position, t (microseconds), ts, entity_id, event_type, payload. */
const history = `history AS (
  SELECT position, epoch_us(timestamp) AS t, timestamp AT TIME ZONE 'UTC' AS ts, entity_id, event_type, payload
  FROM events)`;

export async function sqlRows(store: EmbeddedStore, sql: string): Promise<readonly Row[]> {
  const [, named, rest] = /^\s*(WITH\s)?(.*)$/s.exec(sql) ?? [];
  const query = named === undefined ? `WITH ${history} ${rest}` : `WITH ${history}, ${rest}`;
  return (await store.sql(query)).toArray();
}

export async function sqlRow(store: EmbeddedStore, sql: string): Promise<Row> {
  return (await sqlRows(store, sql))[0] ?? {};
}
