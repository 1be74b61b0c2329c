import { Buffer } from 'node:buffer';

export const payloadBytes = 200;
export const lineBytes = 268;
export const entityCount = 10_000;
export const eventType = 'order.placed';

/**
 * Draws the same numbers in every run, so that runs can be compared (mulberry32).
 *
 * @param {number} seed
 * @returns {() => number} integers of 32 bits
 */
export function makeRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** @param {number} entity 0 to 999 999 */
export function entityIdOf(entity) {
  return `order-${digits(entity, 6)}`;
}

/**
 * An order whose payload is 200 bytes of JSON.
 *
 * @param {() => number} random
 * @param {number} [entity] default: one of 10 000 at random
 */
export function makeOrder(random, entity = random() % entityCount) {
  const item = () => ({
    sku: `sku-${digits(random() % 100_000, 5)}`,
    quantity: 1 + (random() % 9),
    price_cents: 1_000 + (random() % 9_000),
  });
  const payload = {
    customer: `customer-${digits(random() % 1_000_000, 6)}`,
    currency: 'EUR',
    express: random() % 2 === 0,
    items: [item(), item()],
    note: '',
  };
  payload.note = 'x'.repeat(payloadBytes - JSON.stringify(payload).length);
  return { eventType, entityId: entityIdOf(entity), payload };
}

/**
 * The event as the wire has it, without the line's end.
 *
 * @param {{eventType: string, entityId: string, payload: object}} event
 */
export function toWire(event) {
  return JSON.stringify({
    event_type: event.eventType,
    entity_id: event.entityId,
    payload: event.payload,
  });
}

/**
 * @param {{batches: number, events: number, seed?: number}} how
 * @returns {Buffer[]} NDJSON, `events` lines each
 */
export function makeOrderBatches({ batches, events, seed = 1 }) {
  const random = makeRandom(seed);
  const lines = (/** @type {number} */ count) =>
    Array.from({ length: count }, () => `${toWire(makeOrder(random))}\n`).join('');
  const buffers = Array.from({ length: batches }, () => Buffer.from(lines(events)));
  const expected = events * lineBytes;
  if (buffers.some((buffer) => buffer.length !== expected)) {
    throw new Error(`order input: expected batches of ${expected} bytes; adjust the payload`);
  }
  return buffers;
}

/**
 * @param {number} value
 * @param {number} count
 */
function digits(value, count) {
  return String(value).padStart(count, '0');
}
