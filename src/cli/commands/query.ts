import { Option, type Command } from 'commander';
import type { Order } from '../../domain/index.js';
import {
  addFilterFlags,
  addTargetFlags,
  readFilter,
  rfc3339Time,
  wholeNumberFrom,
  type FilterFlags,
  type TargetFlags,
} from '../options.js';
import { formatCount, printNote } from '../output.js';
import { openTarget, type QueryOptions, type Target } from '../target/index.js';
import { createEventPrinter, splitLines } from './eventPrinter.js';

const limitDefault = 100;

interface QueryFlags extends TargetFlags, FilterFlags {
  readonly since?: string;
  readonly until?: string;
  readonly asOf?: string;
  readonly fromPosition?: number;
  readonly order?: Order;
  readonly limit?: number;
  readonly all?: true;
}

export function addQueryCommand(program: Command): void {
  const command = program.command('query').description('print events');
  addFilterFlags(addTargetFlags(command))
    .option('--since <time>', 'from this time on', rfc3339Time)
    .option('--until <time>', 'up to this time, itself included', rfc3339Time)
    .option('--as-of <time>', 'the log as it was at this time', rfc3339Time)
    .option('--from-position <n>', 'from this position on', wholeNumberFrom(1))
    .addOption(new Option('--order <order>', 'oldest or newest first').choices(['asc', 'desc']))
    .addOption(
      new Option('--limit <n>', `events at most (default ${limitDefault})`)
        .argParser(wholeNumberFrom(1))
        .conflicts('all'),
    )
    .option('--all', 'all matching events')
    .action(runQuery);
}

async function runQuery(flags: QueryFlags): Promise<void> {
  const target = await openTarget(flags);
  try {
    const limit = flags.all ? Number.MAX_SAFE_INTEGER : (flags.limit ?? limitDefault);
    const { printed, hasMore } = await printEvents(target, flags, limit);
    if (hasMore) {
      printNote(`${formatCount(printed)} events printed, more match: give --limit or --all`);
    }
    if (printed === 0 && !flags.json) printNote('no events match');
  } finally {
    await target.close();
  }
}

async function printEvents(
  target: Target,
  flags: QueryFlags,
  limit: number,
): Promise<{ printed: number; hasMore: boolean }> {
  const printer = createEventPrinter(flags.json === true);
  let printed = 0;
  // One event more than wanted is asked for: whether there is one decides on the closing remark.
  const options = { ...readQuery(flags), ...(!flags.all && { limit: limit + 1 }) };
  for await (const lines of splitLines(target.query(options))) {
    const wanted = lines.slice(0, limit - printed);
    await printer.print(wanted);
    printed += wanted.length;
    if (wanted.length < lines.length) return { printed, hasMore: true };
  }
  return { printed, hasMore: false };
}

function readQuery(flags: QueryFlags): QueryOptions {
  return {
    ...readFilter(flags),
    since: flags.since,
    until: flags.until,
    asOf: flags.asOf,
    fromPosition: flags.fromPosition,
    order: flags.order,
  };
}
