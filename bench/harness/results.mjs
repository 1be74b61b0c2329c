import { targets } from '../targets.mjs';
import { median } from './statistics.mjs';

/**
 * Why a bench has no value: it failed, or what it needs is not installed.
 *
 * @typedef {{kind: 'failed' | 'skipped', reason: string}} Gap
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} unit
 * @property {number | null} median
 * @property {number | null} min
 * @property {number | null} max
 * @property {number | null} ratio median over the rounds of value / limit or peer
 * @property {string | null} ratioTo
 * @property {import('../targets.mjs').Target | null} target
 * @property {'met' | 'missed' | null} verdict
 * @property {Gap | null} gap
 * @property {import('./measureBench.mjs').Sample[]} samples
 */

/**
 * @param {import('../benches.mjs').Bench} bench
 * @param {import('./measureBench.mjs').Sample[]} samples
 * @param {Gap | null} gap
 * @returns {Row}
 */
export function makeRow(bench, samples, gap) {
  const target = targets.find(({ bench: name }) => name === bench.name) ?? null;
  const shared = { name: bench.name, unit: bench.unit, target, gap, samples };
  const nothing = { median: null, min: null, max: null, ratio: null, ratioTo: null, verdict: null };
  if (gap !== null || samples.length === 0) return { ...shared, ...nothing };
  const values = samples.map(({ value }) => value);
  const ratios = samples.flatMap(({ value, peer }) => (peer === null ? [] : [value / peer]));
  const middle = median(values);
  const ratio = ratios.length === 0 ? null : median(ratios);
  return {
    ...shared,
    median: middle,
    min: Math.min(...values),
    max: Math.max(...values),
    ratio,
    ratioTo: ratio === null ? null : (bench.peer ?? bench.limit ?? null),
    verdict: judge(target, { value: middle, ratio }),
  };
}

/**
 * @param {import('../targets.mjs').Target | null} target
 * @param {{value: number, ratio: number | null}} figures
 * @returns {'met' | 'missed' | null}
 */
function judge(target, { value, ratio }) {
  const judged = target?.of === 'ratio' ? ratio : value;
  if (target === null || judged === null) return null;
  const { atLeast = -Infinity, atMost = Infinity, orValueAtLeast = Infinity } = target;
  const isMet = (judged >= atLeast && judged <= atMost) || value >= orValueAtLeast;
  return isMet ? 'met' : 'missed';
}
