/**
 * @param {readonly number[] | Float64Array} values at least one
 * @param {number} fraction 0.5 for the median
 */
export function quantile(values, fraction) {
  const sorted = Float64Array.from(values).sort();
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))];
  if (value === undefined) throw new RangeError('quantile: expected at least one value, got none');
  return value;
}

/** @param {readonly number[] | Float64Array} values at least one */
export function median(values) {
  if (values.length % 2 === 1) return quantile(values, 0.5);
  const sorted = Float64Array.from(values).sort();
  const upper = sorted.length / 2;
  return (quantile(sorted.subarray(upper - 1, upper), 0) + quantile(sorted.subarray(upper), 0)) / 2;
}
