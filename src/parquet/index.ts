export { ArchivedRows } from './archive/archivedRows.js';
export { ParquetTier } from './tier.js';
export { checkedParquetPolicy } from './policy.js';
export {
  compactionReportDocument,
  compactionStatsDocument,
  parquetFilesDocument,
  parquetReportDocument,
} from './documents.js';
export { parquetNamePattern } from './files/parquetDirectory.js';
export { placeRestored } from './files/restored.js';
export type {
  CompactOptions,
  CompactionConfig,
  CompactionProgress,
  CompactionReport,
  CompactionStats,
  CompactionTotals,
  EmbeddedParquet,
  Parquet,
  ParquetCounts,
  ParquetFile,
  ParquetFiles,
  ParquetFinding,
  ParquetReport,
  PlacedFile,
} from './types.js';
