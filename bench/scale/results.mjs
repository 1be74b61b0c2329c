import { makeRow } from '../harness/results.mjs';
import { median } from '../harness/statistics.mjs';
import { formatNumber, toMarkdown } from '../harness/table.mjs';
import { drawCurves } from './curves.mjs';
import { figures, sizeName } from './figures.mjs';

/**
 * @typedef {Map<number, {build: Record<string, unknown>,
 *   samples: Map<string, import('../harness/measureBench.mjs').Sample[]>}>} Results by events
 */

/** @param {Results} results of all sizes, rising */
export function makeRows(results) {
  addGrowth(results);
  return figures.flatMap((figure) =>
    [...results].map(([events, { samples }]) => {
      const { name, unit, peer } = figure;
      const bench = {
        name: `scale-${name}-${sizeName(events)}`,
        unit,
        module: 'scale',
        options: {},
      };
      const withPeer = peer === undefined ? bench : { ...bench, peer };
      return makeRow(withPeer, samples.get(name) ?? [], null);
    }),
  );
}

/**
 * How opening grows: the same times, with those of the smallest store as their peer.
 *
 * @param {Results} results
 */
function addGrowth(results) {
  const [smallest] = results.values();
  const opens = smallest?.samples.get('open') ?? [];
  if (opens.length === 0) return;
  const peer = median(opens.map(({ value }) => value));
  for (const { samples } of results.values()) {
    const times = samples.get('open') ?? [];
    samples.set(
      'open-growth',
      times.map(({ value }) => ({ value, peer, extra: {} })),
    );
  }
}

/**
 * All figures, a column for each size.
 *
 * @param {Results} results
 */
export function formatScale(results) {
  const head = [
    'median',
    'unit',
    ...[...results.keys()].map((events) => `${sizeName(events)} events`),
  ];
  const cells = figures.map(({ name, title, unit, peer }) => [
    title,
    unit,
    ...[...results.values()].map(({ samples }) => cellOf(samples.get(name) ?? [], peer)),
  ]);
  const builds = [...results].map(([events, { build }]) => {
    const { eventsPerSecond, storageBytes, segments, indexFiles } = build;
    return (
      `- ${sizeName(events)}: built at ${formatNumber(Number(eventsPerSecond))} events/s, ` +
      `${formatNumber(Number(storageBytes) / 1e6)} MB in ${segments} segments, ` +
      `${indexFiles} index files`
    );
  });
  return ['## By size', '', toMarkdown([head, ...cells]), '', ...builds].join('\n');
}

/**
 * @param {readonly import('../harness/measureBench.mjs').Sample[]} samples
 * @param {string | undefined} peer
 */
function cellOf(samples, peer) {
  if (samples.length === 0) return '–';
  const value = formatNumber(median(samples.map((sample) => sample.value)));
  const ratios = samples.flatMap((sample) =>
    sample.peer === null ? [] : [sample.value / sample.peer],
  );
  return peer === undefined || ratios.length === 0
    ? value
    : `${value} (${formatNumber(median(ratios))} of ${peer})`;
}

/**
 * The curves as SVG. Figures whose target is a ratio are drawn as that ratio.
 *
 * @param {Results} results
 * @param {readonly import('../harness/results.mjs').Row[]} rows
 * @param {string} title
 */
export function drawResults(results, rows, title) {
  const curves = figures.map(({ name, title: panelTitle, unit, peer }) => {
    const isRatio = peer !== undefined && name !== 'verify';
    const target = rows.find((row) => row.name === `scale-${name}-10m`)?.target ?? null;
    const points = [...results].flatMap(([events, { samples }]) => {
      const values = (samples.get(name) ?? []).map((sample) =>
        isRatio ? sample.value / (sample.peer ?? NaN) : sample.value,
      );
      if (values.length === 0) return [];
      const [min, max] = [Math.min(...values), Math.max(...values)];
      return [{ events, median: median(values), min, max }];
    });
    const shown = isRatio ? `ratio to ${peer}` : unit;
    return { title: panelTitle, unit: shown, points, target: targetLine(target, isRatio) };
  });
  return drawCurves(curves, title);
}

/**
 * @param {import('../targets.mjs').Target | null} target
 * @param {boolean} isRatio
 */
function targetLine(target, isRatio) {
  if (target === null) return null;
  if (target.of === 'ratio' && !isRatio) {
    return target.orValueAtLeast === undefined
      ? null
      : { value: target.orValueAtLeast, isUpper: false };
  }
  return { value: target.atLeast ?? target.atMost ?? 0, isUpper: target.atLeast === undefined };
}
