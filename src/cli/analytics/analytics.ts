import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Analytics, AnalyticsFilter, GroupBy, TimeWindow } from '../../analytics/index.js';
import {
  addFilterFlags,
  addTargetFlags,
  readFilter,
  rfc3339Time,
  wholeNumberFrom,
  type FilterFlags,
  type TargetFlags,
} from '../options.js';
import { openTarget } from '../target/index.js';
import {
  printCohorts,
  printCorrelation,
  printCounts,
  printField,
  printFrequency,
  printFunnel,
  printSummary,
} from './reports.js';

const examples = `
examples:
  allsource analytics summary
  allsource analytics frequency --window hour --since 2026-01-31T00:00:00Z
  allsource analytics counts --by payload.country
  allsource analytics correlation cart.filled order.placed --window-seconds 1800
  allsource analytics funnel cart.filled order.placed order.paid
  allsource analytics cohorts --period month
  allsource analytics field total --type order.placed --group-by payload.currency
`;

interface RangeFlags extends TargetFlags {
  readonly tenant?: string;
  readonly since?: string;
  readonly until?: string;
}

type SelectionFlags = RangeFlags & FilterFlags;

export function addAnalyticsCommand(program: Command): void {
  const group = program
    .command('analytics')
    .description('analytics: how many events, when, of whom, and how often together')
    .addHelpText('after', examples);
  addSummary(group);
  addFrequency(group);
  addCounts(group);
  addCorrelation(group);
  addFunnel(group);
  addCohorts(group);
  addField(group);
}

function addSummary(group: Command): void {
  const command = group
    .command('summary')
    .description('print how many events, entities and types, and which have most events');
  addSelectionFlags(command).action((flags: SelectionFlags) =>
    ask(flags, async (analytics) =>
      printSummary(await analytics.summary(readSelection(flags)), flags.json === true),
    ),
  );
}

interface FrequencyFlags extends SelectionFlags {
  readonly window?: TimeWindow;
  readonly bucketSize?: number;
}

function addFrequency(group: Command): void {
  const command = group.command('frequency').description('print how many events, over time');
  addSelectionFlags(command)
    .addOption(
      new Option('--window <window>', 'of UTC, weeks from Monday (default day)')
        .choices(['minute', 'hour', 'day', 'week', 'month'])
        .conflicts('bucketSize'),
    )
    .option('--bucket-size <seconds>', 'seconds of a bucket instead', wholeNumberFrom(1))
    .action((flags: FrequencyFlags) =>
      ask(flags, async (analytics) => {
        const { window, bucketSize } = flags;
        const options = { ...readSelection(flags), window, bucketSize };
        return printFrequency(await analytics.frequency(options), flags.json === true);
      }),
    );
}

interface CountsFlags extends SelectionFlags {
  readonly by?: GroupBy;
  readonly limit?: number;
}

function addCounts(group: Command): void {
  const command = group
    .command('counts')
    .description('print how many events of each type, entity or value of a field');
  addSelectionFlags(command)
    .option('--by <what>', `${groupByHelp} (default event_type)`, groupBy)
    .option('--limit <n>', 'the highest counts (default 10)', wholeNumberFrom(1))
    .action((flags: CountsFlags) =>
      ask(flags, async (analytics) => {
        const { by, limit } = flags;
        const options = { ...readSelection(flags), by, limit };
        return printCounts(await analytics.counts(options), flags.json === true);
      }),
    );
}

interface WindowFlags extends RangeFlags {
  readonly windowSeconds?: number;
}

function addCorrelation(group: Command): void {
  const command = group
    .command('correlation')
    .description('print how often an event of a type has one of another type near it')
    .argument('<type-a>', 'type of the events that are counted')
    .argument('<type-b>', 'type of those that must be near them, of the same entity');
  addRangeFlags(command)
    .option('--window-seconds <n>', 'how near, before or after (default 3600)', wholeNumberFrom(1))
    .action((eventTypeA: string, eventTypeB: string, flags: WindowFlags) =>
      ask(flags, async (analytics) => {
        const types = { eventTypeA, eventTypeB, timeWindowSeconds: flags.windowSeconds };
        const answer = await analytics.correlation({ ...readRange(flags), ...types });
        return printCorrelation(answer, flags.json === true);
      }),
    );
}

