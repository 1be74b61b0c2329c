import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { median } from './statistics.mjs';
import { benchCells, limitCells, toMarkdown } from './table.mjs';

/**
 * @typedef {object} Report
 * @property {string} date RFC 3339
 * @property {string} command
 * @property {number} rounds of every bench
 * @property {ReturnType<typeof import('./machine.mjs').describeMachine>} machine
 * @property {import('./limit.mjs').LimitFigure[]} limits
 * @property {import('./results.mjs').Row[]} rows
 */

/** @param {Report} report */
export function formatReport(report) {
  const { rows, limits } = report;
  const parts = [];
  if (limits.length > 0) parts.push('## Physical limit', '', toMarkdown(limitCells(limits)), '');
  if (rows.length > 0) parts.push('## Benches', '', toMarkdown(benchCells(rows)), '');
  const judged = rows.filter(({ target }) => target !== null);
  const met = judged.filter(({ verdict }) => verdict === 'met').length;
  if (judged.length > 0) parts.push(`${met} of ${judged.length} targets met.`, '');
  for (const { name, gap } of rows) {
    if (gap !== null) parts.push(`- **${name}** ${gap.kind}: ${gap.reason}`, '');
  }
  return parts.join('\n');
}

/**
 * Writes `<date>-<cpu>.md` and `.json`. A part of the benches, or a quick run, gets a name of its
 * own, so that it never replaces a full record.
 *
 * @param {Report} report
 * @param {string} outDir
 * @param {{prefix?: string, body?: string}} [how] before the name, and before the tables
 * @returns {string} path of the Markdown file
 */
export function writeReport(report, outDir, { prefix = '', body } = {}) {
  mkdirSync(outDir, { recursive: true });
  const kind = /--(only|quick)/.test(report.command) ? '-partial' : '';
  const base = join(
    outDir,
    `${prefix}${report.date.slice(0, 10)}-${cpuSlug(report.machine.cpu)}${kind}`,
  );
  const head = [
    `# Benches of ${report.machine.package}, ${report.date.slice(0, 10)}`,
    '',
    ...describeRun(report).map((line) => `- ${line}`),
    '',
  ].join('\n');
  const begin = body === undefined ? head : `${head}\n${body}\n`;
  writeFileSync(`${base}.md`, `${begin}\n${formatReport(report)}${formatDefinitions(report)}`);
  writeFileSync(`${base}.json`, `${JSON.stringify(report, null, 2)}\n`);
  return `${base}.md`;
}

/**
 * The processor's name as part of a file name.
 *
 * @param {string} cpu
 */
export function cpuSlug(cpu) {
  return cpu
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** @param {Report} report */
export function describeRun({ machine, command, date, rows }) {
  return [
    `date: ${date}`,
    `command: \`${command}\``,
    `machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB`,
    `system: ${machine.kernel}, ${machine.fileSystem}`,
    `versions: Node ${machine.node}, V8 ${machine.v8}, ${machine.package}`,
    `load average at the start: ${machine.loadAverage.join(', ')}`,
    ...describeNoise(rows),
  ];
}

/**
 * How busy others kept the machine: the first thing to look at where figures lie far apart.
 *
 * @param {import('./results.mjs').Row[]} rows
 */
function describeNoise(rows) {
  const busy = rows.flatMap(({ samples }) =>
    samples.flatMap(({ extra }) =>
      extra.coresBusyBefore === undefined ? [] : [Number(extra.coresBusyBefore)],
    ),
  );
  if (busy.length === 0) return [];
  const text = `median ${median(busy).toFixed(2)}, highest ${Math.max(...busy).toFixed(2)}`;
  return [`cores used by other processes before each bench: ${text}`];
}

/** @param {Report} report */
function formatDefinitions({ rows }) {
  const lines = rows.flatMap(({ name, target }) =>
    target === null ? [] : [`- **${name}**: ${target.meaning}`],
  );
  return lines.length === 0 ? '' : `\n## What the targets mean\n\n${lines.join('\n')}\n`;
}
