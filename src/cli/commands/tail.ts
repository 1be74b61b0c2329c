import type { Command } from 'commander';
import {
  firstPosition,
  followUntilInterrupt,
  noteEndOfDirectory,
  parseStart,
  type StartFlag,
} from '../following.js';
import {
  addFilterFlags,
  addTargetFlags,
  readFilter,
  type FilterFlags,
  type TargetFlags,
} from '../options.js';
import { openTarget, type ServerTarget, type Target } from '../target/index.js';
import { createEventPrinter, splitLines } from './eventPrinter.js';

interface TailFlags extends TargetFlags, FilterFlags {
  readonly from?: StartFlag;
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

async function runTail(flags: TailFlags): Promise<void> {
  const target = await openTarget(flags);
  try {
    await (target.kind === 'url' ? followUrl(target, flags) : printDirectory(target, flags));
  } finally {
    await target.close();
  }
}

async function followUrl(target: ServerTarget, flags: TailFlags): Promise<void> {
  const printer = createEventPrinter(flags.json === true);
  const { from } = flags;
  const lines = followUntilInterrupt(target, { from, filter: readFilter(flags) });
  for await (const line of lines) await printer.print([line]);
}

async function printDirectory(target: Target, flags: TailFlags): Promise<void> {
  const printer = createEventPrinter(flags.json === true);
  const from = flags.from ?? 'beginning';
  if (from !== 'now') {
    const options = { ...readFilter(flags), fromPosition: firstPosition(from) };
    for await (const lines of splitLines(target.query(options))) await printer.print(lines);
  }
  noteEndOfDirectory();
}
