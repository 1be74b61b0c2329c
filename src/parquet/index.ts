export { ArchivedRows } from './archive/archivedRows.js';
export { ParquetTier } from './tier.js';
export { checkedParquetPolicy } from './policy.js';
export type {
  CompactOptions,
  CompactionConfig,
  CompactionProgress,
  CompactionReport,
  CompactionStats,
  CompactionTotals,
  EmbeddedParquet,
  Parquet,
  ParquetFile,
  ParquetFiles,
  ParquetFinding,
  ParquetReport,
  PlacedFile,
} from './types.js';
