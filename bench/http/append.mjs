import { Buffer } from 'node:buffer';

import { makeOrder, makeRandom, toWire } from '../input/order.mjs';
import { loadServer } from './loadServer.mjs';

const bodiesAtHand = 256;

/**
 * POST of one event a request.
 *
 * @param {{dataDir: string, connections: number, warmUpSeconds: number, seconds: number}} options
 */
export async function run(options) {
  const random = makeRandom(9);
  const bodies = Array.from({ length: bodiesAtHand }, () => Buffer.from(toWire(makeOrder(random))));
  const { requestsPerSecond, extra } = await loadServer(
    {
      path: '/api/v1/events',
      contentType: 'application/json',
      bodies,
      connections: options.connections,
      eventsPerRequest: 1,
    },
    options,
  );
  return { value: requestsPerSecond, extra };
}
