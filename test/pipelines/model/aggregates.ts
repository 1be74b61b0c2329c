// Aggregates over all values that were added, worked out anew whenever they are asked for.
import type { JsonValue } from '../../../src/domain/index.js';
import { ItemFails, canonical } from './values.js';

/** All values in order, and the sum with its rest: that one depends on the order of additions. */
export interface Added {
  readonly values: readonly JsonValue[];
  readonly sum: readonly [sum: number, rest: number];
}

export const nothing: Added = { values: [], sum: [0, 0] };

export function add(name: string, added: Added, value: JsonValue | undefined): Added {
  if (name === 'count')
    return value === undefined ? added : { ...added, values: [...added.values, 1] };
  if (value === undefined) throw new ItemFails();
  if (name === 'distinct') {
    if (canonical(value).length > 4_096) throw new ItemFails();
  } else if (name === 'min' || name === 'max') {
    const known = added.values[0] ?? value;
    if (!['number', 'string'].includes(typeof value)) throw new ItemFails();
    if (typeof known !== typeof value || String(value).length > 4_096) throw new ItemFails();
  } else if (typeof value !== 'number') throw new ItemFails();
  const isSum = name === 'sum' || name === 'avg';
  const one = value === 0 ? 0 : value;
  return {
    values: [...added.values, one],
    sum: isSum ? plus(added.sum, Number(one)) : added.sum,
  };
}

/** What `other` holds comes behind. */
export function join(name: string, added: Added, other: Added): Added {
  const [first, second] = [added.values[0], other.values[0]];
  const isMixed = first !== undefined && second !== undefined && typeof first !== typeof second;
  if ((name === 'min' || name === 'max') && isMixed) throw new ItemFails();
  return {
    values: [...added.values, ...other.values],
    sum: plus(plus(added.sum, other.sum[0]), other.sum[1]),
  };
}

function plus([sum, rest]: Added['sum'], x: number): Added['sum'] {
  const total = sum + x;
  const lost = Math.abs(sum) >= Math.abs(x) ? sum - total + x : x - total + sum;
  if (!Number.isFinite(total + (rest + lost))) throw new ItemFails();
  return [total, rest + lost];
}

export function resultOf(name: string, { values, sum }: Added): JsonValue {
  const total = sum[0] + sum[1];
  if (name === 'count') return values.length;
  if (name === 'sum') return total;
  if (name === 'avg') return total / values.length === 0 ? 0 : total / values.length;
  if (name === 'distinct') return new Set(values.map(canonical)).size;
  // From here on all are numbers, or all are texts.
  const sorted = [...(values as number[])].sort((a, b) => (a < b ? -1 : Number(a > b)));
  if (name === 'min') return sorted[0] ?? null;
  if (name === 'max') return sorted.at(-1) ?? null;
  const percent = Number(name.slice(1));
  return sorted[Math.floor((percent * (sorted.length - 1)) / 100)] ?? null;
}
