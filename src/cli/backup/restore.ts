import type { Command } from 'commander';
import { restoreBackup, restoredDocument } from '../../backups/index.js';
import { formatTimestamp } from '../../domain/index.js';
import { addJsonFlag, rfc3339Time, wholeNumberFrom } from '../options.js';
import { formatBytes, formatCount, formatTime, printJson, printPairs } from '../output.js';
import { watchedBytes } from './watchedBytes.js';

interface RestoreFlags {
  readonly backupDir: string;
  readonly dataDir: string;
  readonly position?: number;
  readonly time?: string;
  readonly json?: true;
}

export function addRestoreCommand(group: Command): void {
  const command = group
    .command('restore')
    .description('make a store of a backup, in a directory that is empty or not there')
    .argument('[id]', 'id of the backup (default the newest that reaches what is asked for)')
    .requiredOption('--backup-dir <dir>', 'directory of the backups')
    .requiredOption('--data-dir <dir>', 'directory that the store gets')
    .option(
      '--position <n>',
      'end with the last append at or before this position',
      wholeNumberFrom(1),
    )
    .option('--time <time>', 'end with the last append of this time', rfc3339Time);
  addJsonFlag(command).action(restore);
}

async function restore(backupId: string | undefined, flags: RestoreFlags): Promise<void> {
  const { backupDir, dataDir, position, time, json } = flags;
  const restored = await watchedBytes('restore', (watch) =>
    restoreBackup({ backupDir, dataDir, backupId, position, time, ...watch }),
  );
  if (json === true) return printJson(restoredDocument(restored));
  const { lastTimestamp } = restored;
  await printPairs([
    ['store', restored.dataDir],
    ['of backup', restored.backupId],
    [
      'positions',
      `${formatCount(restored.firstPosition)} to ${formatCount(restored.lastPosition)}`,
    ],
    ['last event', lastTimestamp === null ? 'none' : formatTime(formatTimestamp(lastTimestamp))],
    ['size', formatBytes(restored.bytes)],
    ['root', restored.rootHash],
  ]);
}
