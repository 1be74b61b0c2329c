import { Buffer } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

import { openEventStore } from '../../dist/index.js';
import { evictFiles, listFiles } from '../harness/limit.mjs';

const blockBytes = 2 ** 20;

/**
 * Bytes a second of `verify` out of a cold page cache, and of reading the same files from end to end
 * before it.
 *
 * @param {{dataDir: string, limitProgram: string}} options
 */
export async function run({ dataDir, limitProgram }) {
  const files = listFiles(dataDir).filter((file) => /\.seg$/.test(file));
  await evictFiles(limitProgram, files);
  const readRate = measureRead(files);
  await evictFiles(limitProgram, files);
  const store = await openEventStore({ dataDir, readOnly: true });
  const begun = performance.now();
  const report = await store.verify();
  const seconds = (performance.now() - begun) / 1000;
  await store.close();
  if (!report.ok) throw new Error(`verify: ${JSON.stringify(report)}`);
  const { bytes, events } = report;
  return {
    value: bytes / seconds / 1e6,
    peer: readRate / 1e6,
    extra: { bytes, seconds, eventsPerSecond: events / seconds },
  };
}

/** @param {readonly string[]} files */
function measureRead(files) {
  const block = Buffer.alloc(blockBytes);
  let bytes = 0;
  const begun = performance.now();
  for (const file of files) {
    const descriptor = openSync(file, 'r');
    for (let read = -1; read !== 0; bytes += read) read = readSync(descriptor, block);
    closeSync(descriptor);
  }
  return (bytes / (performance.now() - begun)) * 1000;
}
