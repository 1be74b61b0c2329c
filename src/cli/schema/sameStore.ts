import { AllSourceError } from '../../domain/index.js';
import type { SchemaInfo, Schemas } from '../../schemaRegistry/index.js';
import type { ofTenant } from '../derived/flags.js';
import { CliError } from '../failure.js';
import { formatCount } from '../output.js';
import { lockFileOf, type Lock } from './files/lock.js';

interface Comparison {
  readonly dir: string;
  readonly lock: Lock;
  /** The newest version of each subject. */
  readonly remote: readonly SchemaInfo[];
  readonly tenant: ReturnType<typeof ofTenant>;
  /** What to do where the store is meant. */
  readonly remedy: string;
}

/**
 * Throws where the lock file is of another store: a version has its id for good, and no other store has
 * the same ones. Where the store has none of the versions that are locked, nothing says that it is theirs.
 */
export async function mustBeStoreOfLock(schemas: Schemas, comparison: Comparison): Promise<void> {
  const { dir, lock, remedy } = comparison;
  const difference = lock.size === 0 ? undefined : await findDifference(schemas, comparison);
  if (difference === undefined) return;
  throw new CliError(
    `${lockFileOf(dir)}: the store is not the one of this file: ${difference}; check --url, ` +
      `--data-dir and --dir, or ${remedy}`,
  );
}

async function findDifference(
  schemas: Schemas,
  { lock, remote, tenant }: Comparison,
): Promise<string | undefined> {
  const newest = new Map(remote.map((info) => [info.subject, info]));
  let known = 0;
  for (const [subject, { version, id }] of lock) {
    const latest = newest.get(subject);
    if (latest === undefined) continue;
    const isNewest = latest.version === version;
    const there = isNewest ? latest.id : await findId(schemas, subject, { ...tenant, version });
    if (there === undefined) continue;
    if (there !== id) return `version ${version} of ${subject} has another id there`;
    known += 1;
  }
  return known > 0 ? undefined : `none of its ${formatCount(lock.size)} schemas is there`;
}

/** Of a version; undefined where the store does not have it. */
async function findId(
  schemas: Schemas,
  subject: string,
  options: { readonly version: number; readonly tenantId: string | undefined },
): Promise<string | undefined> {
  try {
    return (await schemas.get(subject, options)).id;
  } catch (error) {
    if (error instanceof AllSourceError && error.code === 'schema_not_found') return undefined;
    throw error;
  }
}
