import { makeOrderBatches } from '../input/order.mjs';
import { loadServer } from './loadServer.mjs';

const bodiesAtHand = 16;

/**
 * POST of NDJSON bodies of `events` lines.
 *
 * @param {{dataDir: string, connections: number, events: number, warmUpSeconds: number,
 *   seconds: number}} options
 */
export async function run(options) {
  const { requestsPerSecond, extra } = await loadServer(
    {
      path: '/api/v1/events/batch?return=summary',
      contentType: 'application/x-ndjson',
      bodies: makeOrderBatches({ batches: bodiesAtHand, events: options.events }),
      connections: options.connections,
      eventsPerRequest: options.events,
    },
    options,
  );
  return { value: requestsPerSecond * options.events, extra };
}
