import { AllSourceError, sqlRanges } from '../domain/index.js';
import type { SqlPolicy } from '../eventStore/index.js';

export type CheckedSqlPolicy = { readonly [Name in keyof typeof sqlRanges]: number };

/** Throws `invalid_configuration`. */
export function checkedPolicy(policy: SqlPolicy): CheckedSqlPolicy {
  const unknown = Object.keys(policy).find((name) => !Object.hasOwn(sqlRanges, name));
  if (unknown !== undefined) throw invalid(unknown, 'not an option of sql');
  const numberOf = (name: keyof typeof sqlRanges): number => {
    const { min, max, default: usual } = sqlRanges[name];
    const value = policy[name] ?? usual;
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw invalid(name, `expected a whole number from ${min} to ${max}, got ${value}`);
  };
  return {
    memoryMb: numberOf('memoryMb'),
    threads: numberOf('threads'),
    timeoutMs: numberOf('timeoutMs'),
  };
}

function invalid(name: string, reason: string): AllSourceError {
  return new AllSourceError('invalid_configuration', `sql.${name}: ${reason}`);
}
