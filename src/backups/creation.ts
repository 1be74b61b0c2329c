import { rm } from 'node:fs/promises';
import { AllSourceError } from '../domain/index.js';
import type { NativeHeldLog } from '../engine/index.js';
import type { LogFiles } from '../eventStore/index.js';
import type { BackupDirectory } from './backupDirectory.js';
import type { ManifestFile, ReadManifest } from './manifest.js';
import { runJob } from './runJob.js';
import type { BackupJobOptions, BackupType } from './types.js';

interface Creation extends BackupJobOptions {
  readonly log: LogFiles;
  readonly directory: BackupDirectory;
  readonly type: BackupType;
}

type HeldFile = NativeHeldLog['files'][number];

/** Copies the log as it is now; the caller has the lock of the directory. */
export async function createBackup(creation: Creation): Promise<ReadManifest> {
  const { log, directory } = creation;
  // What a backup left behind that did not come to its end.
  await directory.sweep();
  const { manifests } = await directory.find();
  const held = await log.hold();
  try {
    refuseOthers(directory, held, manifests);
    const base = creation.type === 'full' ? undefined : await baseOf(manifests, held, log);
    const shared = await sharedWith(base, held, directory);
    const createdAt = Math.max(Date.now() * 1000, (manifests[0]?.createdAt ?? 0) + 1);
    return await copy({ ...creation, held, base, shared, createdAt });
  } finally {
    await log.release();
  }
}

interface Copying extends Creation {
  readonly held: NativeHeldLog;
  readonly base: ReadManifest | undefined;
  readonly shared: ReadonlyMap<HeldFile, ManifestFile>;
  readonly createdAt: number;
}

async function copy(copying: Copying): Promise<ReadManifest> {
  const { log, directory, held, base, shared, createdAt, onProgress, signal } = copying;
  const place = await directory.begin(createdAt);
  try {
    const numbers = [...held.files.keys()].filter((number) => {
      const file = held.files[number];
      return file !== undefined && !shared.has(file);
    });
    const hashes = await runJob({ onProgress, signal }, (job) =>
      log.copy(job, numbers, place.directory),
    );
    const hashByNumber = new Map(numbers.map((number, index) => [number, hashes[index] ?? '']));
    const files = held.files.map(
      (file, number): ManifestFile =>
        shared.get(file) ?? {
          ...file,
          backupId: place.backupId,
          sha256: hashByNumber.get(number) ?? '',
        },
    );
    const { storeId, firstPosition, lastPosition, lastMicros, rootHash } = held;
    return await directory.write({
      backupId: place.backupId,
      createdAt,
      backupType: base === undefined ? 'full' : 'incremental',
      baseId: base?.backupId ?? null,
      storeId,
      firstPosition,
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
  held: NativeHeldLog,
  directory: BackupDirectory,
): Promise<Map<HeldFile, ManifestFile>> {
  const shared = new Map<HeldFile, ManifestFile>();
  const byName = new Map(base?.files.map((file) => [file.name, file]));
  for (const file of held.files) {
    const known = file.kind === 'store' ? undefined : byName.get(file.name);
    const isSame =
      known?.lastPosition === file.lastPosition &&
      known.bytes === file.bytes &&
      known.salt === file.salt;
    if (known !== undefined && isSame && (await directory.has(known))) shared.set(file, known);
  }
  return shared;
}
