/** `incremental`: files that an earlier backup has are not copied again, but named. */
export type BackupType = 'full' | 'incremental';

export interface BackupInfo {
  readonly backupId: string;
  /** Microseconds since 1970. */
  readonly createdAt: number;
  /** `full` also where there was nothing that an incremental one could go on from. */
  readonly backupType: BackupType;
  /** The one that an incremental backup goes on from; null for a full one. */
  readonly baseId: string | null;
  /** Of the store whose backup this is. */
  readonly storeId: string;
  /** First event of the log: what lies before it was dropped, and is in Parquet files. */
  readonly firstPosition: number;
  /**
   * First position that a store which is restored from it can end with: before it, what the store keeps
   * of itself (schemas, consumers, policies) would be missing. 1 where nothing was dropped from the log.
   */
  readonly restorableFrom: number;
  /** First event that its base does not have; `firstPosition` in a full one. */
  readonly fromPosition: number;
  /** Last event: where a store that is restored from it ends. */
  readonly toPosition: number;
  /** Time of the last event; null where the log has none. */
  readonly toTimestamp: number | null;
  /** From `fromPosition` to `toPosition`. */
  readonly eventCount: number;
  /** Of the files that it has itself. */
  readonly sizeBytes: number;
  /** Of all files that a store is restored from. */
  readonly restoredBytes: number;
  /** SHA-256 of its manifest, which has those of all files. */
  readonly checksum: string;
  /** Merkle root of the log up to `toPosition`. */
  readonly rootHash: string;
}

export interface BackupProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** A backup that is being made. */
export interface RunningBackup extends BackupProgress {
  readonly backupType: BackupType;
  readonly startedAt: number;
}

export interface BackupList {
  /** Newest first. */
  readonly backups: readonly BackupInfo[];
  /** Ids of those whose manifest can't be read. While there are some, no file of a backup is removed. */
  readonly damaged: readonly string[];
  /** The one that this store makes now. */
  readonly running: RunningBackup | null;
}

export interface BackupJobOptions {
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CreateBackupOptions extends BackupJobOptions {
  /** Default `full`. */
  readonly type?: BackupType | undefined;
}

export interface BackupFileReport {
  /** Path of the file. */
  readonly file: string;
  readonly ok: boolean;
  /** What is wrong with it; null where nothing is. */
  readonly reason: string | null;
}

export interface BackupReport {
  readonly backupId: string;
  readonly ok: boolean;
  /** Events of a store that is restored from it. */
  readonly events: number;
  readonly bytes: number;
  /** Of the events in the copied files; null where one of these is damaged. */
  readonly rootHash: string | null;
  readonly files: readonly BackupFileReport[];
}

export interface PruneReport {
  /** Ids of the backups that were deleted, newest first. */
  readonly deleted: readonly string[];
  readonly freedBytes: number;
}

/** Backups that lie in a directory, whether their store is there or not. */
export interface KeptBackups {
  list(): Promise<BackupList>;
  /**
   * Reads a whole backup: the SHA-256 of each file, every frame and event, and the Merkle root. Damage is in
   * the report. Rejects with `backup_not_found`, and `backup_damaged` where the manifest can't be read.
   */
  verify(backupId: string, options?: BackupJobOptions): Promise<BackupReport>;
  /** Files that other backups need stay until these go. Rejects with `backup_not_found`, `backup_running`. */
  delete(backupId: string): Promise<void>;
  /** Deletes all but the newest ones. Rejects with `backup_running`, `backup_damaged`. */
  prune(options: { readonly keep: number }): Promise<PruneReport>;
}

/** Copies of a store in a directory, each with all that a store is restored from. */
export interface Backups extends KeptBackups {
  /**
   * Makes a backup of all that is durable now, while reads and appends go on. Rejects with
   * `backup_running` where the directory is at work, `storage_full`, `storage_damaged` where the log is, or
   * a Parquet file of events that the log does not have any more, and `unprocessable` for a store in memory or a directory with backups of another store.
   */
  create(options?: CreateBackupOptions): Promise<BackupInfo>;
}

export interface BackupCounts {
  /** Since the store was opened. */
  readonly created: number;
  /** Backups that were asked for or due and could not be made, since the store was opened. */
  readonly failed: number;
  /** Why the last one that was due could not be made; null where none failed since the last that went well. */
  readonly failure: string | null;
  /** When the newest one was made, also before the store was opened; null where there is none. */
  readonly lastCreatedAt: number | null;
}

/** Those of a store in this process. */
export interface EmbeddedBackups extends Backups {
  /** Where they are. */
  readonly directory: string;
  counts(): BackupCounts;
}

export interface RestoreOptions extends BackupJobOptions {
  /** Directory of the backups. */
  readonly backupDir: string;
  /** Default: the newest one that reaches `position` or `time`. */
  readonly backupId?: string | undefined;
  /** Where the store is to be; not there, or an empty directory. */
  readonly dataDir: string;
  /** The log ends with the last append that lies at or before this position. */
  readonly position?: number | undefined;
  /** The log ends with the last append of this time: microseconds since 1970, or RFC 3339 text. */
  readonly time?: number | string | undefined;
}

export interface RestoredStore {
  readonly dataDir: string;
  readonly backupId: string;
  readonly firstPosition: number;
  /** Where the restored log ends. */
  readonly lastPosition: number;
  /** Time of its last event; null where there is none. */
  readonly lastTimestamp: number | null;
  readonly bytes: number;
  /** Merkle root of the restored log. */
  readonly rootHash: string;
}
