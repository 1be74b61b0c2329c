import type { Command } from 'commander';
import { formatTimestamp } from '../../domain/index.js';
import { snapshotDocument, type SnapshotInfo, type Snapshots } from '../../state/index.js';
import { addTargetFlags, wholeNumberFrom, type TargetFlags } from '../options.js';
import {
  formatCount,
  formatTime,
  printJson,
  printNote,
  printPairs,
  TablePrinter,
  writeOut,
} from '../output.js';
import { openTarget } from '../target/index.js';

const listDefault = 100;
const listMax = 10_000;

interface SnapshotFlags extends TargetFlags {
  readonly tenant?: string;
}

interface ListFlags extends SnapshotFlags {
  readonly limit: number;
}

const examples = `
examples:
  allsource snapshot create order-1
  allsource snapshot list order-1
  allsource snapshot show order-1
`;

export function addSnapshotCommand(program: Command): void {
  const group = program
    .command('snapshot')
    .description('snapshots: states of entities that are kept')
    .addHelpText('after', examples);
  addFlags(group.command('create').description('keep the state of an entity as it is now'))
    .argument('<entity>', 'entity id')
    .action(createSnapshot);
  addFlags(group.command('list').description('print the snapshots of a tenant, newest first'))
    .argument('[entity]', 'entity id (default all entities)')
    .option('--limit <n>', 'snapshots to print', wholeNumberFrom(1, listMax), listDefault)
    .action(listSnapshots);
  addFlags(group.command('show').description('print the newest snapshot of an entity'))
    .argument('<entity>', 'entity id')
    .action(showSnapshot);
}

function addFlags(command: Command): Command {
  return addTargetFlags(command).option('--tenant <id>', 'tenant of the entity (default default)');
}

async function createSnapshot(entityId: string, flags: SnapshotFlags): Promise<void> {
  await withSnapshots(flags, 'write', async (snapshots) => {
    const info = await snapshots.create(entityId, { tenantId: flags.tenant });
    await (flags.json ? printJson(snapshotDocument(info)) : printPairs(describe(info)));
  });
}

async function listSnapshots(entityId: string | undefined, flags: ListFlags): Promise<void> {
  const { tenant: tenantId, json } = flags;
  await withSnapshots(flags, 'read', async (snapshots) => {
    const found = await firstOf(snapshots, { tenantId, entityId, limit: flags.limit });
    if (json) {
      for (const info of found) await printJson(snapshotDocument(info));
    } else {
      await printSnapshots(found);
    }
  });
}

async function showSnapshot(entityId: string, flags: SnapshotFlags): Promise<void> {
  await withSnapshots(flags, 'read', async (snapshots) => {
    const { state, ...info } = await snapshots.latest(entityId, { tenantId: flags.tenant });
    if (flags.json) return printJson({ ...snapshotDocument(info), state });
    await printPairs(describe(info));
    await writeOut(`\nstate\n${JSON.stringify(state, null, 2)}\n`);
  });
}

async function withSnapshots(
  flags: SnapshotFlags,
  access: 'read' | 'write',
  work: (snapshots: Snapshots) => Promise<void>,
): Promise<void> {
  const target = await openTarget(flags, access);
  try {
    await work(target.snapshots);
  } finally {
    await target.close();
  }
}

/** A page may hold fewer than were asked for. */
async function firstOf(
  snapshots: Snapshots,
  {
    limit,
    ...options
  }: { tenantId?: string | undefined; entityId?: string | undefined; limit: number },
): Promise<readonly SnapshotInfo[]> {
  const found: SnapshotInfo[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null && found.length < limit) {
    const page = await snapshots.list({ ...options, limit: limit - found.length, cursor });
    found.push(...page.snapshots);
    cursor = page.nextCursor;
  }
  return found;
}

function describe(info: SnapshotInfo): (readonly [string, string])[] {
  return [
    ['snapshot', info.id],
    ['entity', info.entityId],
    ['state of', info.stateOf],
    ['kind', info.snapshotType],
    ['events', formatCount(info.eventCount)],
    ['as of', formatTime(formatTimestamp(info.asOf))],
    ['created', formatTime(formatTimestamp(info.createdAt))],
    ['bytes', formatCount(info.sizeBytes)],
  ];
}

async function printSnapshots(snapshots: readonly SnapshotInfo[]): Promise<void> {
  if (snapshots.length === 0) printNote('no snapshots; `allsource snapshot create` makes one');
  const table = new TablePrinter([
    { title: 'created' },
    { title: 'entity' },
    { title: 'state of' },
    { title: 'kind' },
    { title: 'events', align: 'right' },
    { title: 'bytes', align: 'right' },
  ]);
  await table.print(
    snapshots.map((info) => [
      formatTime(formatTimestamp(info.createdAt)),
      info.entityId,
      info.stateOf,
      info.snapshotType,
      formatCount(info.eventCount),
      formatCount(info.sizeBytes),
    ]),
  );
}
