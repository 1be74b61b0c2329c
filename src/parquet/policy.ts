import { PolicyReader, compactionStrategies, parquetRanges as ranges } from '../domain/index.js';
import type { ParquetPolicy } from '../eventStore/index.js';
import type { CompactionConfig } from './types.js';

const names = [...Object.keys(ranges), 'automatic', 'strategy'];

/** Throws `invalid_configuration`. */
export function checkedParquetPolicy(policy: ParquetPolicy): CompactionConfig {
  const reader = new PolicyReader('parquet', policy);
  reader.mustHaveOnly(names);
  const automatic = reader.isOn('automatic', false);
  const { strategy = 'sizebased' } = policy;
  if (!compactionStrategies.includes(strategy)) {
    throw reader.invalid('strategy', `expected one of ${compactionStrategies.join(', ')}`);
  }
  const config = {
    automatic,
    strategy,
    minFiles: reader.wholeNumber('minFiles', ranges.minFiles),
    targetFileBytes: reader.wholeNumber('targetFileBytes', ranges.targetFileBytes),
    maxFileBytes: reader.wholeNumber('maxFileBytes', ranges.maxFileBytes),
    smallFileBytes: reader.wholeNumber('smallFileBytes', ranges.smallFileBytes),
    intervalSeconds: reader.wholeNumber('intervalSeconds', ranges.intervalSeconds),
  };
  if (config.maxFileBytes < config.targetFileBytes) {
    const reason = `expected at least targetFileBytes, ${config.targetFileBytes}`;
    throw reader.invalid('maxFileBytes', reason);
  }
  return config;
}
