import type { Settings } from '../config/index.js';
import type { ParquetPolicy } from '../eventStore/index.js';

export function parquetPolicyOf(settings: Settings): ParquetPolicy {
  return {
    automatic: settings.compactionAutomatic,
    strategy: settings.compactionStrategy,
    minFiles: settings.compactionMinFiles,
    targetFileBytes: settings.compactionTargetFileBytes,
    maxFileBytes: settings.compactionMaxFileBytes,
    smallFileBytes: settings.compactionSmallFileBytes,
    intervalSeconds: settings.compactionIntervalSeconds,
  };
}
