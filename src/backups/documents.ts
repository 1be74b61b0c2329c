import { formatTimestamp } from '../domain/index.js';
import type { BackupInfo, BackupList, BackupReport, PruneReport, RestoredStore } from './types.js';

/** A backup in the wire names. */
export function backupDocument(info: BackupInfo) {
  return {
    backup_id: info.backupId,
    created_at: formatTimestamp(info.createdAt),
    backup_type: info.backupType,
    base_id: info.baseId,
    store_id: info.storeId,
    event_count: info.eventCount,
    size_bytes: info.sizeBytes,
    restored_bytes: info.restoredBytes,
    checksum: info.checksum,
    first_position: info.firstPosition,
    restorable_from: info.restorableFrom,
    from_position: info.fromPosition,
    to_position: info.toPosition,
    to_timestamp: timeOf(info.toTimestamp),
    root_hash: info.rootHash,
  };
}

export function backupListDocument({ backups, damaged, running }: BackupList) {
  return {
    backups: backups.map(backupDocument),
    total: backups.length,
    damaged: [...damaged],
    running: running && {
      backup_type: running.backupType,
      started_at: formatTimestamp(running.startedAt),
      bytes_done: running.bytesDone,
      bytes_total: running.bytesTotal,
    },
  };
}

export function backupReportDocument(report: BackupReport) {
  return {
    backup_id: report.backupId,
    ok: report.ok,
    events: report.events,
    bytes: report.bytes,
    root_hash: report.rootHash,
    files: report.files.map(({ file, ok, reason }) => ({ file, ok, reason })),
  };
}

export function pruneDocument({ deleted, freedBytes }: PruneReport) {
  return { deleted: [...deleted], freed_bytes: freedBytes };
}

export function restoredDocument(restored: RestoredStore) {
  return {
    data_dir: restored.dataDir,
    backup_id: restored.backupId,
    first_position: restored.firstPosition,
    last_position: restored.lastPosition,
    last_timestamp: timeOf(restored.lastTimestamp),
    bytes: restored.bytes,
    root_hash: restored.rootHash,
  };
}

function timeOf(micros: number | null): string | null {
  return micros === null ? null : formatTimestamp(micros);
}
