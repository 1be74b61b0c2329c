import { InvalidArgumentError, type Command } from 'commander';
import {
  addFilterFlags,
  addTargetFlags,
  readFilter,
  wholeNumberFrom,
  type FilterFlags,
  type TargetFlags,
} from '../options.js';
import { printNote } from '../output.js';
import { followEvents, openTarget, type ServerTarget, type Target } from '../target/index.js';
import { createEventPrinter, splitLines } from './eventPrinter.js';

interface TailFlags extends TargetFlags, FilterFlags {
  readonly from?: number | 'now' | 'beginning';
}

export function addTailCommand(program: Command): void {
  const command = program.command('tail').description('print events as they are appended');
  addFilterFlags(addTargetFlags(command))
    .option(
      '--from <n>',
      'first position wanted, or beginning, or now (default now; on a directory beginning)',
      parseStart,
    )
    .action(runTail);
}

function parseStart(text: string): number | 'now' | 'beginning' {
  if (text === 'now' || text === 'beginning') return text;
  try {
    return wholeNumberFrom(1)(text);
  } catch {
    throw new InvalidArgumentError('Expected a position from 1, beginning, or now.');
  }
}

async function runTail(flags: TailFlags): Promise<void> {
  const target = await openTarget(flags);
  try {
    await (target.kind === 'url' ? followUrl(target, flags) : printDirectory(target, flags));
  } finally {
    await target.close();
  }
}

async function followUrl(target: ServerTarget, flags: TailFlags): Promise<void> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt);
  const printer = createEventPrinter(flags.json === true);
  const lines = followEvents(target, {
    from: firstPosition(flags.from ?? 'now'),
    filter: readFilter(flags),
    signal: interrupt.signal,
  });
  for await (const line of lines) await printer.print([line]);
}

async function printDirectory(target: Target, flags: TailFlags): Promise<void> {
  const printer = createEventPrinter(flags.json === true);
  const from = flags.from ?? 'beginning';
  if (from !== 'now') {
    const options = { ...readFilter(flags), fromPosition: firstPosition(from) };
    for await (const lines of splitLines(target.query(options))) await printer.print(lines);
  }
  printNote(
    'that is all there was; to follow what is appended now, give the --url of the server that ' +
      'has this directory open',
  );
}

function firstPosition(from: number | 'now' | 'beginning'): number | undefined {
  if (from === 'now') return undefined;
  return from === 'beginning' ? 1 : from;
}
