import { join, resolve } from 'node:path';
import { AllSourceError, WorkUntilClosed, closedError, fieldError } from '../domain/index.js';
import type { LogFiles, Rewrites } from '../eventStore/index.js';
import type { ParquetFiles } from '../parquet/index.js';
import { BackupDirectory } from './backupDirectory.js';
import { createBackup } from './creation.js';
import { DirectoryBackups } from './keptBackups.js';
import { infoOf } from './manifest.js';
import { BackupSchedule } from './schedule.js';
import type { CheckedPolicy } from './schedule.js';
import type {
  BackupCounts,
  BackupInfo,
  BackupJobOptions,
  BackupList,
  BackupReport,
  BackupType,
  CreateBackupOptions,
  EmbeddedBackups,
  PruneReport,
  RunningBackup,
} from './types.js';

const types: ReadonlySet<string> = new Set<BackupType>(['full', 'incremental']);
const createNames = new Set<string>(['type', 'onProgress', 'signal']);

interface RegistryParts {
  readonly dataDir: string | undefined;
  readonly policy: CheckedPolicy;
  readonly parquet: ParquetFiles;
  readonly rewrites: Rewrites;
}

/** The backups of a store. */
export class BackupRegistry implements EmbeddedBackups {
  readonly directory: string;
  readonly #log: LogFiles;
  readonly #parquet: ParquetFiles;
  readonly #rewrites: Rewrites;
  readonly #directory: BackupDirectory;
  readonly #kept: DirectoryBackups;
  readonly #schedule: BackupSchedule;
  readonly #work = new WorkUntilClosed();
  #running: RunningBackup | null = null;
  #created = 0;
  #failed = 0;
  #lastCreatedAt: number | null = null;

  constructor(log: LogFiles, { dataDir, policy, parquet, rewrites }: RegistryParts) {
    this.#log = log;
    this.#parquet = parquet;
    this.#rewrites = rewrites;
    this.directory = resolve(policy.directory ?? join(dataDir ?? '', 'backups'));
    this.#directory = new BackupDirectory(this.directory);
    this.#kept = new DirectoryBackups(this.#directory);
    this.#schedule = new BackupSchedule(this, policy);
  }

  /** Called once when the store was opened, to be read and written. */
  begin(): void {
    if (!this.#log.hasFiles) return;
    const begin = (): void => this.#schedule.begin();
    this.#working(undefined, () => this.#lookForNewest()).then(begin, begin);
  }

  create(options: CreateBackupOptions = {}): Promise<BackupInfo> {
    return this.#working(options.signal, (signal) => this.#create({ ...options, signal }));
  }

  async list(): Promise<BackupList> {
    this.#mustHaveFiles();
    return { ...(await this.#kept.list()), running: this.#running };
  }

  verify(backupId: string, { onProgress, signal }: BackupJobOptions = {}): Promise<BackupReport> {
    return this.#working(signal, (linked) =>
      this.#kept.verify(backupId, { onProgress, signal: linked }),
    );
  }

  delete(backupId: string): Promise<void> {
    return this.#working(undefined, async () => {
      await this.#kept.delete(backupId);
      await this.#lookForNewest();
    });
  }

  prune(options: { readonly keep: number }): Promise<PruneReport> {
    return this.#working(undefined, () => this.#kept.prune(options));
  }

  counts(): BackupCounts {
    const { failure } = this.#schedule;
    const counts = { created: this.#created, failed: this.#failed };
    return { ...counts, failure, lastCreatedAt: this.#lastCreatedAt };
  }

  /** What is under way is ended. */
  async close(): Promise<void> {
    this.#schedule.close();
    await this.#work.close();
  }

  async #create(options: CreateBackupOptions): Promise<BackupInfo> {
    const unknown = Object.keys(options).find((name) => !createNames.has(name));
    if (unknown !== undefined)
      throw fieldError('validation_error', unknown, 'not an option of backups.create');
    const { type = 'full' } = options;
    if (!types.has(type)) {
      throw fieldError(
        'validation_error',
        'type',
        `expected 'full' or 'incremental', got ${JSON.stringify(type)}`,
      );
    }
    try {
      const info = await this.#directory.locked(() => this.#copy(type, options));
      this.#created += 1;
      this.#lastCreatedAt = info.createdAt;
      return info;
    } catch (error) {
      const isFailure = !(error instanceof AllSourceError) || !notFailures.has(error.code);
      if (isFailure) this.#failed += 1;
      throw error;
    }
  }

  async #copy(type: BackupType, { onProgress, signal }: BackupJobOptions): Promise<BackupInfo> {
    const running = { backupType: type, startedAt: Date.now() * 1000 };
    this.#running = { ...running, bytesDone: 0, bytesTotal: 0 };
    try {
      const manifest = await createBackup({
        log: this.#log,
        parquet: this.#parquet,
        rewrites: this.#rewrites,
        directory: this.#directory,
        type,
        signal,
        onProgress: (progress) => {
          this.#running = { ...running, ...progress };
          onProgress?.(progress);
        },
      });
      return infoOf(manifest);
    } finally {
      this.#running = null;
    }
  }

  async #lookForNewest(): Promise<void> {
    const { manifests } = await this.#directory.find();
    this.#lastCreatedAt = manifests[0]?.createdAt ?? null;
  }

  #mustHaveFiles(): void {
    if (this.#work.isClosed) throw closedError();
    if (this.#log.hasFiles) return;
    const message = 'a store in memory has no files to back up; open it with dataDir';
    throw new AllSourceError('unprocessable', message);
  }

  #working<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#work.run(signal, async (linked) => {
      this.#mustHaveFiles();
      return work(linked);
    });
  }
}

const notFailures: ReadonlySet<string> = new Set([
  'aborted',
  'backup_running',
  'store_closed',
  'validation_error',
]);
