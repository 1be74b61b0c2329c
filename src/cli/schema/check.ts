import type { Command } from 'commander';
import type { Schemas } from '../../schemaRegistry/index.js';
import { findingsAgainst, linearMatcher, schemaSha256 } from '../../schemas/index.js';
import type { CompatibilityMode, JsonSchema, VersionFinding } from '../../schemas/index.js';
import { addDerivedFlags, ofTenant, withTarget, type DerivedFlags } from '../derived/flags.js';
import { CliError, describeFailure, exitFailed, exitUsage } from '../failure.js';
import { formatCount, printJson, printNote, showSafely, writeOut } from '../output.js';
import { compatibilityMode, expectedMode } from './compatibilityMode.js';
import { folderDefault, readFolder, readSchema, schemaFilesIn } from './files/folder.js';
import type { SchemaFile } from './files/folder.js';
import { readAnyLock } from './files/lock.js';
import { eachWithProgress } from './registered.js';
import { printFindings } from './report.js';

interface CheckFlags extends DerivedFlags {
  readonly dir?: string;
  readonly against?: string;
  readonly compatibility?: CompatibilityMode;
}

/** What a schema would be to those that there are. */
interface Verdict {
  readonly status: 'new' | 'unchanged' | 'compatible' | 'incompatible';
  readonly compatibility: CompatibilityMode;
  readonly breakingChanges: readonly VersionFinding[];
}

type Judge = (subject: string, schema: JsonSchema) => Promise<Verdict>;

type Checked = SchemaFile & (Verdict | { readonly status: 'invalid'; readonly reason: string });

export function addCheck(group: Command): void {
  const command = group
    .command('check')
    .description('tell what registering schemas would break; nothing is registered')
    .argument('[subject]', 'event type, or a prefix as "order.*" (default all of --dir)')
    .argument('[file]', 'its JSON Schema, or - for standard input');
  addDerivedFlags(command)
    .option('--dir <dir>', `folder of schema files (default ${folderDefault})`)
    .option('--against <dir>', 'folder of schema files to compare with, in the place of a store')
    .option(
      '--compatibility <mode>',
      `with --against: ${expectedMode} (default what its lock file says, else BACKWARD)`,
      compatibilityMode,
    )
    .addHelpText('after', '\nexit codes: 0 all compatible, 1 one is not, 2 it could not be told\n')
    .action(checkSchemas);
}

async function checkSchemas(
  subject: string | undefined,
  file: string | undefined,
  flags: CheckFlags,
): Promise<void> {
  let checked: readonly Checked[] = [];
  try {
    const files = await filesToCheck(subject, file, flags);
    await withJudge(flags, async (judge) => {
      checked = await checkAll(files, judge);
    });
  } catch (error) {
    // Scripts tell a change that breaks from a check that could not be made.
    throw new CliError(describeFailure(error).sentence, { exitCode: exitUsage, cause: error });
  }
  for (const one of checked) await printChecked(one, flags.json === true);
  conclude(checked);
}

async function filesToCheck(
  subject: string | undefined,
  file: string | undefined,
  { dir }: CheckFlags,
): Promise<readonly SchemaFile[]> {
  if (subject === undefined) return schemaFilesIn(dir ?? folderDefault);
  if (file === undefined) throw new CliError('expected a file behind the subject; add it, or -');
  if (dir !== undefined) {
    throw new CliError('expected a subject and its file, or --dir, got both; leave one out');
  }
  return [{ subject, file }];
}

async function withJudge(flags: CheckFlags, work: (judge: Judge) => Promise<void>): Promise<void> {
  const { against, compatibility, url, dataDir } = flags;
  if (against === undefined) {
    if (compatibility !== undefined) {
      throw new CliError('--compatibility: a store has its own; leave it out, or add --against');
    }
    await withTarget(flags, 'read', async ({ schemas }) =>
      work(await judgeOfStore(schemas, flags)),
    );
    return;
  }
  if (url !== undefined || dataDir !== undefined) {
    throw new CliError('expected --against or a store, got both; leave one out');
  }
  await work(await judgeOfFolder(against, compatibility));
}

