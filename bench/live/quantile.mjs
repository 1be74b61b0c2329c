/**
 * @param {readonly number[]} sorted rising
 * @param {number} q from 0 to 1
 */
export function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}
