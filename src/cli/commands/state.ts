import { Option, type Command } from 'commander';
import { addTargetFlags, rfc3339Time, wholeNumberFrom, type TargetFlags } from '../options.js';
import {
  formatCount,
  formatTime,
  printJson,
  printPairs,
  TablePrinter,
  writeOut,
} from '../output.js';
import { openTarget } from '../target/index.js';
import type { WireState } from '../target/index.js';

const historyDefault = 20;
const historyMax = 10_000;

type Merge = 'shallow' | 'deep';

interface StateFlags extends TargetFlags {
  readonly tenant?: string;
  readonly asOf?: string;
  readonly version?: number;
  readonly merge?: Merge;
  readonly history: number;
}

export function addStateCommand(program: Command): void {
  const command = program
    .command('state')
    .description('print the current or an earlier state of an entity')
    .argument('<entity>', 'entity id');
  addTargetFlags(command)
    .option('--tenant <id>', 'tenant of the entity (default default)')
    .option('--as-of <time>', 'the entity as it was at this time', rfc3339Time)
    .option('--version <n>', 'the entity as it was at this version', wholeNumberFrom(1))
    .addOption(
      new Option(
        '--merge <kind>',
        'how payloads are merged: key by key, or objects in objects too (default shallow)',
      ).choices(['shallow', 'deep']),
    )
    .option(
      '--history <n>',
      'newest events to list',
      wholeNumberFrom(0, historyMax),
      historyDefault,
    )
    .action(runState);
}

async function runState(entityId: string, flags: StateFlags): Promise<void> {
  const target = await openTarget(flags);
  try {
    const state = await target.state(entityId, {
      tenantId: flags.tenant,
      asOf: flags.asOf,
      version: flags.version,
      merge: flags.merge,
      historyLimit: flags.history,
    });
    await (flags.json ? printJson(state) : printState(state));
  } finally {
    await target.close();
  }
}

async function printState(state: WireState): Promise<void> {
  await printPairs([
    ['entity', state.entity_id],
    ['version', String(state.version)],
    ['events', formatCount(state.event_count)],
    ['last updated', formatTime(state.last_updated)],
    ...(state.as_of === null ? [] : [['as of', formatTime(state.as_of)] as const]),
  ]);
  await writeOut('\ncurrent state\n');
  await printPairs(describeFields(state.current_state));
  if (state.history.length === 0) return;
  await writeOut('\nhistory\n');
  const table = new TablePrinter([
    { title: 'version', align: 'right' },
    { title: 'time' },
    { title: 'type' },
    { title: 'payload' },
  ]);
  await table.print(
    state.history.map((event) => [
      String(event.version),
      formatTime(event.timestamp),
      event.type,
      JSON.stringify(event.payload),
    ]),
  );
}

function describeFields(fields: WireState['current_state']): (readonly [string, string])[] {
  const pairs = Object.entries(fields).map(
    ([name, value]) => [`  ${JSON.stringify(name)}`, JSON.stringify(value)] as const,
  );
  return pairs.length > 0 ? pairs : [['  (no fields)', '']];
}
