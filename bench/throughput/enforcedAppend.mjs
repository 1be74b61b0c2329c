import { Buffer } from 'node:buffer';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';

// The gate is set inside the store: nothing of the package's public entry reaches it.
import { NativeEventStore, SystemAccess, openCore } from '../../dist/eventStore/index.js';
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
  const gate = new OrderGate();
  setSubjects(gated.log, gate, of);
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
  const expected = of === 'enforced' ? gated.acknowledged : 0;
  if (gate.checked !== expected) {
    throw new Error(`checked ${gate.checked} payloads, expected ${expected}`);
  }
  const cpuNanosPerEvent = { plain: median(plain.nanos), gated: median(gated.nanos) };
  const extra = { ...rates, cpuNanosPerEvent, ...describeCommits(gated.store.counters()) };
  for (const { store, acknowledged } of [plain, gated]) {
    await checkAcknowledged(/** @type {any} */ (store), acknowledged);
    await store.close();
  }
  return { value: median(rates.gated), peer: median(rates.plain), extra };
}

/** @param {string} dataDir */
async function openStore(dataDir) {
  mkdirSync(dataDir, { recursive: true });
  const core = await openCore({ dataDir }, { milestoneEvery: 0 });
  const store = new NativeEventStore(core, { dataDir });
  return {
    store,
    log: new SystemAccess(core),
    acknowledged: 0,
    nanos: /** @type {number[]} */ ([]),
  };
}

/** Checks orders by a compiled schema, and counts them. */
class OrderGate {
  checked = 0;
  #validate = new Ajv().compile(orderSchema);

  /**
   * @param {number} _subject
   * @param {unknown} payload
   */
  check(_subject, payload) {
    this.checked += 1;
    if (this.#validate(payload)) return 1;
    const [error] = this.#validate.errors ?? [];
    throw new Error(`the bench's own order breaks its schema: ${JSON.stringify(error)}`);
  }
}

/**
 * @param {SystemAccess} log
 * @param {OrderGate} gate
 * @param {'enforced' | 'others'} of
 */
function setSubjects(log, gate, of) {
  log.setPayloadGate(gate);
  if (of === 'enforced') {
    log.setSubject('default', eventType, 1);
    return;
  }
  for (let i = 1; i <= otherSubjects; i++) {
    log.setSubject('default', i % 10 === 0 ? `other-${i}.*` : `other.type-${i}`, i);
  }
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
