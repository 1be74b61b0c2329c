import { rm } from 'node:fs/promises';
import { AllSourceError } from '../domain/index.js';
import type { NativeHeldLog } from '../engine/index.js';
import type { LogFiles, Rewrites } from '../eventStore/index.js';
import { bytesOf } from '../files/index.js';
import type { ParquetFiles, PlacedFile } from '../parquet/index.js';
import type { BackupDirectory } from './backupDirectory.js';
import type { BackedUpParquet, ManifestFile, ReadManifest } from './manifest.js';
import { runJob } from './runJob.js';
import type { BackupJobOptions, BackupType } from './types.js';

interface Creation extends BackupJobOptions {
  readonly log: LogFiles;
  readonly parquet: ParquetFiles;
  readonly rewrites: Rewrites;
  readonly directory: BackupDirectory;
  readonly type: BackupType;
}

type HeldFile = NativeHeldLog['files'][number];
type LogFile = Exclude<ManifestFile, BackedUpParquet>;

/** A file to be copied, and what the manifest will say of it besides whose directory it is in. */
type Source =
  | { readonly about: Omit<LogFile, 'backupId' | 'sha256'>; readonly parquet?: undefined }
  | { readonly about: Omit<BackedUpParquet, 'backupId'>; readonly parquet: PlacedFile };

/**
 * Copies the log as it is now, and the Parquet files of what was dropped from it; the caller has the
 * lock of the directory.
 */
export async function createBackup(creation: Creation): Promise<ReadManifest> {
  const { log, parquet, directory } = creation;
  // What a backup left behind that did not come to its end.
  await directory.sweep();
  const { manifests } = await directory.find();
  const held = await log.hold();
  try {
    refuseOthers(directory, held, manifests);
    const base = creation.type === 'full' ? undefined : await baseOf(manifests, held, log);
    const createdAt = Math.max(Date.now() * 1000, (manifests[0]?.createdAt ?? 0) + 1);
    // Behind the log: whatever was dropped from that is in files by now, and stays in them or larger ones.
    return await parquet.withFiles(async (files) => {
      const dropped = files.filter(({ firstPosition }) => firstPosition < held.firstPosition);
      const sources = [...held.files.map(logSource), ...dropped.map(parquetSource)];
      const shared = await sharedWith(base, sources, directory);
      const restorableFrom = await creation.rewrites.wholeFrom(held.firstPosition);
      return copy({ ...creation, held, base, sources, shared, createdAt, restorableFrom });
    });
  } finally {
    await log.release();
  }
}

interface Copying extends Creation {
  readonly held: NativeHeldLog;
  readonly base: ReadManifest | undefined;
  /** Files of the held log in their order, then Parquet files. */
  readonly sources: readonly Source[];
  readonly shared: ReadonlyMap<Source, ManifestFile>;
  readonly createdAt: number;
  readonly restorableFrom: number;
}

