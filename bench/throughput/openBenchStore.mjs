import { openEventStore } from '../../dist/index.js';

/**
 * @param {{mode: string, dataDir: string}} options `mode`: `durable` or `memory`
 */
export function openBenchStore({ mode, dataDir }) {
  return openEventStore(mode === 'memory' ? { memory: true } : { dataDir });
}

/**
 * Throws where the store does not hold what it acknowledged: a bench that counts too much is worse
 * than none.
 *
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {number} acknowledged events, of the whole life of the store
 */
export async function checkAcknowledged(store, acknowledged) {
  const { totalEvents, watermark } = await store.stats();
  if (totalEvents === acknowledged && watermark === acknowledged) return;
  throw new Error(
    `acknowledged ${acknowledged} events, but the store holds ${totalEvents}, its watermark is ` +
      `${watermark}`,
  );
}

/**
 * What the engine's counters say about the groups that it committed.
 *
 * @param {import('../../dist/index.js').EngineCounters} counters
 */
export function describeCommits(counters) {
  const per = (/** @type {number} */ sum, /** @type {number} */ count) =>
    count === 0 ? null : Math.round((sum / count) * 10) / 10;
  return {
    eventsPerCommit: per(counters.committedEvents, counters.commits),
    bytesPerEvent: per(counters.committedBytes, counters.committedEvents),
    microsPerSync: per(counters.syncMicros, counters.syncs),
  };
}
