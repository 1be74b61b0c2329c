import { Buffer } from 'node:buffer';

import { makeOrder, makeRandom, toWire } from '../input/order.mjs';
import { measureRate } from './measureRate.mjs';
import { checkAcknowledged, describeCommits, openBenchStore } from './openBenchStore.mjs';

const eventsAtHand = 16_384;

/**
 * One event a call, as an object through `append`, or as the bytes that the server's route hands
 *   on.
 *
 * @param {{mode: string, dataDir: string, inFlight: number, input?: string,
 *   warmUpSeconds: number, seconds: number, eventsMax: number}} options
 */
export async function run(options) {
  const random = makeRandom(3);
  const events = Array.from({ length: eventsAtHand }, () => makeOrder(random));
  const bodies = events.map((event) => Buffer.from(toWire(event)));
  const store = await openBenchStore(options);
  const appendObject = (/** @type {number} */ index) => store.append(at(events, index));
  const appendBytes = (/** @type {number} */ index) =>
    store.wire.append(at(bodies, index), 'default');
  const call = options.input === 'bytes' ? appendBytes : appendObject;
  const { rate, acknowledged, extra } = await measureRate({ ...options, call });
  await checkAcknowledged(store, acknowledged);
  const commits = describeCommits(store.counters());
  await store.close();
  return { value: rate, extra: { ...extra, ...commits } };
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {number} index
 * @returns {T}
 */
function at(items, index) {
  return /** @type {T} */ (items[index % items.length]);
}
