import { Buffer } from 'node:buffer';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { openEventStore } from '../../dist/index.js';
import { median } from '../harness/statistics.mjs';
import { eventType, makeOrderBatches } from '../input/order.mjs';
import { measureRate } from './measureRate.mjs';
import { checkAcknowledged, describeCommits } from './openBenchStore.mjs';

const turns = 8;
const eventsAtHand = 32_768;
const otherSubjects = 200;
/** Types that follow each other, so that none is found by being that of the event before. */
const types = 8;

/** What the orders of `makeOrder` keep to. */
const orderSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['customer', 'currency', 'express', 'items'],
  properties: {
    customer: { type: 'string', minLength: 1 },
    currency: { enum: ['EUR', 'USD', 'GBP', 'CHF'] },
    express: { type: 'boolean' },
    items: {
      type: 'array',
      items: {
        type: 'object',
        required: ['sku', 'quantity', 'price_cents'],
        properties: {
          sku: { type: 'string', pattern: '^sku-[0-9]+$' },
          quantity: { type: 'integer', minimum: 1 },
          price_cents: { type: 'integer', minimum: 0 },
        },
      },
    },
    note: { type: 'string' },
  },
};

/**
 * NDJSON appends whose payloads are checked against a schema before they are committed (`of:
 * enforced`), or whose types have none while others have (`others`), in turns with the same appends
 * to a store without any schema.
 *
 * @param {{of: 'enforced' | 'others', dataDir: string, inFlight: number, events: number,
 *   warmUpSeconds: number, seconds: number, eventsMax: number}} options
 */
export async function run(options) {
  const { of, inFlight, events, eventsMax, seconds } = options;
  const batches = of === 'enforced' ? ordersOf(events) : ordersOf(events).map(withManyTypes);
  const plain = await openStore(join(options.dataDir, 'plain'));
  const gated = await openStore(join(options.dataDir, 'gated'));
  await register(gated.store, of);
  gated.acknowledged = gated.store.watermark;
  /** @param {typeof plain} opened */
  const measure = async (opened) => {
    const how = { inFlight, eventsPerCall: events, warmUpSeconds: 0.1, seconds: seconds / turns };
    const measured = await measureRate({
      ...how,
      eventsMax,
      call: (index) =>
        opened.store.appendBatch(batches[index % batches.length] ?? [], { return: 'summary' }),
    });
    opened.acknowledged += measured.acknowledged;
    opened.nanos.push(measured.extra.cpuNanosPerEvent);
    return measured.rate;
  };
  await measure(plain);
  await measure(gated);
  const rates = { plain: /** @type {number[]} */ ([]), gated: /** @type {number[]} */ ([]) };
  for (let turn = 0; turn < turns; turn++) {
    rates.plain.push(await measure(plain));
    rates.gated.push(await measure(gated));
  }
  await checkVersions(gated.store, of === 'enforced' ? 1 : undefined);
  const cpuNanosPerEvent = { plain: median(plain.nanos), gated: median(gated.nanos) };
  const extra = { ...rates, cpuNanosPerEvent, ...describeCommits(gated.store.counters()) };
  for (const { store, acknowledged } of [plain, gated]) {
    await checkAcknowledged(store, acknowledged);
    await store.close();
  }
  return { value: median(rates.gated), peer: median(rates.plain), extra };
}

/** @param {string} dataDir */
async function openStore(dataDir) {
  mkdirSync(dataDir, { recursive: true });
  // Snapshots that it makes by itself would be counted.
  const store = await openEventStore({ dataDir, snapshots: { automatic: false } });
  return { store, acknowledged: 0, nanos: /** @type {number[]} */ ([]) };
}

/**
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {'enforced' | 'others'} of
 */
async function register(store, of) {
  if (of === 'enforced') {
    await store.schemas.register(eventType, orderSchema);
    return;
  }
  for (let i = 1; i <= otherSubjects; i++) {
    const subject = i % 10 === 0 ? `other-${i}.*` : `other.type-${i}`;
    await store.schemas.register(subject, orderSchema);
  }
}

/**
 * Throws where the newest events were not checked, or were though they have no schema.
 *
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {number | undefined} expected
 */
async function checkVersions(store, expected) {
  const { events } = await store.readPage({ order: 'desc', limit: 10_000 });
  if (events.length > 0 && events.every(({ schemaVersion }) => schemaVersion === expected)) return;
  throw new Error(`expected events of schema version ${expected}, got others`);
}

/** @param {number} events of a batch */
function ordersOf(events) {
  return makeOrderBatches({ batches: Math.max(8, Math.ceil(eventsAtHand / events)), events });
}

/** @param {Uint8Array} batch */
function withManyTypes(batch) {
  const lines = Buffer.from(batch).toString().split('\n');
  const wanted = `"event_type":"${eventType}"`;
  const changed = lines.map((line, i) =>
    line.replace(wanted, `"event_type":"${eventType}.${i % types}"`),
  );
  return Buffer.from(changed.join('\n'));
}
