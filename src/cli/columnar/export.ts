import { Option, type Command } from 'commander';
import type { ArrowOptions, FieldType } from '../../columnar/index.js';
import type { Order } from '../../domain/index.js';
import { letOthersGoFirst } from '../../eventStore/index.js';
import { CliError, exitUsage } from '../failure.js';
import {
  addFilterFlags,
  addTargetFlags,
  collect,
  readFilter,
  rfc3339Time,
  wholeNumberFrom,
  type FilterFlags,
  type TargetFlags,
} from '../options.js';
import { formatCount, printJson, printNote } from '../output.js';
import { writeOutput } from '../outputFile.js';
import { startProgress } from '../progress.js';
import { openTarget, type Target } from '../target/index.js';
import { interruptible, orAborted, untilAborted } from '../watched.js';

const formats = ['parquet', 'arrow', 'ndjson'] as const;
type Format = (typeof formats)[number];

interface ExportFlags extends TargetFlags, FilterFlags {
  readonly format: Format;
  readonly since?: string;
  readonly until?: string;
  readonly asOf?: string;
  readonly fromPosition?: number;
  readonly order?: Order;
  readonly limit?: number;
  readonly column?: readonly string[];
  readonly field?: readonly string[];
  readonly force?: true;
}

export function addExportCommand(program: Command): void {
  const command = program
    .command('export')
    .description('write events to a file for other tools: Parquet, Arrow or NDJSON')
    .argument('<file>', 'file to write, or - for standard output');
  command.addOption(
    new Option('--format <format>', 'what the file is').choices(formats).default('parquet'),
  );
  addFilterFlags(addTargetFlags(command))
    .option('--since <time>', 'from this time on', rfc3339Time)
    .option('--until <time>', 'up to this time, itself included', rfc3339Time)
    .option('--as-of <time>', 'the log as it was at this time', rfc3339Time)
    .option('--from-position <n>', 'from this position on', wholeNumberFrom(1))
    .addOption(new Option('--order <order>', 'oldest or newest first').choices(['asc', 'desc']))
    .option('--limit <n>', 'events at most (default all)', wholeNumberFrom(1))
    .option('--column <name>', 'only this column; may be given several times', collect)
    .option(
      '--field <path:type>',
      'a field of payloads as a column, as total:float64 or net=total.net:float64; types are ' +
        'float64, int64, bool, utf8, json; may be given several times',
      collect,
    )
    .option('--force', 'write over a file that is there')
    .action(runExport);
}

async function runExport(file: string, flags: ExportFlags): Promise<void> {
  const options = optionsOf(flags);
  letOthersGoFirst('process');
  const target = await openTarget(flags);
  try {
    const done = await interruptible('interrupted; nothing was written', (signal) =>
      written(target, { file, flags, options, signal }),
    );
    await report({ file, ...done, json: flags.json === true });
  } finally {
    await target.close();
  }
}

interface ExportWork {
  readonly file: string;
  readonly flags: ExportFlags;
  readonly options: ArrowOptions;
  readonly signal: AbortSignal;
}

async function written(target: Target, { file, flags, options, signal }: ExportWork) {
  const progress = startProgress('export');
  let rows = 0;
  let bytes = 0;
  const startMs = performance.now();
  try {
    const total = await orAborted(totalOf(target, options), signal);
    const onRows = (read: number): void => {
      rows += read;
      progress.update({ done: rows, total, text: `${formatCount(rows)} events` });
    };
    const pieces = piecesOf(target, { format: flags.format, options, onRows });
    await writeOutput(file, flags.force === true, async (write) => {
      for await (const piece of untilAborted(pieces, signal)) {
        bytes += piece.length;
        await write(piece);
      }
    });
  } finally {
    progress.stop();
  }
  return { rows, bytes, seconds: (performance.now() - startMs) / 1000 };
}

async function report(done: {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly json: boolean;
}): Promise<void> {
  const { file, rows, bytes, seconds, json } = done;
  // Standard output has the file itself.
  if (json && file !== '-') await printJson({ file, events: rows, bytes, seconds });
  else {
    const rate = formatCount(Math.round(rows / Math.max(seconds, 0.001)));
    printNote(
      `${formatCount(rows)} events, ${formatCount(bytes)} bytes in ${seconds.toFixed(1)} s (${rate} a second)`,
    );
  }
}

/** Of a store without filters: how many there will be, for the bar. */
async function totalOf(target: Target, options: ArrowOptions): Promise<number | null> {
  const { tenantId, limit, columns: _, fields: __, order: ___, ...filter } = options;
  if (Object.values(filter).some((value) => value !== undefined)) return null;
  const { total_events: events } = await target.stats(tenantId ?? 'default');
  return limit === undefined ? events : Math.min(limit, events);
}

interface Wanted {
  readonly format: Format;
  readonly options: ArrowOptions;
  readonly onRows: (rows: number) => void;
}

function piecesOf(target: Target, wanted: Wanted): AsyncIterable<Uint8Array> {
  if (wanted.format === 'parquet') return target.parquet(wanted.options, wanted.onRows);
  if (wanted.format === 'arrow') return target.arrow(wanted.options, wanted.onRows);
  return ndjson(target, wanted);
}

async function* ndjson(target: Target, { options, onRows }: Wanted): AsyncGenerator<Uint8Array> {
  const { columns: _, fields: __, ...query } = options;
  for await (const chunk of target.query(query)) {
    onRows(linesOf(chunk));
    yield chunk;
  }
}

const newline = 0x0a;

function linesOf(chunk: Uint8Array): number {
  let lines = 0;
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) lines += 1;
  return lines;
}

function optionsOf(flags: ExportFlags): ArrowOptions {
  const { format, column, field } = flags;
  if (format === 'ndjson' && (column ?? field) !== undefined) {
    throw new CliError('--column and --field are of parquet and arrow; NDJSON has whole events', {
      exitCode: exitUsage,
    });
  }
  const { since, until, asOf, fromPosition, order, limit } = flags;
  const bounds = { since, until, asOf, fromPosition, order, limit };
  return {
    ...readFilter(flags),
    ...bounds,
    // What is no column is refused where columns are read, with their names.
    columns: column as ArrowOptions['columns'],
    fields: field === undefined ? undefined : Object.fromEntries(field.map(fieldOf)),
  };
}

function fieldOf(text: string): [string, { path: string; type: FieldType }] {
  const [, name, path, type] = /^(?:([^=]+)=)?([^=]+):(\w+)$/.exec(text) ?? [];
  if (path === undefined || type === undefined) {
    throw new CliError(`--field: expected path:type, or name=path:type, got ${text}`, {
      exitCode: exitUsage,
    });
  }
  return [name ?? path, { path, type: type as FieldType }];
}
