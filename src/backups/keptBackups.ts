import { join, resolve } from 'node:path';
import { AllSourceError } from '../domain/index.js';
import { loadAddon } from '../engine/index.js';
import { checkedLimit } from '../eventStore/index.js';
import { BackupDirectory } from './backupDirectory.js';
import { infoOf } from './manifest.js';
import { runJob } from './runJob.js';
import type {
  BackupJobOptions,
  BackupList,
  BackupReport,
  KeptBackups,
  PruneReport,
} from './types.js';

/** Most backups that pruning can be told to keep. */
export const keepMax = 100_000;

/** The backups of a directory, also where their store is lost. */
export function backupsIn(directory: string): KeptBackups {
  if (typeof directory === 'string' && directory !== '' && !directory.includes('\0')) {
    return new DirectoryBackups(new BackupDirectory(resolve(directory)));
  }
  const reason = 'expected the path of a directory';
  throw new AllSourceError('validation_error', `directory: ${reason}`, {
    details: [{ field: 'directory', reason }],
  });
}

export class DirectoryBackups implements KeptBackups {
  readonly #directory: BackupDirectory;

  constructor(directory: BackupDirectory) {
    this.#directory = directory;
  }

  async list(): Promise<BackupList> {
    const { manifests, damaged } = await this.#directory.find();
    return { backups: manifests.map(infoOf), damaged, running: null };
  }

  async verify(backupId: string, options: BackupJobOptions = {}): Promise<BackupReport> {
    const manifest = await this.#directory.get(backupId);
    const set = this.#directory.setOf(manifest);
    const report = await runJob(options, (job) => loadAddon().checkBackup(job, set));
    const files = report.files.map(({ path: file, fault: reason }) => {
      return { file, ok: reason === null, reason };
    });
    if (report.rootHash !== null && report.rootHash !== manifest.rootHash) {
      const reason = 'the events do not have the Merkle root that the manifest says';
      files.push({ file: join(this.#directory.path, backupId), ok: false, reason });
    }
    const ok = files.every((file) => file.ok);
    // One that was deleted meanwhile is not damaged.
    if (!ok) await this.#directory.get(backupId);
    return {
      backupId,
      ok,
      events: manifest.toPosition - manifest.firstPosition + 1,
      bytes: report.bytes,
      rootHash: report.rootHash,
      files,
    };
  }

  delete(backupId: string): Promise<void> {
    return this.#directory.locked(async () => {
      await this.#directory.remove(backupId);
      await this.#directory.sweep();
    });
  }

  async prune({ keep }: { readonly keep: number }): Promise<PruneReport> {
    checkedLimit(keep, 1, keepMax, 'keep');
    return this.#directory.locked(async () => {
      const { manifests, damaged } = await this.#directory.find();
      const [unreadable] = damaged;
      if (unreadable !== undefined) {
        throw new AllSourceError(
          'backup_damaged',
          `the manifest of backup ${unreadable} is damaged, so nobody knows which files it needs; ` +
            'delete this backup first',
        );
      }
      const deleted = manifests.slice(keep).map(({ backupId }) => backupId);
      for (const backupId of deleted) await this.#directory.remove(backupId);
      return { deleted, freedBytes: await this.#directory.sweep() };
    });
  }
}
