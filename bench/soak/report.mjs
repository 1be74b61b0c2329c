import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cpuSlug } from '../harness/report.mjs';
import { quantile } from '../harness/statistics.mjs';
import { formatNumber, toMarkdown } from '../harness/table.mjs';

/** @typedef {ReturnType<typeof makeSoakReport>} SoakReport */

/**
 * @param {import('./soak.mjs').Soak} soak
 * @param {{machine: ReturnType<typeof import('../harness/machine.mjs').describeMachine>, date:
 *   string, command: string, failures: readonly string[]}} about
 */
export function makeSoakReport(soak, { machine, date, command, failures }) {
  const { latencies, watch, partitions, opensMs } = soak.context;
  const runs = soak.runs.map(({ model, writers, readers, client, subscribers, storageBytes }) => ({
    events: model.eventsAcknowledged,
    storageBytes,
    writes: writers.counts,
    reads: readers.counts,
    interrupted: client.interrupted,
    subscribers: subscribers.map(({ name, received, connections }) => ({
      name,
      received,
      connections,
    })),
  }));
  return {
    date,
    command,
    machine,
    failures,
    seconds: soak.secondsDone,
    counts: soak.counts,
    runs,
    opens: {
      count: opensMs.length,
      p50Ms: opensMs.length === 0 ? 0 : quantile(opensMs, 0.5),
      maxMs: Math.max(0, ...opensMs),
    },
    latencies: latencies.toRows(),
    partitions: partitions.summarize(),
    phases: watch.phases(),
    rssMaxMB: Math.max(0, ...watch.samples.map(({ rssMB }) => rssMB)),
    driverRssMaxMB: Math.max(0, ...watch.samples.map(({ driverRssMB }) => driverRssMB)),
    samples: thin(watch.samples),
  };
}

/** @param {SoakReport} report */
export function formatSoakReport(report) {
  const { failures, machine, counts } = report;
  const events = report.runs.reduce((sum, run) => sum + run.events, 0);
  return [
    `- date: ${report.date}`,
    `- command: \`${report.command}\``,
    `- machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ` +
      `${machine.kernel}, ${machine.fileSystem}; Node ${machine.node}`,
    `- result: ${failures.length === 0 ? 'all held' : failures.join('; ')}`,
    `- ${Math.round(report.seconds)} s, ${formatNumber(events)} events in ${counts.stores} stores; ` +
      `${counts.kills} kills, ${counts.killsAtStart} while opening, ${counts.stops} clean stops, ` +
      `${counts.drops} broken connections`,
    `- from the start of a process until it listened: median ${formatNumber(report.opens.p50Ms)} ms, ` +
      `highest ${formatNumber(report.opens.maxMs)} ms of ${report.opens.count}`,
    `- resident memory: highest ${formatNumber(report.rssMaxMB)} MB; of the driver ` +
      `${formatNumber(report.driverRssMaxMB)} MB`,
    partitionLine(report),
    '',
    '## Latency',
    '',
    toMarkdown(latencyCells(report)),
    '',
    '## Calm phases, after their warm-up',
    '',
    toMarkdown(phaseCells(report)),
    '',
    '## Load',
    '',
    ...report.runs.map(runLine),
    '',
  ].join('\n');
}

/**
 * @param {SoakReport} report
 * @param {string} outDir
 * @returns {string} path of the Markdown file
 */
export function writeSoakReport(report, outDir) {
  mkdirSync(outDir, { recursive: true });
  const base = join(outDir, `soak-${report.date.slice(0, 10)}-${cpuSlug(report.machine.cpu)}`);
  const head = `# Soak test of ${report.machine.package}, ${report.date.slice(0, 10)}\n\n`;
  writeFileSync(`${base}.md`, head + formatSoakReport(report));
  writeFileSync(`${base}.json`, `${JSON.stringify(report, null, 2)}\n`);
  return `${base}.md`;
}

/** @param {SoakReport} report */
function partitionLine({ partitions }) {
  const { entities, chiSquare, chiSquareMax, entitiesMaxToMean, eventsMaxToMean } = partitions;
  return (
    `- partitions: ${formatNumber(entities)} entities over 32, chi-square ${chiSquare.toFixed(1)} ` +
    `(bound ${chiSquareMax}), fullest to mean ${entitiesMaxToMean.toFixed(3)}, ` +
    `by events ${eventsMaxToMean.toFixed(3)}`
  );
}

/** @param {SoakReport} report */
function latencyCells({ latencies }) {
  const head = ['kind', 'count', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms'];
  const cells = latencies.map(({ kind, count, p50, p99, p999, max }) => [
    kind,
    ...[count, p50, p99, p999, max].map(formatNumber),
  ]);
  return [head, ...cells];
}

/** @param {SoakReport} report */
function phaseCells({ phases }) {
  const head = ['phase', 's', 'events', 'RSS MB', 'growth MB', 'MB/min', 'descriptors', 'growth'];
  const cells = phases.map((phase) => [
    String(phase.number),
    phase.seconds.toFixed(0),
    formatNumber(phase.events),
    phase.rssMedianMB.toFixed(1),
    phase.rssGrowthMB.toFixed(1),
    phase.rssSlopeMBPerMinute.toFixed(2),
    String(phase.descriptorsMedian),
    String(phase.descriptorsGrowth),
  ]);
  return [head, ...cells];
}

/** @param {SoakReport['runs'][number]} run */
function runLine({ events, storageBytes, writes, reads, interrupted, subscribers }) {
  const list = (/** @type {Record<string, number>} */ counts) =>
    Object.entries(counts)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ');
  const seen = subscribers.map(({ name, received, connections }) => {
    return `${name}: ${received} events over ${connections} connections`;
  });
  return (
    `- ${events} events, ${Math.round(storageBytes / 1e6)} MB; appends: ${list(writes)}; ` +
    `reads: ${list(reads)}; ${interrupted} requests interrupted; ${seen.join('; ')}`
  );
}

/**
 * At most a thousand samples, evenly over the run.
 *
 * @template T
 * @param {readonly T[]} samples
 */
function thin(samples) {
  const every = Math.ceil(samples.length / 1000);
  return samples.filter((_, index) => index % every === 0);
}
