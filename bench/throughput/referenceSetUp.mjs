import { makeBenchmarkEvent } from '../input/benchmarkEvent.mjs';
import { measureRate } from './measureRate.mjs';
import { checkAcknowledged, openBenchStore } from './openBenchStore.mjs';

/** Events a second that the reference claims for this set-up, on an M-series laptop. */
const claimedRate = 469_000;
const eventsAtHand = 10_000;

/**
 * The reference's own set-up: 100 entities, small payloads, in memory, one caller that waits for
 * each batch. A batch of one goes through `append`.
 *
 * @param {{dataDir: string, events: number, warmUpSeconds: number, seconds: number,
 *   eventsMax: number}} options
 */
export async function run(options) {
  const all = Array.from({ length: eventsAtHand }, (_, index) => makeBenchmarkEvent(index));
  const batches = Array.from({ length: eventsAtHand / options.events }, (_, index) =>
    all.slice(index * options.events, (index + 1) * options.events),
  );
  const store = await openBenchStore({ mode: 'memory', dataDir: options.dataDir });
  const { rate, acknowledged, extra } = await measureRate({
    ...options,
    inFlight: 1,
    eventsPerCall: options.events,
    call: (index) => {
      const batch = batches[index % batches.length] ?? [];
      const [only] = batch;
      const isAlone = only !== undefined && batch.length === 1;
      return isAlone ? store.append(only) : store.appendBatch(batch, { return: 'summary' });
    },
  });
  await checkAcknowledged(store, acknowledged);
  await store.close();
  return { value: rate, peer: claimedRate, extra };
}
