import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AllSourceError, abortedError, parseTimestamp, fieldError } from '../domain/index.js';
import { loadAddon } from '../engine/index.js';
import type { NativeRestoreReport } from '../engine/index.js';
import { checkedLimit } from '../eventStore/index.js';
import { BackupDirectory, lockOf } from './backupDirectory.js';
import {
  isMissing,
  makeDirectory,
  storageError,
  syncDirectory,
  systemCodeOf,
} from '../files/index.js';
import type { ParquetFile } from '../parquet/index.js';
import { placeRestored } from '../parquet/index.js';
import type { BackedUpParquet, ReadManifest } from './manifest.js';
import { runJob } from './runJob.js';
import type { RestoreOptions, RestoredStore } from './types.js';

const optionNames = new Set<string>([
  'backupDir',
  'backupId',
  'dataDir',
  'position',
  'time',
  'onProgress',
  'signal',
]);

/**
 * Makes a store of a backup: as it was when the backup was made, or at a position or time before. All is
 * checked while it is copied, beside `dataDir`, and gets its name in one step: so there is a whole store
 * or none. Rejects with `store_exists` where `dataDir` is not empty, `backup_not_found`,
 * `backup_damaged`, which names the file, `backup_running` where another restore to this place runs,
 * `storage_full`, and `validation_error` where the log can't end there.
 *
 * @example
 * await restoreBackup({ backupDir: './data/backups', dataDir: './restored' });
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoredStore> {
  const { backupDir, dataDir, target } = checked(options);
  const directory = new BackupDirectory(backupDir);
  const manifest = await chosen(directory, options.backupId, target);
  refuseOutside(manifest, target);
  try {
    await mustBeFree(dataDir);
    const report = await build({ ...options, directory, manifest, dataDir, target });
    const isWhole = report.lastPosition === manifest.toPosition;
    const { firstPosition, lastPosition, lastMicros, bytes, rootHash } = report;
    return {
      dataDir,
      backupId: manifest.backupId,
      firstPosition,
      lastPosition,
      lastTimestamp: isWhole ? manifest.toTimestamp : lastMicros,
      bytes,
      rootHash,
    };
  } catch (error) {
    const failure = restoreError(error);
    // One that was deleted meanwhile is not damaged.
    if (isDamage(failure)) await directory.get(manifest.backupId);
    throw failure;
  }
}

interface Target {
  readonly position: number | undefined;
  readonly micros: number | undefined;
}

function checked(options: RestoreOptions): { backupDir: string; dataDir: string; target: Target } {
  const unknown = Object.keys(options).find((name) => !optionNames.has(name));
  if (unknown !== undefined)
    throw fieldError('validation_error', unknown, 'not an option of restoreBackup');
  const { position, time } = options;
  if (position !== undefined) checkedLimit(position, 1, Number.MAX_SAFE_INTEGER, 'position');
  return {
    backupDir: pathOf(options.backupDir, 'backupDir'),
    dataDir: pathOf(options.dataDir, 'dataDir'),
    target: { position, micros: time === undefined ? undefined : microsOf(time) },
  };
}

function pathOf(path: unknown, name: string): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return resolve(path);
  throw fieldError('validation_error', name, 'expected the path of a directory');
}

function microsOf(time: number | string): number {
  const micros = typeof time === 'string' ? parseTimestamp(time, 'time') : time;
  if (Number.isSafeInteger(micros) && micros >= 0) return micros;
  throw fieldError(
    'validation_error',
    'time',
    'expected whole microseconds since 1970, or an RFC 3339 time',
  );
}

async function chosen(
  directory: BackupDirectory,
  backupId: string | undefined,
  { position = 0, micros = 0 }: Target,
): Promise<ReadManifest> {
  if (backupId !== undefined) return directory.get(backupId);
  const { manifests, damaged } = await directory.find();
  const reaching = manifests.find(
    (manifest) =>
      manifest.toPosition >= position &&
      (manifest.toTimestamp ?? 0) >= micros &&
      (position === 0 || manifest.restorableFrom <= position),
  );
  const best = reaching ?? manifests[0];
  if (best !== undefined) return best;
  const others = damaged.length === 0 ? '' : `; the manifest of ${damaged.join(', ')} is damaged`;
  throw new AllSourceError('backup_not_found', `there is no backup in ${directory.path}${others}`);
}

function refuseOutside(manifest: ReadManifest, { position }: Target): void {
  if (position === undefined) return;
  const { backupId, toPosition } = manifest;
  if (position > toPosition) {
    const reason = `backup ${backupId} ends with position ${toPosition}, got ${position}`;
    throw fieldError('validation_error', 'position', reason);
  }
  mustHaveRecords(manifest, position, 'position');
}

/** Where the log ends before, what the store keeps of itself is not in it. */
function mustHaveRecords(
  { backupId, restorableFrom }: ReadManifest,
  position: number,
  field: 'position' | 'time',
): void {
  if (position >= restorableFrom) return;
  throw fieldError(
    'validation_error',
    field,
    `expected position ${restorableFrom} or one behind it, got ${position}: what lies before was ` +
      `dropped before backup ${backupId} was made; take an earlier backup for it`,
  );
}

