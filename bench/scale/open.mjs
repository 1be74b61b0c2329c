import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

import { evictFiles, listFiles } from '../harness/limit.mjs';
import { drawEntityIds } from './draw.mjs';
import { eventsPerEntity } from './history.mjs';

const reads = 10_000;
const bytesPerMB = 1_000_000;

/**
 * Opens a store out of a cold page cache, and reads 10 000 entities of both kinds at random.
 *
 * @param {{dataDir: string, events: number, limitProgram: string, seed: number}} options
 */
export async function run({ dataDir, events, limitProgram, seed }) {
  await evictFiles(limitProgram, listFiles(dataDir));
  // Loaded here and not at the top, so that the time is that of opening alone.
  const { openEventStore } = await import('../../dist/index.js');
  const before = readCounts();
  const begun = performance.now();
  const store = await openEventStore({ dataDir });
  const openMs = performance.now() - begun;
  const opened = readCounts();
  const rssOpenMB = process.memoryUsage.rss() / bytesPerMB;
  const window = drawEntityIds('window', { events, count: reads / 2, seed });
  const spread = drawEntityIds('spread', { events, count: reads / 2, seed: seed + 1 });
  const cold = { window: 0, spread: 0 };
  for (let index = 0; index < reads / 2; index++) {
    cold.window += await timeRead(store, window[index] ?? '');
    cold.spread += await timeRead(store, spread[index] ?? '');
  }
  const after = readCounts();
  const rssReadMB = process.memoryUsage.rss() / bytesPerMB;
  const { indexBytes, cacheBytes, cacheEvictions } = store.counters();
  await store.close();
  return {
    value: openMs,
    extra: {
      rssOpenMB,
      rssReadMB,
      coldWindowMicros: (cold.window * 2) / reads,
      coldSpreadMicros: (cold.spread * 2) / reads,
      openReadCalls: opened.readCalls - before.readCalls,
      openReadBytes: opened.readBytes - before.readBytes,
      openMajorFaults: opened.majorFaults - before.majorFaults,
      readCallsPerRead: (after.readCalls - opened.readCalls) / reads,
      readBytesPerRead: (after.readBytes - opened.readBytes) / reads,
      majorFaultsPerRead: (after.majorFaults - opened.majorFaults) / reads,
      minorFaultsPerRead: (after.minorFaults - opened.minorFaults) / reads,
      indexMB: indexBytes / bytesPerMB,
      cacheMB: cacheBytes / bytesPerMB,
      cacheEvictions,
    },
  };
}

/**
 * Microseconds of one read.
 *
 * @param {import('../../dist/index.js').EmbeddedStore} store
 * @param {string} entityId
 */
async function timeRead(store, entityId) {
  const begun = performance.now();
  const { count } = await store.readBytes({ entityId, limit: eventsPerEntity });
  if (count !== eventsPerEntity) throw new Error(`${entityId}: ${count} events`);
  return (performance.now() - begun) * 1000;
}

/** Read calls of the process and its page faults so far; zeros where the system does not tell. */
export function readCounts() {
  const { majorPageFault: majorFaults, minorPageFault: minorFaults } = process.resourceUsage();
  if (process.platform !== 'linux') return { majorFaults, minorFaults, readCalls: 0, readBytes: 0 };
  const text = readFileSync('/proc/self/io', 'utf8');
  const number = (/** @type {string} */ key) =>
    Number(new RegExp(`^${key}: (\\d+)$`, 'm').exec(text)?.[1]);
  return {
    majorFaults,
    minorFaults,
    readCalls: number('syscr'),
    readBytes: number('read_bytes'),
  };
}
