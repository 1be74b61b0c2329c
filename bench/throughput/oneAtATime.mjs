import { setTimeout as sleep } from 'node:timers/promises';

import { measureLimit } from '../harness/limit.mjs';
import { median } from '../harness/statistics.mjs';
import { makeOrder, makeRandom } from '../input/order.mjs';
import { measureRate } from './measureRate.mjs';
import { checkAcknowledged, describeCommits, openBenchStore } from './openBenchStore.mjs';

const slices = 6;
const eventsAtHand = 16_384;
/** A new store prepares its next segment in the background; the first slice begins after that. */
const settleMs = 500;

/**
 * One durable append at a time, in short turns with the limit program on the same disk: the sync
 * rate of a disk wanders within seconds, so that figures taken one after the other would not
 *   compare.
 *
 * @param {{dataDir: string, limitProgram: string, limitDir: string, figure: string,
 *   seconds: number, eventsMax: number}} options
 */
export async function run(options) {
  const { limitProgram, limitDir, figure, seconds, eventsMax } = options;
  const random = makeRandom(3);
  const events = Array.from({ length: eventsAtHand }, () => makeOrder(random));
  const store = await openBenchStore({ mode: 'durable', dataDir: options.dataDir });
  await sleep(settleMs);
  const turn = { warmUpSeconds: 0.1, seconds: seconds / slices };
  const signal = AbortSignal.timeout(60_000);
  let next = 0;
  let acknowledged = 0;
  const rates = [];
  const limits = [];
  for (let slice = 0; slice < slices; slice++) {
    const how = { directory: limitDir, seconds: turn.seconds, figures: [figure], signal };
    const [limit] = await measureLimit(limitProgram, how);
    limits.push(limit?.recordsPerSecond ?? NaN);
    const measured = await measureRate({
      ...turn,
      inFlight: 1,
      eventsMax,
      call: () => store.append(events[next++ % eventsAtHand] ?? makeOrder(random)),
    });
    rates.push(measured.rate);
    acknowledged += measured.acknowledged;
  }
  await checkAcknowledged(store, acknowledged);
  const extra = { rates, limits, ...describeCommits(store.counters()) };
  await store.close();
  return { value: median(rates), peer: median(limits), extra };
}
