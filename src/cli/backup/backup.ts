import { Option, type Command } from 'commander';
import {
  backupReportDocument,
  keepMax,
  pruneDocument,
  type BackupInfo,
  type BackupReport,
  type BackupType,
} from '../../backups/index.js';
import { printDeleted } from '../delivery/deadLetters.js';
import { CliError, exitFailed } from '../failure.js';
import { addJsonFlag, addUrlFlag, wholeNumberFrom } from '../options.js';
import { formatBytes, formatCount, printJson, printNote, writeOut } from '../output.js';
import { printBackup, printBackups } from './backupReport.js';
import { openPlace, type Place, type PlaceFlags } from './place.js';
import { addRestoreCommand } from './restore.js';
import { watchedBytes } from './watchedBytes.js';

interface CreateFlags extends PlaceFlags {
  readonly type: BackupType;
}

interface PruneFlags extends PlaceFlags {
  readonly keep: number;
}

const examples = `
examples:
  allsource backup create --type incremental
  allsource backup list --backup-dir /mnt/backups
  allsource backup verify --data-dir ./data
  allsource backup restore --backup-dir /mnt/backups --data-dir ./restored
`;

export function addBackupCommand(program: Command): void {
  const group = program
    .command('backup')
    .description('backups: copies of the whole store, from which it can be restored')
    .addHelpText('after', examples);
  const create = group
    .command('create')
    .description('copy the store as it is now, while it is used')
    .addOption(
      new Option(
        '--type <type>',
        'full, or incremental: what an earlier backup has is not copied again',
      )
        .choices(['full', 'incremental'])
        .default('full'),
    );
  addPlaceFlags(create).action(createBackup);
  addPlaceFlags(group.command('list').description('print the backups, newest first')).action(
    (flags: PlaceFlags) => within(flags, ({ kept }) => printBackups(kept, flags.json === true)),
  );
  addPlaceFlags(
    group
      .command('verify')
      .description('read a whole backup, and compare it with its manifest')
      .argument('[id]', 'id of the backup (default the newest)'),
  ).action(verifyBackup);
  addRestoreCommand(group);
  addPlaceFlags(
    group
      .command('delete')
      .description('delete a backup; files that others need stay')
      .argument('<id>', 'id of the backup'),
  ).action((id: string, flags: PlaceFlags) =>
    within(flags, async ({ kept }) => {
      await kept.delete(id);
      await printDeleted(id, flags.json === true);
    }),
  );
  addPlaceFlags(
    group
      .command('prune')
      .description('delete all backups but the newest ones')
      .requiredOption('--keep <n>', 'backups that stay', wholeNumberFrom(1, keepMax)),
  ).action(pruneBackups);
}

function addPlaceFlags(command: Command): Command {
  addUrlFlag(command)
    .option('--data-dir <dir>', 'the store of this directory instead, beside its server')
    .option('--backup-dir <dir>', 'directory of the backups (default backups in --data-dir)');
  return addJsonFlag(command);
}

async function createBackup(flags: CreateFlags): Promise<void> {
  await within(flags, async (place) => {
    const { create } = place;
    if (create === undefined) {
      throw new CliError('--backup-dir alone has no store to copy; add --data-dir');
    }
    const info = await watchedBytes('backup', (watch) => create({ type: flags.type, ...watch }));
    await printBackup(info, flags.json === true);
  });
}

async function verifyBackup(id: string | undefined, flags: PlaceFlags): Promise<void> {
  process.exitCode = exitFailed;
  await within(flags, async ({ kept }) => {
    const backupId = id ?? (await newestOf(kept)).backupId;
    const report = await watchedBytes('verify', (watch) => kept.verify(backupId, watch));
    if (flags.json === true) await printJson(backupReportDocument(report));
    if (!report.ok) throw new CliError(describeDamage(report));
    if (flags.json !== true) await writeOut(describeSound(report));
  });
  process.exitCode = 0;
}

async function newestOf(kept: Place['kept']): Promise<BackupInfo> {
  const { backups, damaged } = await kept.list();
  const [newest] = backups;
  if (newest !== undefined) return newest;
  const why = damaged.length === 0 ? '' : `; the manifest of ${damaged.join(', ')} is damaged`;
  throw new CliError(`there is no backup${why}`);
}

async function pruneBackups(flags: PruneFlags): Promise<void> {
  await within(flags, async ({ kept }) => {
    const report = await kept.prune({ keep: flags.keep });
    if (flags.json === true) return printJson(pruneDocument(report));
    for (const id of report.deleted) await writeOut(`${id}\n`);
    const count = formatCount(report.deleted.length);
    printNote(`deleted ${count} backups, freed ${formatBytes(report.freedBytes)}`);
  });
}

async function within(flags: PlaceFlags, work: (place: Place) => Promise<void>): Promise<void> {
  const place = await openPlace(flags);
  try {
    await work(place);
  } finally {
    await place.close();
  }
}

function describeDamage({ backupId, files }: BackupReport): string {
  const damaged = files.filter(({ ok }) => !ok);
  const [first] = damaged;
  // What a reason says of a file begins with its path.
  const reason = first?.reason ?? 'it is damaged';
  const file = first?.file ?? backupId;
  const where = reason.startsWith(file) ? reason : `${file}: ${reason}`;
  const more = damaged.length > 1 ? ` (and ${damaged.length - 1} more files)` : '';
  return `backup ${backupId} is damaged: ${where}${more}; make another one`;
}

function describeSound({ backupId, events, bytes, files }: BackupReport): string {
  const counts = `${formatCount(events)} events, ${formatCount(files.length)} files`;
  return `backup ${backupId}: no damage in ${counts}, ${formatBytes(bytes)}\n`;
}