async function judgeOfStore(schemas: Schemas, flags: DerivedFlags): Promise<Judge> {
  const tenant = ofTenant(flags);
  const known = new Set((await schemas.list(tenant)).map(({ subject }) => subject));
  return async (subject, schema) => {
    const latest = known.has(subject) ? await schemas.get(subject, tenant) : undefined;
    if (latest !== undefined && schemaSha256(latest.schema) === schemaSha256(schema)) {
      return unchanged(latest.compatibility);
    }
    const { compatibility, breakingChanges } = await schemas.check(subject, schema, tenant);
    return verdictOf(latest !== undefined, compatibility, breakingChanges);
  };
}

async function judgeOfFolder(dir: string, wanted: CompatibilityMode | undefined): Promise<Judge> {
  const before = new Map((await readFolder(dir)).map((one) => [one.subject, one]));
  const lock = await readAnyLock(dir);
  return (subject, schema) => {
    const locked = lock.get(subject);
    const mode = wanted ?? locked?.compatibility ?? 'BACKWARD';
    const previous = before.get(subject);
    if (previous?.sha256 === schemaSha256(schema)) return Promise.resolve(unchanged(mode));
    const versions =
      previous === undefined ? [] : [{ version: locked?.version ?? 1, schema: previous.schema }];
    const findings = findingsAgainst(versions, schema, { mode, matches: linearMatcher() });
    return Promise.resolve(verdictOf(previous !== undefined, mode, findings));
  };
}

function unchanged(compatibility: CompatibilityMode): Verdict {
  return { status: 'unchanged', compatibility, breakingChanges: [] };
}

function verdictOf(
  isKnown: boolean,
  compatibility: CompatibilityMode,
  breakingChanges: readonly VersionFinding[],
): Verdict {
  const status = breakingChanges.length > 0 ? 'incompatible' : isKnown ? 'compatible' : 'new';
  return { status, compatibility, breakingChanges };
}

/** A schema that is none is told of beside the others. */
async function checkAll(files: readonly SchemaFile[], judge: Judge): Promise<readonly Checked[]> {
  const checked: Checked[] = [];
  await eachWithProgress('check', files, async (one) => {
    let schema: JsonSchema;
    try {
      schema = await readSchema(one.file);
    } catch (error) {
      checked.push({ ...one, status: 'invalid', reason: describeFailure(error).sentence });
      return;
    }
    checked.push({ ...one, ...(await judge(one.subject, schema)) });
  });
  return checked;
}

async function printChecked(checked: Checked, json: boolean): Promise<void> {
  const { subject, status } = checked;
  if (json) {
    await printJson(documentOf(checked));
    return;
  }
  const about = 'reason' in checked ? checked.reason : checked.compatibility;
  await writeOut(`${showSafely(`${subject}: ${status} (${about})`)}\n`);
  if (!('reason' in checked)) await printFindings(checked.breakingChanges);
}

function documentOf(checked: Checked): object {
  const { subject, file, status } = checked;
  if ('reason' in checked) return { subject, file, status, error: checked.reason };
  const { compatibility, breakingChanges } = checked;
  return { subject, file, status, compatibility, breaking_changes: breakingChanges };
}

/** Throws what the exit code is to be. */
function conclude(checked: readonly Checked[]): void {
  const countOf = (status: Checked['status']): number =>
    checked.filter((one) => one.status === status).length;
  const [invalid, incompatible] = [countOf('invalid'), countOf('incompatible')];
  const told = `${formatCount(checked.length)} checked`;
  if (invalid > 0) {
    const message = `${told}, ${formatCount(invalid)} could not be, since they are no schemas`;
    throw new CliError(message, { exitCode: exitUsage });
  }
  if (incompatible > 0) {
    const message = `${told}, ${formatCount(incompatible)} not compatible`;
    throw new CliError(message, { exitCode: exitFailed });
  }
  printNote(`${told}, all compatible`);
}
