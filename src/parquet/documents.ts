import { formatTimestamp } from '../domain/index.js';
import type { CompactionReport, CompactionStats, ParquetFile, ParquetReport } from './types.js';

// What is told of the tier, in the wire names.

export function parquetFilesDocument(files: readonly ParquetFile[]) {
  return { files: files.map(fileDocument), total: files.length };
}

export function compactionReportDocument(report: CompactionReport) {
  return {
    files_written: report.filesWritten,
    events_written: report.eventsWritten,
    files_compacted: report.filesCompacted,
    bytes_before: report.bytesBefore,
    bytes_after: report.bytesAfter,
    events_compacted: report.eventsCompacted,
    duration_ms: report.durationMs,
  };
}

export function compactionStatsDocument({ stats, config }: CompactionStats) {
  return {
    stats: {
      total_compactions: stats.totalCompactions,
      total_files_compacted: stats.totalFilesCompacted,
      total_bytes_before: stats.totalBytesBefore,
      total_bytes_after: stats.totalBytesAfter,
      total_events_compacted: stats.totalEventsCompacted,
      last_compaction_duration_ms: stats.lastCompactionDurationMs,
      space_saved_bytes: stats.spaceSavedBytes,
    },
    config: {
      min_files_to_compact: config.minFiles,
      target_file_size: config.targetFileBytes,
      max_file_size: config.maxFileBytes,
      small_file_threshold: config.smallFileBytes,
      compaction_interval_seconds: config.intervalSeconds,
      auto_compact: config.automatic,
      strategy: config.strategy,
    },
  };
}

export function parquetReportDocument({ ok, files }: ParquetReport) {
  return {
    ok,
    files: files.map(({ name, eventCount, sizeBytes, damage }) => ({
      name,
      event_count: eventCount,
      size_bytes: sizeBytes,
      damage,
    })),
  };
}

function fileDocument(file: ParquetFile) {
  return {
    name: file.name,
    first_position: file.firstPosition,
    last_position: file.lastPosition,
    first_timestamp: timeOf(file.firstTimestamp),
    last_timestamp: timeOf(file.lastTimestamp),
    event_count: file.eventCount,
    size_bytes: file.sizeBytes,
    sha256: file.sha256,
    created_at: formatTimestamp(file.createdAt),
  };
}

function timeOf(micros: number | null): string | null {
  return micros === null ? null : formatTimestamp(micros);
}
