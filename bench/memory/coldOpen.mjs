import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

import { evictFiles, listFiles } from '../harness/limit.mjs';
import { runChild } from '../harness/runChild.mjs';
import { entityIdOf } from '../input/order.mjs';

const events = 1_000_000;
const bytesPerMB = 1_000_000;

/**
 * Opens a store of a million events that another process wrote and whose files were dropped from
 * the page cache, and reads one entity. Answers with the resident memory or with the time to open.
 *
 * @param {{dataDir: string, limitProgram: string, figure: 'rss' | 'open'}} options
 */
export async function run({ dataDir, limitProgram, figure }) {
  const builder = join(import.meta.dirname, 'buildStore.mjs');
  const built = await runChild(builder, { dataDir, events });
  if (built.value !== events) throw new Error(`expected ${events} events, got ${built.value}`);
  await evictFiles(limitProgram, listFiles(dataDir));
  // Loaded here and not at the top: the memory before it is Node's own.
  const rssBefore = process.memoryUsage.rss();
  const { openEventStore } = await import('../../dist/index.js');
  const begun = performance.now();
  const store = await openEventStore({ dataDir });
  const openMs = performance.now() - begun;
  const page = await store.readBytes({ entityId: entityIdOf(0) });
  const rss = process.memoryUsage.rss();
  const extra = {
    openMs,
    eventsOfEntity: page.count,
    indexMB: store.counters().indexBytes / bytesPerMB,
    rssBeforeMB: rssBefore / bytesPerMB,
    ...readMemoryStatus(),
  };
  await store.close();
  return { value: figure === 'rss' ? rss / bytesPerMB : openMs, extra };
}

/** What of the memory is mapped files, what is the process's own, and the highest it ever was. */
function readMemoryStatus() {
  if (process.platform !== 'linux') return {};
  const status = readFileSync('/proc/self/status', 'utf8');
  const megabytes = (/** @type {string} */ key) => {
    const kibibytes = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return (Number(kibibytes) * 1024) / bytesPerMB;
  };
  return {
    ownMB: megabytes('RssAnon'),
    mappedFilesMB: megabytes('RssFile'),
    highestMB: megabytes('VmHWM'),
  };
}
