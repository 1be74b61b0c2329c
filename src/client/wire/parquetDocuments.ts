import { parseTimestamp } from '../../domain/index.js';
import type {
  CompactionReport,
  CompactionStats,
  ParquetFile,
  ParquetReport,
} from '../../parquet/index.js';

/** A file of the tier as the server sends it. */
export interface WireParquetFile {
  readonly name: string;
  readonly first_position: number;
  readonly last_position: number;
  readonly first_timestamp: string | null;
  readonly last_timestamp: string | null;
  readonly event_count: number;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly created_at: string;
}

export interface WireCompaction {
  readonly files_written: number;
  readonly events_written: number;
  readonly files_compacted: number;
  readonly bytes_before: number;
  readonly bytes_after: number;
  readonly events_compacted: number;
  readonly duration_ms: number;
}

export interface WireCompactionStats {
  readonly stats: {
    readonly total_compactions: number;
    readonly total_files_compacted: number;
    readonly total_bytes_before: number;
    readonly total_bytes_after: number;
    readonly total_events_compacted: number;
    readonly last_compaction_duration_ms: number;
    readonly space_saved_bytes: number;
  };
  readonly config: {
    readonly min_files_to_compact: number;
    readonly target_file_size: number;
    readonly max_file_size: number;
    readonly small_file_threshold: number;
    readonly compaction_interval_seconds: number;
    readonly auto_compact: boolean;
    readonly strategy: CompactionStats['config']['strategy'];
  };
}

export interface WireParquetReport {
  readonly ok: boolean;
  readonly files: readonly {
    readonly name: string;
    readonly event_count: number;
    readonly size_bytes: number;
    readonly damage: string | null;
  }[];
}

export function toParquetFile(file: WireParquetFile): ParquetFile {
  return {
    name: file.name,
    firstPosition: file.first_position,
    lastPosition: file.last_position,
    firstTimestamp: timeOf(file.first_timestamp, 'first_timestamp'),
    lastTimestamp: timeOf(file.last_timestamp, 'last_timestamp'),
    eventCount: file.event_count,
    sizeBytes: file.size_bytes,
    sha256: file.sha256,
    createdAt: parseTimestamp(file.created_at, 'created_at'),
  };
}

export function toCompaction(report: WireCompaction): CompactionReport {
  return {
    filesWritten: report.files_written,
    eventsWritten: report.events_written,
    filesCompacted: report.files_compacted,
    bytesBefore: report.bytes_before,
    bytesAfter: report.bytes_after,
    eventsCompacted: report.events_compacted,
    durationMs: report.duration_ms,
  };
}

export function toCompactionStats({ stats, config }: WireCompactionStats): CompactionStats {
  return {
    stats: {
      totalCompactions: stats.total_compactions,
      totalFilesCompacted: stats.total_files_compacted,
      totalBytesBefore: stats.total_bytes_before,
      totalBytesAfter: stats.total_bytes_after,
      totalEventsCompacted: stats.total_events_compacted,
      lastCompactionDurationMs: stats.last_compaction_duration_ms,
      spaceSavedBytes: stats.space_saved_bytes,
    },
    config: {
      minFiles: config.min_files_to_compact,
      targetFileBytes: config.target_file_size,
      maxFileBytes: config.max_file_size,
      smallFileBytes: config.small_file_threshold,
      intervalSeconds: config.compaction_interval_seconds,
      automatic: config.auto_compact,
      strategy: config.strategy,
    },
  };
}

export function toParquetReport({ ok, files }: WireParquetReport): ParquetReport {
  return {
    ok,
    files: files.map((file) => ({
      name: file.name,
      eventCount: file.event_count,
      sizeBytes: file.size_bytes,
      damage: file.damage,
    })),
  };
}

function timeOf(text: string | null, name: string): number | null {
  return text === null ? null : parseTimestamp(text, name);
}
