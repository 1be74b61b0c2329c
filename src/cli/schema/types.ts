import type { Command } from 'commander';
import { eventTypesSource, type SubjectSchema } from '../../schemas/index.js';
import { addDerivedFlags, ofTenant, withTarget, type DerivedFlags } from '../derived/flags.js';
import { CliError, exitUsage } from '../failure.js';
import { printJson, printNote, writeOut } from '../output.js';
import { readIfThere, writeAtomically } from './files/atomicFile.js';
import { readFolder } from './files/folder.js';
import { readAnyLock } from './files/lock.js';
import { latestSchemas } from './registered.js';

interface TypesFlags extends DerivedFlags {
  readonly out?: string;
  readonly dir?: string;
  readonly check?: true;
}

export function addTypes(group: Command): void {
  const command = group
    .command('types')
    .description('write TypeScript types of all events, from a store or from schema files');
  addDerivedFlags(command)
    .option('--out <file>', 'file to write, such as events.d.ts (default standard output)')
    .option('--dir <dir>', 'folder of schema files to take in the place of a store')
    .option('--check', 'write nothing; end with 1 where --out is not up to date')
    .action(writeTypes);
}

async function writeTypes(flags: TypesFlags): Promise<void> {
  const { out, check, dir, url, dataDir, json } = flags;
  if (check === true && out === undefined) throw usageError('--check: expected --out beside it');
  if (dir !== undefined && (url !== undefined || dataDir !== undefined)) {
    throw usageError('expected --dir or a store, got both; leave one out');
  }
  const source = eventTypesSource(await subjectsOf(flags));
  if (out === undefined) {
    await writeOut(source);
    return;
  }
  if (check === true && (await readIfThere(out))?.replaceAll('\r\n', '\n') !== source) {
    throw new CliError(`${out}: the types are not up to date; run it without --check`);
  }
  const isWritten = check !== true && (await writeAtomically(out, source));
  if (json === true) await printJson({ file: out, written: isWritten });
  else printNote(`${out}: ${isWritten ? 'written' : 'up to date'}`);
}

function usageError(message: string): CliError {
  return new CliError(message, { exitCode: exitUsage });
}

async function subjectsOf(flags: TypesFlags): Promise<readonly SubjectSchema[]> {
  if (flags.dir !== undefined) return subjectsIn(flags.dir);
  let found: readonly SubjectSchema[] = [];
  await withTarget(flags, 'read', async ({ schemas }) => {
    found = await latestSchemas(schemas, ofTenant(flags));
  });
  return found;
}

/** A schema that was changed counts as the version that it will be. */
async function subjectsIn(dir: string): Promise<readonly SubjectSchema[]> {
  const lock = await readAnyLock(dir);
  return (await readFolder(dir)).map(({ subject, schema, sha256 }) => {
    const locked = lock.get(subject);
    const version = locked?.sha256 === sha256 ? locked.version : (locked?.version ?? 0) + 1;
    return { subject, version, schema };
  });
}
