import { backupDocument, type BackupInfo, type KeptBackups } from '../../backups/index.js';
import { formatTimestamp } from '../../domain/index.js';
import {
  formatBytes,
  formatCount,
  formatTime,
  printJson,
  printList,
  printNote,
  printPairs,
} from '../output.js';

export async function printBackups(kept: KeptBackups, json: boolean): Promise<void> {
  const { backups, damaged, running } = await kept.list();
  await printList(backups, {
    json,
    document: backupDocument,
    none: 'no backups; `allsource backup create` makes one',
    columns: [
      { title: 'backup', cell: ({ backupId }) => backupId },
      { title: 'created', cell: ({ createdAt }) => formatTime(formatTimestamp(createdAt)) },
      { title: 'type', cell: ({ backupType }) => backupType },
      { title: 'from', align: 'right', cell: ({ fromPosition }) => formatCount(fromPosition) },
      { title: 'to', align: 'right', cell: ({ toPosition }) => formatCount(toPosition) },
      { title: 'size', align: 'right', cell: ({ sizeBytes }) => formatBytes(sizeBytes) },
    ],
  });
  for (const id of damaged) printNote(`backup ${id}: its manifest is damaged; delete it`);
  if (running === null) return;
  const { bytesDone, bytesTotal } = running;
  printNote(`one is being made: ${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`);
}

export async function printBackup(info: BackupInfo, json: boolean): Promise<void> {
  if (json) return printJson(backupDocument(info));
  const { baseId, toTimestamp } = info;
  await printPairs([
    ['backup', info.backupId],
    ['type', baseId === null ? info.backupType : `${info.backupType}, on from ${baseId}`],
    ['created', formatTime(formatTimestamp(info.createdAt))],
    ['events', formatCount(info.eventCount)],
    ['positions', `${formatCount(info.fromPosition)} to ${formatCount(info.toPosition)}`],
    ['last event', toTimestamp === null ? 'none' : formatTime(formatTimestamp(toTimestamp))],
    ['size', `${formatBytes(info.sizeBytes)}, restored ${formatBytes(info.restoredBytes)}`],
    ['root', info.rootHash],
    ['checksum', info.checksum],
  ]);
}
