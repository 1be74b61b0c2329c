import { AllSourceError, compactionStrategies, parquetRanges } from '../domain/index.js';
import type { ParquetPolicy } from '../eventStore/index.js';
import type { CompactionConfig } from './types.js';

const names = new Set<string>([...Object.keys(parquetRanges), 'automatic', 'strategy']);

/** Throws `invalid_configuration`. */
export function checkedParquetPolicy(policy: ParquetPolicy): CompactionConfig {
  const unknown = Object.keys(policy).find((name) => !names.has(name));
  if (unknown !== undefined) throw invalid(unknown, 'not an option of parquet');
  const { automatic = false, strategy = 'sizebased' } = policy;
  if (typeof automatic !== 'boolean') throw invalid('automatic', 'expected true or false');
  if (!compactionStrategies.includes(strategy)) {
    throw invalid('strategy', `expected one of ${compactionStrategies.join(', ')}`);
  }
  const numberOf = (name: keyof typeof parquetRanges): number => {
    const range = parquetRanges[name];
    const value = policy[name] ?? range.default;
    if (Number.isSafeInteger(value) && value >= range.min && value <= range.max) return value;
    throw invalid(name, `expected a whole number from ${range.min} to ${range.max}, got ${value}`);
  };
  const config = {
    automatic,
    strategy,
    minFiles: numberOf('minFiles'),
    targetFileBytes: numberOf('targetFileBytes'),
    maxFileBytes: numberOf('maxFileBytes'),
    smallFileBytes: numberOf('smallFileBytes'),
    intervalSeconds: numberOf('intervalSeconds'),
  };
  if (config.maxFileBytes < config.targetFileBytes) {
    throw invalid('maxFileBytes', `expected at least targetFileBytes, ${config.targetFileBytes}`);
  }
  return config;
}

function invalid(name: string, reason: string): AllSourceError {
  return new AllSourceError('invalid_configuration', `parquet.${name}: ${reason}`);
}
