import { Option, type Command } from 'commander';
import type { SqlColumn, SqlOptions, SqlResult, SqlValue } from '../../sql/index.js';
import { addTargetFlags, wholeNumberFrom, type TargetFlags } from '../options.js';
import { TablePrinter, formatCount, printNote, writeOut } from '../output.js';
import { writeOutput } from '../outputFile.js';
import { openTarget, type Target } from '../target/index.js';
import { interruptible, untilAborted } from '../watched.js';

/** Rows of a table where nothing is said: more than a person reads. */
const tableRowsDefault = 1_000;

const examples = `
examples:
  allsource sql "select event_type, count(*) as n from events group by 1 order by n desc"
  allsource sql --ndjson "select payload->>'country' as country from events"
  allsource sql --arrow totals.arrow - < totals.sql
  allsource sql "describe events"
`;

interface SqlFlags extends TargetFlags {
  readonly tenant?: string;
  readonly maxRows?: number;
  readonly timeoutMs?: number;
  readonly ndjson?: true;
  readonly arrow?: string;
  readonly force?: true;
}

export function addSqlCommand(program: Command): void {
  const command = program
    .command('sql')
    .description('answer a SELECT over the view events')
    .argument('<query>', 'one SELECT, in the dialect of DuckDB; - reads it from standard input');
  addTargetFlags(command)
    .option('--tenant <id>', 'tenant whose events are meant (default default)')
    .option(
      '--max-rows <n>',
      `rows at most (default ${tableRowsDefault} as a table, else all)`,
      wholeNumberFrom(1),
    )
    .option(
      '--timeout-ms <n>',
      'time up to the last row (default that of the store)',
      wholeNumberFrom(1),
    )
    .addOption(
      new Option('--ndjson', 'a JSON object for each row, a line each').conflicts([
        'json',
        'arrow',
      ]),
    )
    .addOption(
      new Option('--arrow <file>', 'write the rows to a file as an Arrow IPC stream').conflicts(
        'json',
      ),
    )
    .option('--force', 'write over a file that is there')
    .addHelpText('after', examples)
    .action(runSql);
}

async function runSql(argument: string, flags: SqlFlags): Promise<void> {
  const query = argument === '-' ? await readInput() : argument;
  const target = await openTarget(flags);
  try {
    await answer(target, query, flags);
  } finally {
    await target.close();
  }
}

async function answer(target: Target, query: string, flags: SqlFlags): Promise<void> {
  const { tenant: tenantId, maxRows, timeoutMs, arrow, force } = flags;
  const options: SqlOptions = { tenantId, maxRows, timeoutMs };
  if (arrow !== undefined) {
    await writeFile(target.sqlArrow(query, options), { file: arrow, force: force === true });
  } else if (flags.ndjson === true) await printLines(await target.sql(query, options));
  else if (flags.json === true) await printDocument(await target.sql(query, options));
  else await printTable(await target.sql(query, { maxRows: tableRowsDefault, ...given(options) }));
}

/** The options that have a value. */
function given(options: SqlOptions): SqlOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

async function readInput(): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

function writeFile(
  pieces: AsyncIterable<Uint8Array>,
  { file, force }: { readonly file: string; readonly force: boolean },
): Promise<void> {
  return interruptible('interrupted; nothing was written', (signal) =>
    writeOutput(file, force, async (write) => {
      for await (const piece of untilAborted(pieces, signal)) await write(piece);
    }),
  );
}

async function printLines(result: SqlResult): Promise<void> {
  for await (const rows of result.batches()) {
    await writeOut(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
}

/** As HTTP answers, on one line. */
async function printDocument(result: SqlResult): Promise<void> {
  const head = JSON.stringify({ columns: result.columns, as_of_position: result.asOfPosition });
  await writeOut(`${head.slice(0, -1)},"rows":[`);
  let count = 0;
  for await (const rows of result.batches()) {
    const texts = rows.map((row) => JSON.stringify(row)).join(',');
    await writeOut(count === 0 ? texts : `,${texts}`);
    count += rows.length;
  }
  const end = JSON.stringify({ row_count: count, truncated: result.truncated });
  await writeOut(`],${end.slice(1)}\n`);
}

const numberTypes = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/;

async function printTable(result: SqlResult): Promise<void> {
  const printer = new TablePrinter(result.columns.map(titled));
  let count = 0;
  for await (const rows of result.batches()) {
    await printer.print(rows.map((row) => result.columns.map(({ name }) => shown(row[name]))));
    count += rows.length;
  }
  const more = result.truncated ? ', and there are more: see --max-rows' : '';
  printNote(`${formatCount(count)} ${count === 1 ? 'row' : 'rows'}${more}`);
}

function titled({ name, type }: SqlColumn) {
  return { title: name, align: numberTypes.test(type) ? 'right' : 'left' } as const;
}

function shown(value: SqlValue | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