/** A directory that is there must be empty. */
async function mustBeFree(dataDir: string): Promise<void> {
  try {
    const names = await readdir(dataDir);
    if (names.length > 0) throw notEmpty(dataDir);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOTDIR') throw notEmpty(dataDir);
    if (!isMissing(error)) throw error;
  }
}

interface Building extends RestoreOptions {
  readonly directory: BackupDirectory;
  readonly manifest: ReadManifest;
  readonly target: Target;
}

async function build(building: Building): Promise<NativeRestoreReport> {
  const { directory, manifest, dataDir, target, onProgress, signal } = building;
  const unfinished = `${dataDir}.restoring`;
  await makeDirectory(unfinished);
  // The lock of the store that it becomes.
  const release = lockOf(join(unfinished, 'LOCK'));
  try {
    await clear(unfinished);
    const { position = Number.NaN, micros = Number.NaN } = target;
    const set = directory.setOf(manifest);
    const report = await runJob({ onProgress, signal }, (job) =>
      loadAddon().restoreBackup(job, set, unfinished, position, micros),
    );
    if (target.micros !== undefined) mustHaveRecords(manifest, report.lastPosition, 'time');
    await placeParquet({ manifest, dataDir: unfinished, report, signal });
    if (signal?.aborted === true) throw abortedError();
    await rename(unfinished, dataDir);
    await syncDirectory(dirname(dataDir));
    return report;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  } finally {
    release();
  }
}

interface Restored {
  readonly manifest: ReadManifest;
  readonly dataDir: string;
  readonly report: NativeRestoreReport;
  readonly signal: AbortSignal | undefined;
}

/** Where the log has all events, it is all that the tier makes its files of. */
async function placeParquet({ manifest, dataDir, report, signal }: Restored): Promise<void> {
  const { firstPosition, lastPosition } = report;
  if (firstPosition === 1) return;
  const files = manifest.files.filter(({ kind }) => kind === 'parquet') as BackedUpParquet[];
  const placed = files.map(parquetOf);
  await placeRestored({ dataDir, files: placed, firstPosition, lastPosition, signal });
}

function parquetOf(file: BackedUpParquet): ParquetFile {
  const { kind: _kind, backupId: _backupId, bytes: sizeBytes, ...rest } = file;
  return { ...rest, sizeBytes };
}

/** What a restore left that did not come to its end. */
async function clear(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name !== 'LOCK') await rm(join(directory, name), { recursive: true, force: true });
  }
}

function restoreError(error: unknown): unknown {
  const code = systemCodeOf(error);
  if (code === 'ENOTEMPTY' || code === 'EEXIST') {
    return new AllSourceError('store_exists', 'dataDir: something was put there meanwhile', {
      cause: error,
    });
  }
  if (code === 'EBUSY' || code === 'EXDEV') {
    const reason = 'the directory is a mount point, which nothing can be renamed to';
    return fieldError('validation_error', 'dataDir', `${reason}; name one below it`);
  }
  if (!(error instanceof AllSourceError)) return storageError(error);
  if (error.code === 'storage_damaged') {
    return new AllSourceError('backup_damaged', `${error.message}; restore from another backup`);
  }
  // Of the native call: the log can't end where it was asked to.
  const isNativeArgument = error.code === 'invalid_configuration';
  return isNativeArgument ? new AllSourceError('validation_error', error.message) : error;
}

function isDamage(error: unknown): boolean {
  return error instanceof AllSourceError && error.code === 'backup_damaged';
}

function notEmpty(dataDir: string): AllSourceError {
  const message = `${dataDir}: expected no directory or an empty one; nothing is written over a store`;
  return new AllSourceError('store_exists', message);
}
