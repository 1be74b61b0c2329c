import os from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const sampleMs = 150;
const quietCores = 0.25;

/**
 * Waits until other processes leave the machine alone, but not longer than `secondsMax`, and
 * answers with the processor cores that they use now. A thread that waits for the disk is woken up
 * to 4 ms late where all cores are busy, which is thirty times the sync itself.
 *
 * @param {{secondsMax: number, signal: AbortSignal}} options
 */
export async function waitForQuiet({ secondsMax, signal }) {
  const end = performance.now() + secondsMax * 1000;
  let busy = await measureBusyCores(signal);
  while (busy > quietCores && performance.now() < end) busy = await measureBusyCores(signal);
  return Math.round(busy * 100) / 100;
}

/** @param {AbortSignal} signal */
async function measureBusyCores(signal) {
  const before = readBusyMs();
  const begun = performance.now();
  await sleep(sampleMs, undefined, { signal });
  return (readBusyMs() - before) / (performance.now() - begun);
}

function readBusyMs() {
  return os
    .cpus()
    .reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
}
