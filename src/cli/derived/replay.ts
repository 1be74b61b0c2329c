import { setTimeout as wait } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import type { ReplayInfo, ReplayMode, ReplayRequest, Replays } from '../../replays/index.js';
import { printDeleted } from '../delivery/deadLetters.js';
import { CliError } from '../failure.js';
import { rfc3339Time, wholeNumberFrom } from '../options.js';
import { formatCount, printNote } from '../output.js';
import { startProgress } from '../progress.js';
import { addDerivedFlags, ofTenant, withTarget, type DerivedFlags } from './flags.js';
import { formatDuration, printReplay, printReplays } from './replayReport.js';

const lookMs = 200;

interface StartFlags extends DerivedFlags {
  readonly from?: string;
  readonly to?: string;
  readonly entity?: string;
  readonly type?: string;
  readonly mode?: ReplayMode;
  readonly batchSize?: number;
  readonly workers?: number;
  readonly partitions?: number;
  readonly detach?: true;
}

const examples = `
examples:
  allsource replay start totals
  allsource replay start --mode blue_green --workers 4
  allsource replay start totals --from 2026-01-31T09:30:00Z --detach
  allsource replay list
`;

export function addReplayCommand(program: Command): void {
  const group = program
    .command('replay')
    .description('replays: build the states of projections anew from the log')
    .addHelpText('after', examples);
  addStart(group);
  addDerivedFlags(group.command('list').description('print the replays of a tenant')).action(
    (flags: DerivedFlags) =>
      withTarget(flags, 'read', async ({ replays }) =>
        printReplays(await replays.list(ofTenant(flags)), flags.json === true),
      ),
  );
  addOne(group, 'show', 'print how far a replay is').action((id: string, flags: DerivedFlags) =>
    withTarget(flags, 'read', async ({ replays }) =>
      printReplay(await replays.get(id, ofTenant(flags)), flags.json === true),
    ),
  );
  addOne(group, 'cancel', 'end a replay; what was read before is read again').action(
    (id: string, flags: DerivedFlags) =>
      withTarget(flags, 'write', async ({ replays }) =>
        printReplay(await replays.cancel(id, ofTenant(flags)), flags.json === true),
      ),
  );
  addOne(group, 'delete', 'forget a replay that has ended').action(
    (id: string, flags: DerivedFlags) =>
      withTarget(flags, 'write', async ({ replays }) => {
        await replays.delete(id, ofTenant(flags));
        await printDeleted(id, flags.json === true);
      }),
  );
}

function addOne(group: Command, name: string, description: string): Command {
  const command = group.command(name).description(description);
  return addDerivedFlags(command).argument('<id>', 'id of the replay');
}

function addStart(group: Command): void {
  const command = group
    .command('start')
    .description('build states anew, and wait until it is done')
    .argument('[projection]', 'name of the projection (default all that run)');
  addDerivedFlags(command)
    .option('--from <time>', 'only events of this time and later', rfc3339Time)
    .option('--to <time>', 'only events up to this time', rfc3339Time)
    .option('--entity <id>', 'only events of this entity')
    .option('--type <type>', 'only events of this type')
    .addOption(
      new Option(
        '--mode <mode>',
        'clear: the states grow before the eyes of readers; blue_green: readers see those before ' +
          '(default clear)',
      ).choices(['clear', 'blue_green']),
    )
    .option('--batch-size <n>', 'events that are read at a time (default 1000)', wholeNumberFrom(1))
    .option('--workers <n>', 'projections at once (default 1)', wholeNumberFrom(1))
    .option(
      '--partitions <n>',
      'threads that fold one projection, where it may be (default none; with --workers from 2 on as many ' +
        'as there are cores, at most 4)',
      wholeNumberFrom(1),
    )
    .option('--detach', 'do not wait; the server goes on by itself')
    .action(startReplay);
}

async function startReplay(name: string | undefined, flags: StartFlags): Promise<void> {
  const { workers, batchSize, partitions, json = false } = flags;
  const parallel = workers === undefined ? undefined : workers > 1;
  const request: ReplayRequest = {
    ...ofTenant(flags),
    projectionName: name,
    fromTimestamp: flags.from,
    toTimestamp: flags.to,
    entityId: flags.entity,
    eventType: flags.type,
    mode: flags.mode,
    config: { batchSize, parallel, workers, partitions },
  };
  await withTarget(flags, 'write', async ({ replays }) => {
    const begun = await replays.start(request);
    if (flags.detach === true) return printReplay(begun, json);
    const ended = await watched(replays, begun);
    await printReplay(ended, json);
    if (ended.status === 'completed') return;
    const why = ended.errorMessage === null ? '' : `: ${ended.errorMessage}`;
    throw new CliError(
      `the replay has ${ended.status === 'failed' ? 'failed' : 'been cancelled'}${why}`,
    );
  });
}

/** Shows how far it is until it has ended. A server goes on where this process is interrupted. */
async function watched(replays: Replays, { replayId, tenantId }: ReplayInfo): Promise<ReplayInfo> {
  const progress = startProgress('replay');
  if (process.stderr.isTTY) printNote(`replay ${replayId}`);
  try {
    for (;;) {
      const info = await replays.get(replayId, { tenantId });
      if (info.status !== 'pending' && info.status !== 'running') return info;
      progress.update({ done: info.processedEvents, total: info.totalEvents, text: textOf(info) });
      await wait(lookMs);
    }
  } finally {
    progress.stop();
  }
}

function textOf(info: ReplayInfo): string {
  const { processedEvents, totalEvents, eventsPerSecond, remainingSeconds } = info;
  const events = `${formatCount(processedEvents)} of ${formatCount(totalEvents)} events`;
  const left = remainingSeconds === null ? '' : `, ${formatDuration(remainingSeconds)} left`;
  return `${events}, ${formatCount(eventsPerSecond)}/s${left}`;
}
