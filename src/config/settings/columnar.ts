import {
  compactionStrategies,
  parquetRanges,
  retentionRanges,
  sqlRanges,
} from '../../domain/index.js';
import { byteCount, flag, oneOf, wholeNumber } from '../valueTypes.js';
import { setting } from './setting.js';

export const sqlSettings = {
  sqlMemoryMb: setting({
    key: 'sql.memory_mb',
    env: ['ALLSOURCE_SQL_MEMORY_MB'],
    flag: '--sql-memory-mb',
    placeholder: 'MiB',
    type: wholeNumber(sqlRanges.memoryMb.min, sqlRanges.memoryMb.max),
    default: sqlRanges.memoryMb.default,
    doc: 'Memory of all SQL queries together; taken with the first one.',
  }),
  sqlThreads: setting({
    key: 'sql.threads',
    env: ['ALLSOURCE_SQL_THREADS'],
    flag: '--sql-threads',
    placeholder: 'number',
    type: wholeNumber(sqlRanges.threads.min, sqlRanges.threads.max),
    default: sqlRanges.threads.default,
    doc: 'Threads that work on SQL queries.',
  }),
  sqlTimeoutMs: setting({
    key: 'sql.timeout_ms',
    env: ['ALLSOURCE_SQL_TIMEOUT_MS'],
    flag: '--sql-timeout-ms',
    placeholder: 'ms',
    type: wholeNumber(sqlRanges.timeoutMs.min, sqlRanges.timeoutMs.max),
    default: sqlRanges.timeoutMs.default,
    doc: 'Time of an SQL query that does not ask for less.',
  }),
};

const { minFiles, targetFileBytes, maxFileBytes, smallFileBytes, intervalSeconds } = parquetRanges;

export const compactionSettings = {
  compactionAutomatic: setting({
    key: 'compaction.auto_compact',
    env: ['ALLSOURCE_COMPACTION_AUTO_COMPACT'],
    flag: '--compaction-auto-compact',
    placeholder: 'boolean',
    type: flag(),
    default: true,
    doc: 'Write sealed segments as Parquet files, and merge small ones, without being asked for it.',
  }),
  compactionStrategy: setting<(typeof compactionStrategies)[number]>({
    key: 'compaction.strategy',
    env: ['ALLSOURCE_COMPACTION_STRATEGY'],
    flag: '--compaction-strategy',
    placeholder: 'strategy',
    type: oneOf(compactionStrategies),
    default: 'sizebased',
    doc: 'Files that are merged: small ones, those of a day, or all.',
  }),
  compactionMinFiles: setting({
    key: 'compaction.min_files_to_compact',
    env: ['ALLSOURCE_COMPACTION_MIN_FILES_TO_COMPACT'],
    flag: '--compaction-min-files-to-compact',
    placeholder: 'number',
    type: wholeNumber(minFiles.min, minFiles.max),
    default: minFiles.default,
    doc: 'Files that lie side by side and are merged, at least.',
  }),
  compactionTargetFileBytes: setting({
    key: 'compaction.target_file_size',
    env: ['ALLSOURCE_COMPACTION_TARGET_FILE_SIZE'],
    flag: '--compaction-target-file-size',
    placeholder: 'bytes',
    type: byteCount(targetFileBytes.min, targetFileBytes.max),
    default: targetFileBytes.default,
    doc: 'Size to which small files are merged.',
  }),
  compactionMaxFileBytes: setting({
    key: 'compaction.max_file_size',
    env: ['ALLSOURCE_COMPACTION_MAX_FILE_SIZE'],
    flag: '--compaction-max-file-size',
    placeholder: 'bytes',
    type: byteCount(maxFileBytes.min, maxFileBytes.max),
    default: maxFileBytes.default,
    doc: 'Size beyond which no files are merged; at least target_file_size.',
  }),
  compactionSmallFileBytes: setting({
    key: 'compaction.small_file_threshold',
    env: ['ALLSOURCE_COMPACTION_SMALL_FILE_THRESHOLD'],
    flag: '--compaction-small-file-threshold',
    placeholder: 'bytes',
    type: byteCount(smallFileBytes.min, smallFileBytes.max),
    default: smallFileBytes.default,
    doc: 'Size below which a file is small.',
  }),
  compactionIntervalSeconds: setting({
    key: 'compaction.compaction_interval_seconds',
    env: ['ALLSOURCE_COMPACTION_INTERVAL_SECONDS'],
    flag: '--compaction-interval-seconds',
    placeholder: 'seconds',
    type: wholeNumber(intervalSeconds.min, intervalSeconds.max),
    default: intervalSeconds.default,
    doc: 'Time between two merges.',
  }),
};

export const retentionSettings = {
  retentionAutomatic: setting({
    key: 'retention.automatic',
    env: ['ALLSOURCE_RETENTION_AUTOMATIC'],
    flag: '--retention-automatic',
    placeholder: 'boolean',
    type: flag(),
    default: true,
    doc: 'Apply the retention policies without being asked for it.',
  }),
  retentionIntervalSeconds: setting({
    key: 'retention.interval_seconds',
    env: ['ALLSOURCE_RETENTION_INTERVAL_SECONDS'],
    flag: '--retention-interval-seconds',
    placeholder: 'seconds',
    type: wholeNumber(retentionRanges.intervalSeconds.min, retentionRanges.intervalSeconds.max),
    default: retentionRanges.intervalSeconds.default,
    doc: 'Time between two runs of the retention policies.',
  }),
};
