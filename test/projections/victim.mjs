// Appends orders and keeps a projection of them, until it is killed. Arguments: directory, seed, and where
// states are: nothing (in the log), or `sqlite` and a file, or `postgres` and the options of a pool.
import {
  defineProjection,
  openEventStore,
  postgresStorage,
  sqliteStorage,
} from '../../dist/index.js';

const [, , dataDir, seedText, kind, place] = process.argv;
let state = Number(seedText) >>> 0;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state % below;
};

const store = await openEventStore({ dataDir });
const handlers = {
  'order.placed': (total, event) => {
    total.count += 1;
    total.sum += event.payload;
    return total;
  },
  'order.deleted': () => null,
};
const totals = defineProjection({
  name: 'totals',
  version: 1,
  onError: 'park',
  init: () => ({ count: 0, sum: 0 }),
  on: {
    ...handlers,
    'order.placed': (total, event) => {
      const next = handlers['order.placed'](total, event);
      if (event.payload === 13) throw new Error('unlucky');
      return next;
    },
  },
});

async function openStorage() {
  if (kind === undefined) return undefined;
  if (kind === 'sqlite') {
    const { default: Database } = await import('libsql');
    return sqliteStorage(new Database(place));
  }
  const { default: pg } = await import('pg');
  const { schema, ...options } = JSON.parse(place);
  const pool = new pg.Pool(options);
  pool.on('error', () => undefined);
  return postgresStorage(pool, { schema });
}

const handle = await store.projections.start(totals, { storage: await openStorage() });
/** States that are not what a rebuild makes are told, and fail the test. */
async function rebuild() {
  const { different } = await handle.rebuild().catch(() => ({ different: [] }));
  if (different.length > 0) console.log(`states differ: ${different.join(', ')}`);
}

console.log('ready');
for (;;) {
  const events = Array.from({ length: 1 + random(20) }, () => ({
    eventType: random(12) === 0 ? 'order.deleted' : 'order.placed',
    entityId: `order-${random(40)}`,
    payload: random(60),
  }));
  await store.appendBatch(events, { return: 'summary' });
  // Short lists and rebuilds make it write often.
  if (random(2) === 0) await handle.list({ limit: 1 });
  if (random(60) === 0) void rebuild();
}
