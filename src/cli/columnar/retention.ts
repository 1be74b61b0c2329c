import type { Command } from 'commander';
import { retentionRanges } from '../../domain/index.js';
import {
  policiesDocument,
  policyDocument,
  retentionReportDocument,
  type Retention,
  type RetentionPolicy,
  type RetentionProgress,
  type RetentionReport,
  type RetentionRunOptions,
} from '../../retention/index.js';
import { exitFailed } from '../failure.js';
import { addTargetFlags, type TargetFlags, wholeNumberFrom } from '../options.js';
import { formatBytes, formatCount, printJson, printNote, printPairs } from '../output.js';
import {
  connectTo,
  defaultUrl,
  mustBeOnePlace,
  openReadOnly,
  openToWrite,
} from '../target/index.js';
import { watched } from '../watched.js';

interface SetFlags extends TargetFlags {
  readonly tenant?: string;
  readonly type?: string;
  readonly keepDays?: number;
  readonly keepEvents?: number;
  readonly keepBytes?: number;
}

interface RunFlags extends TargetFlags {
  readonly dryRun?: true;
}

export function addRetentionCommand(program: Command): void {
  const group = program
    .command('retention')
    .description('how long events stay in the log; what goes is in Parquet files');
  const set = group
    .command('set')
    .description('set a policy, or replace the one of its name')
    .argument('<name>', 'name of the policy')
    .option('--tenant <id>', 'of this tenant (default all)')
    .option('--type <type>', 'of this type (default all)')
    .option('--keep-days <n>', 'age in days', wholeNumberFrom(retentionRanges.keepDays.min))
    .option('--keep-events <n>', 'newest events of each tenant', wholeNumberFrom(1))
    .option('--keep-bytes <n>', 'the same in bytes of payloads and metadata', wholeNumberFrom(1));
  addTargetFlags(set).action((name: string, flags: SetFlags) =>
    within(flags, 'write', (retention) => setPolicy(retention, name, flags)),
  );
  addTargetFlags(group.command('list').description('print the policies')).action(
    (flags: TargetFlags) => within(flags, 'read', (retention) => listPolicies(retention, flags)),
  );
  const remove = group
    .command('delete')
    .description('delete a policy')
    .argument('<name>', 'name of the policy');
  addTargetFlags(remove).action((name: string, flags: TargetFlags) =>
    within(flags, 'write', (retention) => deletePolicy(retention, name, flags)),
  );
  const run = group
    .command('run')
    .description('drop what is expired from the log, once Parquet files have it')
    .option('--dry-run', 'only say what would go');
  addTargetFlags(run).action((flags: RunFlags) =>
    within(flags, flags.dryRun === true ? 'read' : 'write', (_, run) => runRetention(run, flags)),
  );
}

type Run = (options: RetentionRunOptions) => Promise<RetentionReport>;

async function within(
  { url, dataDir }: TargetFlags,
  access: 'read' | 'write',
  work: (retention: Retention, run: Run) => Promise<void>,
): Promise<void> {
  process.exitCode = exitFailed;
  mustBeOnePlace({ url, dataDir });
  if (dataDir === undefined) {
    const store = connectTo(url ?? defaultUrl);
    await using(store, () =>
      work(store.retention, ({ dryRun, signal }) => store.retention.run({ dryRun, signal })),
    );
  } else {
    const store = await openDirectory(dataDir, access);
    await using(store, () => work(store.retention, (options) => store.retention.run(options)));
  }
  process.exitCode = 0;
}

async function using(store: { close(): Promise<void> }, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await store.close();
  }
}

async function openDirectory(dataDir: string, access: 'read' | 'write') {
  if (access === 'read') return openReadOnly(dataDir);
  return openToWrite(dataDir, { retention: { automatic: false } });
}

async function setPolicy(retention: Retention, name: string, flags: SetFlags): Promise<void> {
  const { tenant: tenantId, type: eventType, keepDays, keepEvents, keepBytes } = flags;
  const policy = await retention.set({
    ...{ name, tenantId, eventType, keepDays, keepEvents, keepBytes },
  });
  if (flags.json === true) await printJson(policyDocument(policy));
  else await printPairs([[policy.name, describe(policy)]]);
}

async function listPolicies(retention: Retention, { json }: TargetFlags): Promise<void> {
  const policies = await retention.list();
  if (json === true) return printJson(policiesDocument(policies));
  if (policies.length === 0) return printNote('there are no retention policies');
  await printPairs(policies.map((policy) => [policy.name, describe(policy)] as const));
}

async function deletePolicy(
  retention: Retention,
  name: string,
  { json }: TargetFlags,
): Promise<void> {
  await retention.delete(name);
  if (json === true) await printJson({ name, deleted: true });
  else printNote(`deleted ${name}`);
}

const steps = {
  measure: 'measures the log',
  write: 'writes Parquet files',
  verify: 'compares them with the log',
  drop: 'drops what is expired',
};
const stepNames = Object.keys(steps);

async function runRetention(run: Run, { dryRun, json }: RunFlags): Promise<void> {
  const report = await watched<RetentionProgress, RetentionReport>(
    {
      label: 'retention',
      stateOf: ({ step }) => ({
        ...{ done: stepNames.indexOf(step), total: stepNames.length, text: steps[step] },
      }),
      interrupted: 'interrupted; nothing was dropped',
    },
    (watch) => run({ dryRun: dryRun === true, ...watch }),
  );
  if (json === true) return printJson(retentionReportDocument(report));
  await printPairs([
    [dryRun === true ? 'would go' : 'dropped', went(report)],
    ...report.policies.map(
      ({ policy, events, bytes }) =>
        [`by ${policy}`, `${formatCount(events)} events, ${formatBytes(bytes)}`] as const,
    ),
    ['log begins at', formatCount(report.newFirstPosition)],
    ['then comes', described(report)],
  ]);
}

function went({ segments, events }: RetentionReport): string {
  return `${formatCount(segments)} segments, ${formatCount(events)} events`;
}

function described({ kept }: RetentionReport): string {
  if (kept === null) return 'the segment that is written to';
  const { tenantId, eventType, policy } = kept;
  return `${eventType} of ${tenantId}, kept by ${policy ?? 'no policy'}`;
}

function describe({
  tenantId,
  eventType,
  keepDays,
  keepEvents,
  keepBytes,
}: RetentionPolicy): string {
  const limits = [
    ...(keepDays === null ? [] : [`${formatCount(keepDays)} days`]),
    ...(keepEvents === null ? [] : [`${formatCount(keepEvents)} events`]),
    ...(keepBytes === null ? [] : [formatBytes(keepBytes)]),
  ];
  return `${eventType ?? 'all types'} of ${tenantId ?? 'all tenants'}: ${limits.join(', ')}`;
}
