import { Option, type Command } from 'commander';
import { loadSettings } from '../../config/index.js';
import { compactionStrategies } from '../../domain/index.js';
import type { CompactionStrategy } from '../../eventStore/index.js';
import {
  compactionReportDocument,
  parquetReportDocument,
  type CompactOptions,
  type CompactionProgress,
  type CompactionReport,
  type Parquet,
  type ParquetReport,
} from '../../parquet/index.js';
import { CliError, exitFailed, exitUsage } from '../failure.js';
import { addTargetFlags, type TargetFlags } from '../options.js';
import { formatBytes, formatCount, printJson, printPairs, writeOut } from '../output.js';
import { parquetPolicyOf } from '../parquetPolicy.js';
import {
  connectTo,
  defaultUrl,
  mustBeOnePlace,
  openReadOnly,
  openToWrite,
} from '../target/index.js';
import { watched, type Watch } from '../watched.js';

interface CompactFlags extends TargetFlags {
  readonly strategy?: CompactionStrategy;
  readonly verify?: true;
}

/** The Parquet files of a store, and how it is closed. */
interface Place {
  compact(options: CompactOptions): Promise<CompactionReport>;
  verify(options: CompactOptions): ReturnType<Parquet['verify']>;
  close(): Promise<void>;
}

export function addCompactCommand(program: Command): void {
  const command = program
    .command('compact')
    .description('write sealed segments of the log as Parquet files, and merge small ones')
    .addOption(
      new Option(
        '--strategy <strategy>',
        'files that are merged: small ones, those of a day, or all (default that of the settings)',
      ).choices(compactionStrategies),
    )
    .option('--verify', 'only read all files, and compare them with their SHA-256');
  addTargetFlags(command).action(runCompact);
}

async function runCompact(flags: CompactFlags): Promise<void> {
  process.exitCode = exitFailed;
  checkFlags(flags);
  const place = await openPlace(flags);
  try {
    if (flags.verify === true) await verify(place, flags);
    else await compact(place, flags);
  } finally {
    await place.close();
  }
  process.exitCode = 0;
}

function checkFlags({ url, dataDir, verify, strategy }: CompactFlags): void {
  mustBeOnePlace({ url, dataDir });
  const usage = { exitCode: exitUsage };
  if (verify === true && strategy !== undefined) {
    throw new CliError('expected --verify or --strategy, got both; --verify merges nothing', usage);
  }
}

async function openPlace({ url, dataDir, verify }: CompactFlags): Promise<Place> {
  if (dataDir === undefined) return remotePlace(url ?? defaultUrl);
  const store =
    verify === true
      ? await openReadOnly(dataDir)
      : await openToWrite(dataDir, {
          parquet: { ...parquetPolicyOf(loadSettings().settings), automatic: false },
        });
  const { parquet } = store;
  return {
    compact: (options) => parquet.compact(options),
    verify: ({ onProgress, signal }) => parquet.verify({ onProgress, signal }),
    close: () => store.close(),
  };
}

function remotePlace(url: string): Place {
  const store = connectTo(url);
  const { parquet } = store;
  return {
    compact: ({ strategy, signal }) => parquet.compact({ strategy, signal }),
    verify: ({ signal }) => parquet.verify({ signal }),
    close: () => store.close(),
  };
}

async function compact(place: Place, { strategy, json }: CompactFlags): Promise<void> {
  const report = await watchedEvents('compact', (watch) => place.compact({ strategy, ...watch }));
  if (json === true) return printJson(compactionReportDocument(report));
  const { filesCompacted, bytesBefore, bytesAfter } = report;
  const sizes = `${formatBytes(bytesBefore)} to ${formatBytes(bytesAfter)}`;
  await printPairs([
    ['written', ofEvents(report.filesWritten, report.eventsWritten)],
    ['merged', ofEvents(filesCompacted, report.eventsCompacted)],
    ...(filesCompacted === 0 ? [] : [['size', sizes] as const]),
    ['time', `${(report.durationMs / 1000).toFixed(1)} s`],
  ]);
}

async function verify(place: Place, { json }: CompactFlags): Promise<void> {
  const report = await watchedEvents('verify', (watch) => place.verify(watch));
  if (json === true) await printJson(parquetReportDocument(report));
  if (!report.ok) throw new CliError(describeDamage(report));
  if (json === true) return;
  const events = report.files.reduce((sum, { eventCount }) => sum + eventCount, 0);
  const bytes = report.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await writeOut(`no damage in ${ofEvents(report.files.length, events)}, ${formatBytes(bytes)}\n`);
}

function describeDamage({ files }: ParquetReport): string {
  const damaged = files.filter(({ damage }) => damage !== null);
  const [first] = damaged;
  const more = damaged.length > 1 ? ` (and ${damaged.length - 1} more files)` : '';
  return (
    `${first?.name ?? 'a file'} is damaged: ${first?.damage ?? 'it differs'}${more}; ` +
    'a compaction that merges it makes it again, as long as the log has its events'
  );
}

function ofEvents(files: number, events: number): string {
  return `${formatCount(files)} ${files === 1 ? 'file' : 'files'}, ${formatCount(events)} events`;
}

function watchedEvents<T>(
  label: string,
  work: (watch: Watch<CompactionProgress>) => Promise<T>,
): Promise<T> {
  const stateOf = ({ eventsDone, eventsTotal }: CompactionProgress) => ({
    done: eventsDone,
    total: eventsTotal,
    text: `${formatCount(eventsDone)} of ${formatCount(eventsTotal)} events`,
  });
  return watched({ label, stateOf, interrupted: 'interrupted; what is done by then stays' }, work);
}
