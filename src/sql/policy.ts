import { PolicyReader, sqlRanges as ranges } from '../domain/index.js';
import type { SqlPolicy } from '../eventStore/index.js';

export type CheckedSqlPolicy = { readonly [Name in keyof typeof ranges]: number };

/** Throws `invalid_configuration`. */
export function checkedPolicy(policy: SqlPolicy): CheckedSqlPolicy {
  const reader = new PolicyReader('sql', policy);
  reader.mustHaveOnly(Object.keys(ranges));
  return {
    memoryMb: reader.wholeNumber('memoryMb', ranges.memoryMb),
    threads: reader.wholeNumber('threads', ranges.threads),
    timeoutMs: reader.wholeNumber('timeoutMs', ranges.timeoutMs),
  };
}
