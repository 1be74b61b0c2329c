import { join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../domain/index.js';
import { enforcements, type Enforcement, type SchemaInfo } from '../../../schemaRegistry/index.js';
import {
  compatibilityModes,
  schemaSha256,
  type CompatibilityMode,
} from '../../../schemas/index.js';
import { jsonIn } from '../../derived/inputFile.js';
import { CliError } from '../../failure.js';
import { readIfThere, writeAtomically } from './atomicFile.js';
import { lockFileName } from './folder.js';

const lockVersion = 1;
const tenantDefault = 'default';

/** What the store had of a subject when it was pulled or pushed last. */
export interface LockedSubject {
  readonly version: number;
  readonly id: string;
  readonly sha256: string;
  readonly compatibility: CompatibilityMode;
  readonly enforcement: Enforcement;
}

/** By subject. */
export type Lock = Map<string, LockedSubject>;

export function lockedSubject(info: SchemaInfo): LockedSubject {
  const { version, id, schema, compatibility, enforcement } = info;
  return { version, id, sha256: schemaSha256(schema), compatibility, enforcement };
}

/** Empty where there is no lock file. `tenant`: whose it must be. */
export async function readLock(dir: string, tenant = tenantDefault): Promise<Lock> {
  const { tenantId, lock } = await readLockFile(dir);
  if (tenantId === undefined || tenantId === tenant) return lock;
  throw new CliError(
    `${lockFileOf(dir)}: it is of tenant ${tenantId}, not of ${tenant}; add --tenant ` +
      `${tenantId}, or take another --dir`,
  );
}

export function lockFileOf(dir: string): string {
  return join(dir, lockFileName);
}

/** Of whatever tenant. */
export async function readAnyLock(dir: string): Promise<Lock> {
  return (await readLockFile(dir)).lock;
}

async function readLockFile(dir: string): Promise<{ tenantId: string | undefined; lock: Lock }> {
  const file = lockFileOf(dir);
  const text = await readIfThere(file);
  if (text === undefined) return { tenantId: undefined, lock: new Map() };
  const document = jsonIn(text, { place: file, what: 'a lock file' });
  const { lock_version, tenant_id, subjects } = isJsonObject(document) ? document : {};
  if (lock_version !== lockVersion || typeof tenant_id !== 'string' || !isJsonObject(subjects)) {
    throw notOurs(file, `lock_version ${lockVersion}, tenant_id and subjects`);
  }
  const lock: Lock = new Map();
  for (const [subject, entry] of Object.entries(subjects)) {
    if (!isLocked(entry)) {
      throw notOurs(file, `version, id, sha256, compatibility and enforcement of ${subject}`);
    }
    lock.set(subject, entry);
  }
  return { tenantId: tenant_id, lock };
}

function isLocked(entry: JsonValue | undefined): entry is JsonObject & LockedSubject {
  if (!isJsonObject(entry)) return false;
  const { version, id, sha256, compatibility, enforcement } = entry;
  return (
    Number.isSafeInteger(version) &&
    typeof id === 'string' &&
    typeof sha256 === 'string' &&
    compatibilityModes.some((mode) => mode === compatibility) &&
    enforcements.some((mode) => mode === enforcement)
  );
}

function notOurs(file: string, expected: string): CliError {
  return new CliError(
    `${file}: expected a lock file with ${expected}; take it from version control again, or ` +
      'delete it and pull',
  );
}

/** Sorted, so that the same is always the same text. */
export async function writeLock(dir: string, lock: Lock, tenant = tenantDefault): Promise<void> {
  const subjects = [...lock].sort(([a], [b]) => (a < b ? -1 : 1));
  const document = {
    lock_version: lockVersion,
    tenant_id: tenant,
    subjects: Object.fromEntries(subjects),
  };
  await writeAtomically(lockFileOf(dir), `${JSON.stringify(document, null, 2)}\n`);
}
