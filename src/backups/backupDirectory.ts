import { randomBytes } from 'node:crypto';
import { readFile, readdir, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AllSourceError, formatTimestamp } from '../domain/index.js';
import { fromNative, loadAddon } from '../engine/index.js';
import type { NativeBackupSet } from '../engine/index.js';
import {
  bytesOf,
  isMissing,
  makeDirectory,
  storageError,
  syncDirectory,
  writeNewFile,
} from '../files/index.js';
import { backupIdPattern, decodeManifest, encodeManifest, manifestName } from './manifest.js';
import type { Manifest, ManifestFile, ReadManifest } from './manifest.js';

export interface FoundBackups {
  /** Newest first. */
  readonly manifests: readonly ReadManifest[];
  /** Ids of those whose manifest can't be read. */
  readonly damaged: readonly string[];
}

/**
 * A directory of backups: one directory for each, which has a manifest, and files that any manifest may
 * name. A backup is there while its manifest is.
 */
export class BackupDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** One process at a time changes something; rejects with `backup_running`. */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    try {
      await makeDirectory(this.path);
      const release = lockOf(join(this.path, 'LOCK'));
      try {
        return await work();
      } finally {
        release();
      }
    } catch (error) {
      throw storageError(error);
    }
  }

  async find(): Promise<FoundBackups> {
    const manifests: ReadManifest[] = [];
    const damaged: string[] = [];
    for (const backupId of await this.#ids()) {
      const manifest = await this.#read(backupId);
      if (typeof manifest === 'object') manifests.push(manifest);
      else if (manifest !== undefined) damaged.push(backupId);
    }
    manifests.sort((a, b) => b.createdAt - a.createdAt);
    return { manifests, damaged };
  }

  /** Rejects with `backup_not_found` and `backup_damaged`. */
  async get(backupId: string): Promise<ReadManifest> {
    const manifest = isBackupId(backupId) ? await this.#read(backupId) : undefined;
    if (manifest === undefined) throw this.#notFound(backupId);
    if (typeof manifest === 'object') return manifest;
    const file = join(this.path, backupId, manifestName);
    throw new AllSourceError('backup_damaged', `${file}: ${manifest}`);
  }

  /** A new place for files; there is no backup yet. */
  async begin(createdAt: number): Promise<{ backupId: string; directory: string }> {
    const time = formatTimestamp(createdAt).replaceAll(/[-:]/g, '').slice(0, 15).replace('T', '-');
    const backupId = `${time}-${randomBytes(4).toString('hex')}`;
    const directory = join(this.path, backupId);
    await makeDirectory(directory);
    return { backupId, directory };
  }

  /** From now on it is a backup. */
  async write(manifest: Manifest): Promise<ReadManifest> {
    const { text, checksum } = encodeManifest(manifest);
    await writeNewFile(join(this.path, manifest.backupId), manifestName, text);
    return { ...manifest, checksum };
  }

  /** From now on it is none; its files stay until they are swept. Rejects with `backup_not_found`. */
  async remove(backupId: string): Promise<void> {
    if (!isBackupId(backupId)) throw this.#notFound(backupId);
    const directory = join(this.path, backupId);
    try {
      await unlink(join(directory, manifestName));
    } catch (error) {
      throw isMissing(error) ? this.#notFound(backupId) : error;
    }
    await syncDirectory(directory);
  }

  /**
   * Removes what no manifest names: of deleted backups, and of such as never came to an end. Nothing where
   * a manifest can't be read. Resolves to the bytes of what it removed.
   */
  async sweep(): Promise<number> {
    const { manifests, damaged } = await this.find();
    if (damaged.length > 0) return 0;
    const needed = new Set<string>();
    for (const { files } of manifests) for (const file of files) needed.add(this.pathOf(file));
    const whole = new Set(manifests.map(({ backupId }) => backupId));
    let freedBytes = 0;
    for (const backupId of await this.#ids()) {
      if (!whole.has(backupId)) freedBytes += await this.#sweepOne(backupId, needed);
    }
    if (freedBytes > 0) await syncDirectory(this.path);
    return freedBytes;
  }

  pathOf({ backupId, name }: Pick<ManifestFile, 'backupId' | 'name'>): string {
    return join(this.path, backupId, name);
  }

  /** Whether a file is there in its full length. */
  async has(file: ManifestFile): Promise<boolean> {
    return (await bytesOf(this.pathOf(file))) === file.bytes;
  }

  /** What the engine reads a backup by. */
  setOf(manifest: Manifest): NativeBackupSet {
    const files = manifest.files.map((file) => ({ ...file, path: this.pathOf(file) }));
    const [store] = files;
    // The manifest was checked: STORE comes first.
    if (store === undefined) throw new Error('a manifest without files');
    return {
      store,
      segments: files.filter(({ kind }) => kind === 'segment'),
      indexFiles: files.filter(({ kind }) => kind === 'index'),
      parquetFiles: files.filter(({ kind }) => kind === 'parquet'),
      firstPosition: manifest.firstPosition,
      lastPosition: manifest.toPosition,
      rootHash: manifest.rootHash,
    };
  }

  async #ids(): Promise<string[]> {
    try {
      const entries = await readdir(this.path, { withFileTypes: true });
      const directories = entries.filter((entry) => entry.isDirectory());
      return directories.map(({ name }) => name).filter(isBackupId);
    } catch (error) {
      if (isMissing(error)) return [];
      throw storageError(error);
    }
  }

  /** What is wrong with it, as text; undefined where there is none. */
  async #read(backupId: string): Promise<ReadManifest | string | undefined> {
    try {
      const text = await readFile(join(this.path, backupId, manifestName), 'utf8');
      return decodeManifest(text, backupId);
    } catch (error) {
      if (isMissing(error)) return undefined;
      return `it can't be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  async #sweepOne(backupId: string, needed: ReadonlySet<string>): Promise<number> {
    const directory = join(this.path, backupId);
    const names = await readdir(directory);
    let freedBytes = 0;
    let kept = 0;
    for (const name of names) {
      const file = join(directory, name);
      if (needed.has(file)) {
        kept += 1;
        continue;
      }
      freedBytes += (await bytesOf(file)) ?? 0;
      await rm(file, { recursive: true, force: true });
    }
    if (kept === 0) await rm(directory, { recursive: true, force: true });
    return freedBytes;
  }

  #notFound(backupId: string): AllSourceError {
    const message = `there is no backup ${JSON.stringify(backupId)} in ${this.path}`;
    return new AllSourceError('backup_not_found', message);
  }
}

function isBackupId(text: string): boolean {
  return typeof text === 'string' && backupIdPattern.test(text);
}

/** Takes the lock of a file, which goes with the process; a function that gives it back. */
export function lockOf(file: string): () => void {
  try {
    return loadAddon().lockFile(file);
  } catch (error) {
    const failure = fromNative(error);
    if (!(failure instanceof AllSourceError) || failure.code !== 'store_locked') throw failure;
    throw new AllSourceError(
      'backup_running',
      `${file}: another backup, deletion or restore is at work here; wait until it has ended`,
      { cause: failure },
    );
  }
}