function addFunnel(group: Command): void {
  const command = group
    .command('funnel')
    .description('print how many entities come how far in a row of steps')
    .argument('<first-type>', 'event type of the first step')
    .argument('<types...>', 'event types of the steps behind it, in order');
  addRangeFlags(command)
    .option(
      '--window-seconds <n>',
      'from the first step to the last one that counts (default 604800)',
      wholeNumberFrom(1),
    )
    .action((first: string, types: readonly string[], flags: WindowFlags) =>
      ask(flags, async (analytics) => {
        const steps = [first, ...types].map((eventType) => ({ eventType }));
        const { windowSeconds } = flags;
        const answer = await analytics.funnel({ ...readRange(flags), steps, windowSeconds });
        return printFunnel(answer, flags.json === true);
      }),
    );
}

interface CohortsFlags extends RangeFlags {
  readonly period?: 'day' | 'week' | 'month';
  readonly firstType?: string;
  readonly returnType?: string;
  readonly periods?: number;
}

function addCohorts(group: Command): void {
  const command = group
    .command('cohorts')
    .description('print how many entities come back, by when they first came');
  addRangeFlags(command)
    .addOption(
      new Option('--period <period>', 'of UTC, weeks from Monday (default week)').choices([
        'day',
        'week',
        'month',
      ]),
    )
    .option('--first-type <type>', 'event that an entity comes with (default any)')
    .option('--return-type <type>', 'event that it comes back with (default any)')
    .option('--periods <n>', 'later periods to look at (default 12)', wholeNumberFrom(1))
    .action((flags: CohortsFlags) =>
      ask(flags, async (analytics) => {
        const { period, firstType, returnType, periods } = flags;
        const types = { firstEventType: firstType, returnEventType: returnType };
        const answer = await analytics.cohorts({ ...readRange(flags), ...types, period, periods });
        return printCohorts(answer, flags.json === true);
      }),
    );
}

interface FieldFlags extends SelectionFlags {
  readonly percentiles?: readonly number[];
  readonly groupBy?: GroupBy;
}

function addField(group: Command): void {
  const command = group
    .command('field')
    .description('print what numbers a field of payloads has')
    .argument('<path>', 'path of the field, as total or lines.0.price');
  addSelectionFlags(command)
    .option('--percentiles <list>', 'as 50,99.9 (default 50,90,95,99)', numberList)
    .option('--group-by <what>', groupByHelp, groupBy)
    .action((path: string, flags: FieldFlags) =>
      ask(flags, async (analytics) => {
        const { percentiles, groupBy: by } = flags;
        const options = { ...readSelection(flags), percentiles, groupBy: by };
        return printField(await analytics.field(path, options), flags.json === true);
      }),
    );
}

function addRangeFlags(command: Command): Command {
  return addTimeFlags(
    addTargetFlags(command).option(
      '--tenant <id>',
      'tenant whose events are meant (default default)',
    ),
  );
}

function addSelectionFlags(command: Command): Command {
  return addTimeFlags(addFilterFlags(addTargetFlags(command)));
}

function addTimeFlags(command: Command): Command {
  return command
    .option('--since <time>', 'from this time on', rfc3339Time)
    .option('--until <time>', 'up to this time, itself included', rfc3339Time);
}

function readRange({ tenant, since, until }: RangeFlags) {
  return { tenantId: tenant, since, until };
}

function readSelection(flags: SelectionFlags): AnalyticsFilter {
  const { entityId, eventType, eventTypePrefix, tags } = readFilter(flags);
  return { ...readRange(flags), entityId, eventType, eventTypePrefix, tags };
}

async function ask(
  flags: TargetFlags,
  work: (analytics: Analytics) => Promise<void>,
): Promise<void> {
  const target = await openTarget(flags);
  try {
    await work(target.analytics);
  } finally {
    await target.close();
  }
}

const groupByHelp = 'event_type, entity_id, or a field such as payload.country';

/** An argument parser for what events are told apart by. */
function groupBy(text: string): GroupBy {
  if (text === 'event_type') return 'eventType';
  if (text === 'entity_id') return 'entityId';
  if (isFieldName(text)) return text;
  throw new InvalidArgumentError(`Expected ${groupByHelp}.`);
}

function isFieldName(text: string): text is `payload.${string}` {
  return /^payload\../.test(text);
}

function numberList(text: string): readonly number[] {
  if (/^\d+(\.\d+)?(,\d+(\.\d+)?)*$/.test(text)) return text.split(',').map(Number);
  throw new InvalidArgumentError('Expected numbers with commas between them, as 50,99.9.');
}
