import { openEventStore } from '../../src/index.js';
import { loadDeliveries } from './deliveries.js';
import {
  checkCounts,
  checkPayloads,
  ingestAll,
  readEntity,
  readState,
  readTimeRanges,
  readType,
  readTypePrefix,
  verifyLog,
  type Sent,
  type StepResult,
} from './steps.js';

const entityId = 'octo-org/octo-repo';
const eventType = 'github.push';
const eventTypePrefix = 'github.pull_request';
/** They are events of the log, and the demo counts every one. */
const snapshots = { automatic: false };

export interface DemoOptions {
  /** Directory of a store that is empty or does not exist. */
  readonly dataDir: string;
  /** Events to send. */
  readonly total: number;
  /** Called as soon as a step is done. */
  readonly onStep?: (step: StepResult) => void;
}

/**
 * Sends real webhook deliveries, asks for them in every way, closes and opens the store again, and
 * verifies the log. Throws where one number differs from what was sent.
 */
export async function runDemo(options: DemoOptions): Promise<readonly StepResult[]> {
  const sent = { deliveries: loadDeliveries(), total: options.total };
  const steps: StepResult[] = [];
  const record = (step: StepResult) => {
    steps.push(step);
    options.onStep?.(step);
  };
  const store = await openEventStore({ dataDir: options.dataDir, snapshots });
  try {
    if (store.watermark !== 0) {
      throw new Error(`${options.dataDir}: expected an empty store, got ${store.watermark} events`);
    }
    record(await ingestAll(store, sent));
    record(await checkCounts(store, sent));
    record(await checkPayloads(store, sent));
    record(await readEntity(store, sent, entityId));
    record(await readType(store, sent, eventType));
    record(await readTypePrefix(store, sent, eventTypePrefix));
    for (const step of await readTimeRanges(store, sent)) record(step);
    record(await readState(store, sent, entityId));
  } finally {
    await store.close();
  }
  await reopen(options.dataDir, sent, record);
  return steps;
}

/** Everything that was acknowledged is there after a restart. */
async function reopen(
  dataDir: string,
  sent: Sent,
  record: (step: StepResult) => void,
): Promise<void> {
  const startMs = performance.now();
  const store = await openEventStore({ dataDir, snapshots });
  try {
    const seconds = (performance.now() - startMs) / 1000;
    if (store.watermark !== sent.total) {
      throw new Error(`expected ${sent.total} events after reopening, got ${store.watermark}`);
    }
    record({ name: 'open again', events: store.watermark, bytes: 0, seconds });
    record(await verifyLog(store, sent));
  } finally {
    await store.close();
  }
}
