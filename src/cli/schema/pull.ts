import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { SchemaInfo } from '../../schemaRegistry/index.js';
import { schemaSha256 } from '../../schemas/index.js';
import { jsonIn } from '../derived/inputFile.js';
import { addDerivedFlags, ofTenant, withTarget, type DerivedFlags } from '../derived/flags.js';
import { CliError } from '../failure.js';
import { fileError, readIfThere, writeAtomically } from './files/atomicFile.js';
import { fileNameOf, findSchemaFiles, folderDefault, schemaText } from './files/folder.js';
import { lockedSubject, readLock, writeLock } from './files/lock.js';
import type { Lock, LockedSubject } from './files/lock.js';
import { eachWithProgress, latestSchemas } from './registered.js';
import { mustBeStoreOfLock } from './sameStore.js';
import { printSteps, type Step } from './steps.js';

interface PullFlags extends DerivedFlags {
  readonly dir: string;
  readonly force?: true;
}

/** What there is of a subject. */
interface Sides {
  readonly subject: string;
  readonly file: string;
  /** In the store. */
  readonly remote: SchemaInfo | undefined;
  /** Hash of the file. */
  readonly local: string | undefined;
  readonly locked: LockedSubject | undefined;
}

export function addPull(group: Command): void {
  const command = group
    .command('pull')
    .description('write the schemas of a store to files, one for each subject, and a lock file');
  addDerivedFlags(command)
    .option('--dir <dir>', 'folder of the schema files', folderDefault)
    .option('--force', 'also over files that were changed, and from another store')
    .action(pullSchemas);
}

async function pullSchemas(flags: PullFlags): Promise<void> {
  const { dir, tenant, force = false, json = false } = flags;
  const lock = await readLock(dir, tenant);
  const local = await localHashes(dir);
  let remote: readonly SchemaInfo[] = [];
  await withTarget(flags, 'read', async ({ schemas }) => {
    remote = await latestSchemas(schemas, ofTenant(flags));
    if (force) return;
    const remedy = 'replace the schemas of the folder by those of the store with --force';
    await mustBeStoreOfLock(schemas, { dir, lock, remote, tenant: ofTenant(flags), remedy });
  });
  const steps: Step[] = [];
  await eachWithProgress('write', sidesOf(dir, { lock, local, remote }), async (sides) => {
    const step = stepOf(sides, force);
    await carryOut(step, sides);
    updateLock(lock, step, sides);
    steps.push(step);
  });
  await writeLock(dir, lock, tenant);
  await printSteps(steps, json);
  const conflicts = steps.filter(({ action }) => action === 'conflict').length;
  if (conflicts === 0) return;
  throw new CliError(
    `changed here and in the store: ${conflicts}; their files are as they were. Keep your ` +
      'changes aside, take what the store has by `allsource schema pull --force`, and make them again',
  );
}

/** By subject; a file that holds no JSON has a hash that nothing else has. */
async function localHashes(dir: string): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (const { subject, file } of (await findSchemaFiles(dir)) ?? []) {
    const text = (await readIfThere(file)) ?? '';
    hashes.set(subject, hashOfText(text));
  }
  return hashes;
}

function hashOfText(text: string): string {
  try {
    return schemaSha256(jsonIn(text, { place: '', what: '' }));
  } catch {
    return 'no JSON';
  }
}

interface Known {
  readonly lock: Lock;
  readonly local: ReadonlyMap<string, string>;
  readonly remote: readonly SchemaInfo[];
}

function sidesOf(dir: string, { lock, local, remote }: Known): readonly Sides[] {
  const bySubject = new Map(remote.map((info) => [info.subject, info]));
  const subjects = new Set([...bySubject.keys(), ...local.keys(), ...lock.keys()]);
  return [...subjects].sort().map((subject) => ({
    subject,
    file: join(dir, fileNameOf(subject)),
    remote: bySubject.get(subject),
    local: local.get(subject),
    locked: lock.get(subject),
  }));
}

function stepOf(sides: Sides, force: boolean): Step {
  const { subject, remote } = sides;
  return { subject, action: actionOf(sides, force), version: remote?.version ?? null };
}

function actionOf({ remote, local, locked }: Sides, force: boolean): Step['action'] {
  const isChangedHere = local !== undefined && local !== locked?.sha256;
  if (remote === undefined) {
    // One that was never in the store is nobody else's.
    if (locked === undefined) return 'new';
    return isChangedHere && !force ? 'conflict' : 'removed';
  }
  const hash = schemaSha256(remote.schema);
  if (local === undefined) return 'added';
  if (local === hash) return 'unchanged';
  if (!isChangedHere || force) return 'updated';
  return hash === locked?.sha256 ? 'kept' : 'conflict';
}

async function carryOut({ action }: Step, { file, remote }: Sides): Promise<void> {
  if (action === 'removed') {
    await rm(file, { force: true }).catch((error: unknown) => {
      throw fileError(file, "can't be removed", error);
    });
  }
  if (remote !== undefined && (action === 'added' || action === 'updated')) {
    await writeAtomically(file, schemaText(remote.schema));
  }
}

/** Of a conflict it stays, so that it is one until it is solved. */
function updateLock(lock: Lock, { action, subject }: Step, { remote }: Sides): void {
  if (action === 'removed') lock.delete(subject);
  else if (action !== 'conflict' && remote !== undefined) lock.set(subject, lockedSubject(remote));
}
