import type { Command } from 'commander';
import type { SchemaInfo, Schemas } from '../../schemaRegistry/index.js';
import { schemaSha256 } from '../../schemas/index.js';
import type { VersionFinding } from '../../schemas/index.js';
import { addDerivedFlags, ofTenant, withTarget, type DerivedFlags } from '../derived/flags.js';
import { CliError } from '../failure.js';
import { printJson, printNote } from '../output.js';
import { folderDefault, readFolder, type LocalSchema } from './files/folder.js';
import { lockedSubject, readLock, writeLock, type Lock } from './files/lock.js';
import { eachWithProgress, latestSchemas } from './registered.js';
import { printFindings } from './report.js';
import { mustBeStoreOfLock } from './sameStore.js';
import { printSteps, type Step } from './steps.js';

interface PushFlags extends DerivedFlags {
  readonly dir: string;
  readonly dryRun?: true;
}

/** A step, and what it is about. */
interface Planned extends Step {
  readonly local: LocalSchema;
  readonly remote: SchemaInfo | undefined;
  readonly findings: readonly VersionFinding[];
}

type Tenant = ReturnType<typeof ofTenant>;

export function addPush(group: Command): void {
  const command = group
    .command('push')
    .description('register the schema files that were changed: all of them, or none');
  addDerivedFlags(command)
    .option('--dir <dir>', 'folder of the schema files', folderDefault)
    .option('--dry-run', 'only tell what would be registered')
    .action(pushSchemas);
}

async function pushSchemas(flags: PushFlags): Promise<void> {
  const { dir, tenant, dryRun = false, json = false } = flags;
  const files = await readFolder(dir);
  const lock = await readLock(dir, tenant);
  await withTarget(flags, dryRun ? 'read' : 'write', async ({ schemas }) => {
    const plan = await planned(schemas, { dir, files, lock, tenant: ofTenant(flags) });
    noteMissing(files, lock);
    if (isRefused(plan)) {
      await printPlan(plan, json);
      throw refusal(plan);
    }
    if (dryRun) await printPlan(plan, json);
    else {
      try {
        const steps = await registerAll(schemas, { plan, lock, tenant: ofTenant(flags) });
        await printSteps(steps, json);
      } finally {
        // What was registered before one failed is known, too.
        await writeLock(dir, lock, tenant);
      }
    }
  });
}

interface Planning {
  readonly dir: string;
  readonly files: readonly LocalSchema[];
  readonly lock: Lock;
  readonly tenant: Tenant;
}

async function planned(
  schemas: Schemas,
  { dir, files, lock, tenant }: Planning,
): Promise<readonly Planned[]> {
  const remote = await latestSchemas(schemas, tenant);
  const remedy = 'delete it to register the schemas of the folder in this store, too';
  await mustBeStoreOfLock(schemas, { dir, lock, remote, tenant, remedy });
  const remotes = new Map(remote.map((info) => [info.subject, info]));
  const plan: Planned[] = [];
  await eachWithProgress('check', files, async (local) => {
    const { subject } = local;
    const remote = remotes.get(subject);
    const action = actionOf(local, remote, lock);
    const step = { subject, action, version: remote?.version ?? null, local, remote, findings: [] };
    plan.push(action === 'register' ? await checked(schemas, step, tenant) : step);
  });
  return plan;
}

function actionOf(local: LocalSchema, remote: SchemaInfo | undefined, lock: Lock): Step['action'] {
  const locked = lock.get(local.subject);
  if (remote === undefined) return locked === undefined ? 'register' : 'moved';
  const hash = schemaSha256(remote.schema);
  if (hash === local.sha256) return 'unchanged';
  return locked?.sha256 === hash && locked.version === remote.version ? 'register' : 'moved';
}

async function checked(schemas: Schemas, step: Planned, tenant: Tenant): Promise<Planned> {
  const { subject, local, remote } = step;
  if (remote !== undefined && (await isEarlier(schemas, local, tenant))) {
    return { ...step, action: 'known' };
  }
  const { breakingChanges } = await schemas.check(subject, local.schema, tenant);
  if (breakingChanges.length === 0) return step;
  return { ...step, action: 'incompatible', findings: breakingChanges };
}

/** The store gives back an earlier version with the same schema, and goes on to enforce the newest. */
async function isEarlier(
  schemas: Schemas,
  { subject, sha256 }: LocalSchema,
  tenant: Tenant,
): Promise<boolean> {
  for (const version of await schemas.versions(subject, tenant)) {
    const { schema } = await schemas.get(subject, { ...tenant, version });
    if (schemaSha256(schema) === sha256) return true;
  }
  return false;
}

function noteMissing(files: readonly LocalSchema[], lock: Lock): void {
  const there = new Set(files.map(({ subject }) => subject));
  for (const subject of lock.keys()) {
    if (there.has(subject)) continue;
    printNote(
      `${subject} has no file any more; \`allsource schema delete\` takes it out of a store`,
    );
  }
}

function isRefused(plan: readonly Planned[]): boolean {
  return plan.some(({ action }) => ['incompatible', 'known', 'moved'].includes(action));
}

function refusal(plan: readonly Planned[]): CliError {
  const isMoved = plan.some(({ action }) => action === 'moved');
  const remedy = isMoved
    ? 'take what the store has by `allsource schema pull`, and push again'
    : 'change the schemas that are refused, and push again';
  return new CliError(`nothing was registered; ${remedy}`);
}

async function printPlan(plan: readonly Planned[], json: boolean): Promise<void> {
  for (const { subject, action, version, findings } of plan) {
    const step = { subject, action, version };
    if (json) {
      const found = findings.length === 0 ? {} : { breaking_changes: findings };
      await printJson({ ...step, ...found });
    } else {
      await printSteps([step], false);
      await printFindings(findings);
    }
  }
}

async function registerAll(
  schemas: Schemas,
  { plan, lock, tenant }: Pick<Planning, 'lock' | 'tenant'> & { readonly plan: readonly Planned[] },
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  await eachWithProgress('register', plan, async ({ subject, action, local, remote }) => {
    // A file has the schema only; what else the version before has stays true of the next.
    const { description, tags } = remote ?? {};
    const options = { ...tenant, description: description ?? undefined, tags };
    const info =
      action === 'register' ? await schemas.register(subject, local.schema, options) : remote;
    if (info === undefined) return;
    lock.set(subject, lockedSubject(info));
    const done = action === 'register' ? 'registered' : action;
    steps.push({ subject, action: done, version: info.version });
  });
  return steps;
}