async function copy(copying: Copying): Promise<ReadManifest> {
  const { directory, held, base, sources, shared, createdAt, restorableFrom } = copying;
  const place = await directory.begin(createdAt);
  try {
    const { backupId } = place;
    const hashes = await copySources(copying, place.directory);
    const files = sources.map(
      (source): ManifestFile =>
        shared.get(source) ?? { ...source.about, backupId, sha256: hashes.get(source) ?? '' },
    );
    const { storeId, firstPosition, lastPosition, lastMicros, rootHash } = held;
    return await directory.write({
      backupId,
      createdAt,
      backupType: base === undefined ? 'full' : 'incremental',
      baseId: base?.backupId ?? null,
      storeId,
      firstPosition,
      restorableFrom,
      fromPosition: Math.max(firstPosition, (base?.toPosition ?? 0) + 1),
      toPosition: lastPosition,
      toTimestamp: lastPosition === 0 ? null : lastMicros,
      rootHash,
      files,
    });
  } catch (error) {
    // Swept by the next one where it stays.
    await rm(place.directory, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

/** Those that are not shared; the SHA-256 of each. */
async function copySources(
  { log, sources, shared, onProgress, signal }: Copying,
  directory: string,
): Promise<ReadonlyMap<Source, string>> {
  const numbers = [...sources.keys()].filter((number) => {
    const source = sources[number];
    return source !== undefined && source.parquet === undefined && !shared.has(source);
  });
  const ofTier = sources.filter((source) => source.parquet !== undefined && !shared.has(source));
  const others = ofTier.flatMap(({ parquet }) => parquet ?? []);
  for (const file of others) await mustBeThere(file);
  const files = {
    numbers,
    others: others.map(({ name, path, sizeBytes }) => ({ name, path, bytes: sizeBytes })),
    directory,
  };
  const hashes = await runJob({ onProgress, signal }, (job) => log.copy(job, files));
  const copied = [...numbers.flatMap((number) => sources[number] ?? []), ...ofTier];
  const hashBySource = new Map(copied.map((source, i) => [source, hashes[i] ?? '']));
  for (const source of ofTier) {
    const { parquet } = source;
    if (parquet !== undefined && hashBySource.get(source) !== parquet.sha256) {
      throw damaged(parquet, 'its bytes do not have the SHA-256 of their record');
    }
  }
  return hashBySource;
}

async function mustBeThere(file: PlacedFile): Promise<void> {
  const bytes = await bytesOf(file.path);
  if (bytes === undefined) throw damaged(file, 'the file is missing');
  if (bytes !== file.sizeBytes) {
    throw damaged(file, `the file has ${bytes} bytes, its record says ${file.sizeBytes}`);
  }
}

/** The log does not have its events, so a backup without it would not be one. */
function damaged({ path }: PlacedFile, what: string): AllSourceError {
  return new AllSourceError(
    'storage_damaged',
    `${path}: ${what}, and the log does not have its events any more; ` +
      'put the file of this name from an earlier backup in its place',
  );
}

function logSource(file: HeldFile): Source {
  return { about: file };
}

function parquetSource(parquet: PlacedFile): Source {
  const { path: _path, sizeBytes: bytes, ...rest } = parquet;
  return { about: { kind: 'parquet', bytes, ...rest }, parquet };
}

/** A store that took the place of another one must not push out the backups of that. */
function refuseOthers(
  directory: BackupDirectory,
  { storeId }: NativeHeldLog,
  manifests: readonly ReadManifest[],
): void {
  const other = manifests.find((manifest) => manifest.storeId !== storeId);
  if (other === undefined) return;
  throw new AllSourceError(
    'unprocessable',
    `${directory.path}: it has backups of another store (${other.storeId}, this one is ${storeId}); ` +
      'give each store a directory of its own',
  );
}

/** The newest backup that is a beginning of this log: a restored store may have gone another way. */
async function baseOf(
  manifests: readonly ReadManifest[],
  held: NativeHeldLog,
  log: LogFiles,
): Promise<ReadManifest | undefined> {
  for (const manifest of manifests) {
    if (manifest.toPosition > held.lastPosition) continue;
    // Where its events were dropped, the root can't be known any more.
    const rootHash = await log.rootHash(manifest.toPosition).catch(() => undefined);
    if (rootHash === manifest.rootHash) return manifest;
  }
  return undefined;
}

async function sharedWith(
  base: ReadManifest | undefined,
  sources: readonly Source[],
  directory: BackupDirectory,
): Promise<Map<Source, ManifestFile>> {
  const shared = new Map<Source, ManifestFile>();
  const byName = new Map(base?.files.map((file) => [file.name, file]));
  for (const source of sources) {
    const known = byName.get(source.about.name);
    if (known === undefined || !isSame(source, known)) continue;
    if (await directory.has(known)) shared.set(source, known);
  }
  return shared;
}

function isSame({ about, parquet }: Source, known: ManifestFile): boolean {
  if (known.kind === 'store') return false;
  if (known.kind === 'parquet') return known.sha256 === parquet?.sha256;
  return (
    parquet === undefined &&
    known.lastPosition === about.lastPosition &&
    known.bytes === about.bytes &&
    known.salt === about.salt
  );
}
