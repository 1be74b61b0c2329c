import type { BackupInfo, BackupList, BackupType } from '../../backups/index.js';
import { parseTimestamp } from '../../domain/index.js';

/** A backup as the server sends it. */
export interface WireBackup {
  readonly backup_id: string;
  readonly created_at: string;
  readonly backup_type: BackupType;
  readonly base_id: string | null;
  readonly store_id: string;
  readonly event_count: number;
  readonly size_bytes: number;
  readonly restored_bytes: number;
  readonly checksum: string;
  readonly first_position: number;
  readonly restorable_from: number;
  readonly from_position: number;
  readonly to_position: number;
  readonly to_timestamp: string | null;
  readonly root_hash: string;
}

export interface WireBackupList {
  readonly backups: readonly WireBackup[];
  readonly damaged: readonly string[];
  readonly running: {
    readonly backup_type: BackupType;
    readonly started_at: string;
    readonly bytes_done: number;
    readonly bytes_total: number;
  } | null;
}

export function toBackup(backup: WireBackup): BackupInfo {
  const { to_timestamp: toTimestamp } = backup;
  return {
    backupId: backup.backup_id,
    createdAt: parseTimestamp(backup.created_at, 'created_at'),
    backupType: backup.backup_type,
    baseId: backup.base_id,
    storeId: backup.store_id,
    eventCount: backup.event_count,
    sizeBytes: backup.size_bytes,
    restoredBytes: backup.restored_bytes,
    checksum: backup.checksum,
    firstPosition: backup.first_position,
    restorableFrom: backup.restorable_from,
    fromPosition: backup.from_position,
    toPosition: backup.to_position,
    toTimestamp: toTimestamp === null ? null : parseTimestamp(toTimestamp, 'to_timestamp'),
    rootHash: backup.root_hash,
  };
}

export function toBackupList({ backups, damaged, running }: WireBackupList): BackupList {
  return {
    backups: backups.map(toBackup),
    damaged,
    running: running && {
      backupType: running.backup_type,
      startedAt: parseTimestamp(running.started_at, 'started_at'),
      bytesDone: running.bytes_done,
      bytesTotal: running.bytes_total,
    },
  };
}
