import { join } from 'node:path';

import { makeOrder, makeRandom } from '../input/order.mjs';
import { measureRate } from '../throughput/measureRate.mjs';

const eventsAtHand = 16_384;

/**
 * SQLite in WAL mode with `synchronous = FULL` and an index by entity. It is synchronous: what is
 * in flight is committed as one transaction.
 *
 * @param {{dataDir: string, inFlight: number, warmUpSeconds: number, seconds: number,
 *   eventsMax: number}} options
 */
export async function run(options) {
  const Database = await loadDriver();
  if (Database === null) return { value: 0, skipped: 'better-sqlite3 is not installed' };
  const database = new Database(join(options.dataDir, 'events.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(`CREATE TABLE events (position INTEGER PRIMARY KEY, entity_id TEXT NOT NULL,
    version INTEGER NOT NULL, event_type TEXT NOT NULL, payload TEXT NOT NULL);
    CREATE INDEX events_by_entity ON events (entity_id, version);`);
  const insert = database.prepare(`INSERT INTO events (entity_id, version, event_type, payload)
    VALUES (@entityId, 1 + (SELECT coalesce(max(version), 0) FROM events
      WHERE entity_id = @entityId), @eventType, @payload)`);
  const random = makeRandom(11);
  const events = Array.from({ length: eventsAtHand }, () => makeOrder(random));
  const commit = database.transaction((/** @type {number} */ first) => {
    for (let index = first; index < first + options.inFlight; index++) {
      const event = events[index % eventsAtHand] ?? makeOrder(random);
      insert.run({ ...event, payload: JSON.stringify(event.payload) });
    }
  });
  const { rate, extra } = await measureRate({
    ...options,
    inFlight: 1,
    eventsPerCall: options.inFlight,
    call: async (index) => commit(index * options.inFlight),
  });
  database.close();
  return { value: rate, extra };
}

async function loadDriver() {
  try {
    return (await import('better-sqlite3')).default;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
      return null;
    throw error;
  }
}
