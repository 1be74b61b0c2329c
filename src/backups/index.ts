export {
  backupDocument,
  backupListDocument,
  backupReportDocument,
  pruneDocument,
  restoredDocument,
} from './documents.js';
export { backupsIn, keepMax } from './keptBackups.js';
export { BackupRegistry } from './registry.js';
export { checkedPolicy as checkedBackupPolicy } from './schedule.js';
export { restoreBackup } from './restore.js';
export type {
  BackupCounts,
  BackupFileReport,
  BackupInfo,
  BackupJobOptions,
  BackupList,
  BackupProgress,
  BackupReport,
  BackupType,
  Backups,
  CreateBackupOptions,
  EmbeddedBackups,
  KeptBackups,
  PruneReport,
  RestoreOptions,
  RestoredStore,
  RunningBackup,
} from './types.js';
