import { Buffer } from 'node:buffer';

import { openEventStore } from '../../dist/index.js';
import { makeOrder, makeRandom, toWire } from '../input/order.mjs';
import { runMicro } from './runMicro.mjs';

const eventsAtHand = 4_096;
const callsPerRun = 64;

/**
 * An append without a disk: parsing, checks, frame, hash and the way back to JavaScript, 64 calls
 * at a time.
 *
 * @param {{case: 'object' | 'bytes', seconds: number}} options
 */
export async function run(options) {
  const random = makeRandom(8);
  const events = Array.from({ length: eventsAtHand }, () => makeOrder(random));
  const bodies = events.map((event) => Buffer.from(toWire(event)));
  const store = await openEventStore({ memory: true });
  let next = 0;
  const cases = {
    object: (/** @type {number} */ index) => store.append(events[index] ?? makeOrder(random)),
    bytes: (/** @type {number} */ index) =>
      store.wire.append(bodies[index] ?? Buffer.of(), 'default'),
  };
  const append = cases[options.case];
  const work = () =>
    Promise.all(Array.from({ length: callsPerRun }, () => append(next++ % eventsAtHand)));
  const answer = await runMicro(work, { ...options, callsPerRun });
  await store.close();
  return answer;
}
