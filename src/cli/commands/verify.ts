import { Option, type Command } from 'commander';
import { loadSettings } from '../../config/index.js';
import { repairStore, type VerifyReport } from '../../eventStore/index.js';
import { CliError, exitFailed } from '../failure.js';
import { addJsonFlag, wholeNumberFrom } from '../options.js';
import {
  formatBytes,
  formatCount,
  printJson,
  printNote,
  TablePrinter,
  writeOut,
} from '../output.js';
import { startProgress } from '../progress.js';
import { openReadOnly } from '../target/index.js';

interface VerifyFlags {
  readonly dataDir?: string;
  readonly since?: number;
  readonly repair?: 'truncate';
  readonly json?: true;
}

type Repair = Awaited<ReturnType<typeof repairStore>>;

export function addVerifyCommand(program: Command): void {
  const command = program
    .command('verify')
    .description('read the whole log and check every checksum, hash, version and position')
    .option('--data-dir <dir>', 'data directory of the store (default as for serve)')
    .option(
      '--since <position>',
      'only files with events from this position on',
      wholeNumberFrom(1),
    )
    .addOption(
      new Option(
        '--repair <how>',
        'truncate: cut the log at the first damage; what is cut is moved beside the log',
      ).choices(['truncate']),
    );
  addJsonFlag(command).action(runVerify);
}

async function runVerify(flags: VerifyFlags): Promise<void> {
  process.exitCode = exitFailed;
  const dataDir = flags.dataDir ?? loadSettings().settings.dataDir;
  const before = await verifyStore(dataDir, flags.since);
  const repair = flags.repair && !before.ok ? await repairStore(dataDir) : null;
  // The log may end before --since now.
  const report = repair === null ? before : await verifyStore(dataDir, undefined);
  if (flags.json) await printJson(toDocument(dataDir, report, repair));
  else await printReport(dataDir, report, repair);
  if (!report.ok) throw new CliError(describeDamage(dataDir, report));
  noteDamagedIndexFiles(report);
  process.exitCode = 0;
}

async function verifyStore(
  dataDir: string,
  sincePosition: number | undefined,
): Promise<VerifyReport> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  const store = await openReadOnly(dataDir);
  const progress = startProgress('verify');
  try {
    return await store.verify({
      sincePosition,
      signal: interrupt.signal,
      onProgress: ({ bytesDone, bytesTotal }) =>
        progress.update({ done: bytesDone, total: bytesTotal, text: formatBytes(bytesDone) }),
    });
  } catch (error) {
    if (interrupt.signal.aborted) throw new CliError(`${dataDir}: interrupted, nothing is known`);
    throw error;
  } finally {
    progress.stop();
    process.off('SIGINT', onInterrupt);
    await store.close();
  }
}

async function printReport(
  dataDir: string,
  report: VerifyReport,
  repair: Repair | null,
): Promise<void> {
  if (repair !== null) printNote(describeRepair(repair));
  const table = new TablePrinter([
    { title: 'file' },
    { title: 'kind' },
    { title: 'bytes', align: 'right' },
    { title: 'events', align: 'right' },
    { title: 'result' },
  ]);
  await table.print(
    report.files.map(({ file, kind, bytes, events, ok, damage }) => [
      file,
      kind,
      formatCount(bytes),
      formatCount(events),
      ok ? 'ok' : damage === null ? 'damaged' : `byte ${damage.offset}: ${damage.reason}`,
    ]),
  );
  if (!report.ok) return;
  await writeOut(
    `${dataDir}: no damage in ${formatCount(report.events)} events, ${formatBytes(report.bytes)}\n`,
  );
}

function describeRepair({ cutFiles, movedTo, lastPosition }: Repair): string {
  const files = cutFiles.length === 1 ? '1 file' : `${cutFiles.length} files`;
  const kept = movedTo === null ? '' : `; what was cut is kept in ${movedTo}`;
  return `cut ${files} (${cutFiles.join(', ')}); the log ends at position ${lastPosition}${kept}`;
}

/** They are hardly ever a loss, but the disk may be worth a look. */
function noteDamagedIndexFiles({ files }: VerifyReport): void {
  const damaged = files.filter(({ ok }) => !ok).map(({ file }) => file);
  if (damaged.length === 0) return;
  printNote(
    `the log is not damaged, but index files are: ${damaged.join(', ')}; the store makes one ` +
      'anew from the log with its next segment once it meets the damage, or when it opens after ' +
      'you removed it; one that tells of dropped events has to come from a backup. See whether ' +
      'the disk is sound',
  );
}

function describeDamage(dataDir: string, report: VerifyReport): string {
  const damaged = report.files.filter(({ ok, kind }) => !ok && kind === 'segment');
  const [first] = damaged;
  const where = first?.damage
    ? `${first.file} at byte ${first.damage.offset}: ${first.damage.reason}`
    : `${first?.file ?? 'the log'}`;
  const more = damaged.length > 1 ? ` (and ${damaged.length - 1} more files)` : '';
  return (
    `${dataDir}: damage in ${where}${more}; restore a backup, or cut the log there with ` +
    `\`allsource verify --data-dir ${dataDir} --repair truncate\` (nothing is deleted)`
  );
}

function toDocument(dataDir: string, report: VerifyReport, repair: Repair | null): unknown {
  return {
    ok: report.ok,
    data_dir: dataDir,
    events: report.events,
    bytes: report.bytes,
    files: report.files,
    repair: repair && {
      cut_files: repair.cutFiles,
      moved_to: repair.movedTo,
      last_position: repair.lastPosition,
    },
  };
}
