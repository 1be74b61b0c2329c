import {
  AllSourceError,
  WorkUntilClosed,
  compactionStrategies,
  fieldError,
} from '../domain/index.js';
import { RecordedState } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { bytesOf, storageError } from '../files/index.js';
import { Compaction } from './compaction.js';
import { TierCounters } from './counters.js';
import { HeldFiles } from './files/heldFiles.js';
import { ParquetDirectory, covers, isIn } from './files/parquetDirectory.js';
import type { Range } from './files/parquetDirectory.js';
import { emptyRecord, readTier, writeTier } from './files/record.js';
import type { TierRecord } from './files/record.js';
import { restoredFiles } from './files/restored.js';
import type { RestoredFiles } from './files/restored.js';
import { ParquetSchedule } from './schedule.js';
import { DamagedFileError } from './thread/damage.js';
import type { Jobs, MeasuredGroup } from './thread/jobs.js';
import { runInThread } from './thread/parquetThread.js';
import type {
  CompactOptions,
  CompactionConfig,
  CompactionReport,
  CompactionStats,
  EmbeddedParquet,
  FilesHold,
  ParquetCounts,
  ParquetFile,
  ParquetFiles,
  ParquetFinding,
  ParquetReport,
  PlacedFile,
} from './types.js';

interface TierOptions {
  /** Undefined where the store is in memory. */
  readonly dataDir: string | undefined;
  readonly config: CompactionConfig;
  readonly isWritable: boolean;
}

const compactNames = new Set(['strategy', 'onProgress', 'signal']);

/** The Parquet files of a store. Which of the files in its directory count, a record in the log says. */
export class ParquetTier implements EmbeddedParquet, ParquetFiles {
  readonly #log: SystemAccess;
  readonly #options: TierOptions;
  readonly #directory: ParquetDirectory;
  readonly #state: RecordedState;
  readonly #schedule: ParquetSchedule;
  readonly #held = new HeldFiles();
  readonly #counters = new TierCounters();
  readonly #work = new WorkUntilClosed();
  /** By SHA-256, files that were found as they were written since the store was opened. */
  readonly #sound = new Set<string>();
  #record: TierRecord = emptyRecord;

  constructor(log: SystemAccess, options: TierOptions) {
    this.#log = log;
    this.#options = options;
    this.#directory = new ParquetDirectory(options.dataDir ?? '');
    this.#state = new RecordedState(log, () => this.#load());
    this.#schedule = new ParquetSchedule(this, options.config);
  }

  get directory(): string {
    return this.#directory.path;
  }

  /** Called once when the store was opened. */
  begin(): void {
    const { dataDir, config, isWritable } = this.#options;
    if (isWritable && dataDir !== undefined && config.automatic) this.#schedule.begin();
  }

  async files(): Promise<readonly ParquetFile[]> {
    await this.#state.load();
    return this.#record.files;
  }

  async withFiles<T>(work: (files: readonly PlacedFile[]) => Promise<T>): Promise<T> {
    const { files, release } = await this.hold();
    try {
      return await work(files);
    } finally {
      release();
    }
  }

  /** For who reads on between calls. */
  async hold(): Promise<FilesHold> {
    const files = await this.files();
    return this.#held.hold(files.map((file) => this.#directory.placed(file)));
  }

  async mustBeSound(files: readonly PlacedFile[], signal?: AbortSignal): Promise<void> {
    const unknown = files.filter(({ sha256 }) => !this.#sound.has(sha256));
    if (unknown.length === 0) return;
    const report = await this.#check({ files: unknown }, { signal });
    for (const [i, { name, damage }] of report.files.entries()) {
      if (damage !== null) throw new DamagedFileError(name, damage);
      this.#sound.add(unknown[i]?.sha256 ?? '');
    }
  }

  async stats(): Promise<CompactionStats> {
    await this.#state.load();
    return { stats: this.#record.totals, config: this.#options.config };
  }

  async compact(options: CompactOptions = {}): Promise<CompactionReport> {
    const unknown = Object.keys(options).find((name) => !compactNames.has(name));
    if (unknown !== undefined)
      throw fieldError('validation_error', unknown, 'not an option of parquet.compact');
    const { strategy } = options;
    if (strategy !== undefined && !compactionStrategies.includes(strategy)) {
      throw fieldError(
        'validation_error',
        'strategy',
        `expected one of ${compactionStrategies.join(', ')}`,
      );
    }
    this.#mustBeWritable();
    return this.#untilClosed(options.signal, (signal) =>
      this.#counted({ ...options, signal }, (compaction) => compaction.all()),
    );
  }

  /** Writes files of what was sealed meanwhile, and merges nothing. */
  async writeSealed(signal?: AbortSignal): Promise<void> {
    await this.#untilClosed(signal, (linked) =>
      this.#counted({ signal: linked }, (compaction) => compaction.write()),
    );
  }

  counts(): ParquetCounts {
    return { ...this.#counters.counts(), failure: this.#schedule.failure };
  }

  async verify(
    options: Pick<CompactOptions, 'onProgress' | 'signal'> = {},
  ): Promise<ParquetReport> {
    this.#mustHaveFiles();
    return this.withFiles((files) => this.#check({ files }, options));
  }

  /** Whether there are files of all that a range has, and they have what the log has. */
  async compareWithLog(
    range: Range,
    options: Pick<CompactOptions, 'onProgress' | 'signal'> = {},
  ): Promise<ParquetReport> {
    const { dataDir = '' } = this.#options;
    return this.withFiles(async (all) => {
      const files = all.filter((file) => isIn(file, range));
      const report = await this.#check({ files, log: { dataDir, range } }, options);
      return { ...report, ok: report.ok && covers(files, range) };
    });
  }

  sealedSegments(): Promise<readonly Range[]> {
    return this.#directory.sealedSegments();
  }

  /** What the log has in each range, by tenant and type. */
  async *measure(
    ranges: readonly Range[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly MeasuredGroup[]> {
    const { dataDir = '' } = this.#options;
    const job = { dataDir, ranges, directory: this.directory };
    yield* runInThread('measure', job, { signal });
  }

  /** The record stays in the log, where what lies before is dropped. */
  async rewrite(): Promise<void> {
    if (this.#options.dataDir === undefined) return;
    await this.#state.inTurn(async () => {
      if (this.#record.files.length > 0) await writeTier(this.#log, this.#record);
    });
  }

  /** Ends what is under way; what was recorded of it stays. */
  async close(): Promise<void> {
    this.#schedule.close();
    await this.#work.close();
    await this.#state.settled();
  }

  async #load(): Promise<void> {
    const { record, recordedAt } = await readTier(this.#log);
    const restored = await this.#restored(recordedAt);
    const files = restored?.files ?? record.files;
    this.#record = { ...record, files: await this.#present(files) };
  }

  async #restored(recordedAt: number): Promise<RestoredFiles | undefined> {
    if (this.#options.dataDir === undefined) return undefined;
    return restoredFiles(this.directory, recordedAt);
  }

  /**
   * Without what was lost and can be made again: a file that the log still has all events of, and those
   * behind it, so that there is no gap between the last one and the log.
   */
  async #present(files: readonly ParquetFile[]): Promise<readonly ParquetFile[]> {
    const { logBegin } = this.#log;
    for (const [i, file] of files.entries()) {
      const bytes = await bytesOf(this.#directory.placed(file).path);
      if (bytes !== file.sizeBytes && file.firstPosition >= logBegin) return files.slice(0, i);
    }
    return files;
  }

  #counted(
    options: CompactOptions & { readonly signal: AbortSignal },
    work: (compaction: Compaction) => Promise<void>,
  ): Promise<CompactionReport> {
    return this.#state.inTurn(async () => {
      const compaction = this.#compaction(options);
      try {
        await work(compaction);
      } catch (error) {
        this.#counters.fail(error);
        throw error;
      } finally {
        this.#counters.add(compaction.report);
      }
      return compaction.report;
    });
  }

  #compaction(options: CompactOptions & { readonly signal: AbortSignal }): Compaction {
    return new Compaction({
      ...options,
      dataDir: this.#options.dataDir ?? '',
      config: {
        ...this.#options.config,
        strategy: options.strategy ?? this.#options.config.strategy,
      },
      directory: this.#directory,
      log: this.#log,
      record: () => this.#record,
      isHeld: (name) => this.#held.has(name),
      write: async (record) => {
        await writeTier(this.#log, record);
        this.#record = record;
      },
    });
  }

  async #check(
    job: Jobs['check']['job'],
    { onProgress, signal }: Pick<CompactOptions, 'onProgress' | 'signal'>,
  ): Promise<ParquetReport> {
    const eventsTotal = job.files.reduce((sum, { eventCount }) => sum + eventCount, 0);
    let eventsDone = 0;
    const onRows = (rows: number): void => {
      eventsDone += rows;
      onProgress?.({ eventsDone, eventsTotal });
    };
    return this.#untilClosed(signal, async (linked) => {
      const findings: ParquetFinding[] = [];
      const place = { ...job, directory: this.directory };
      for await (const finding of runInThread('check', place, { onRows, signal: linked })) {
        findings.push(finding);
      }
      return { ok: findings.every(({ damage }) => damage === null), files: findings };
    });
  }

  async #untilClosed<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.#log.mustBeOpen();
    try {
      return await this.#work.run(signal, work);
    } catch (error) {
      throw storageError(error);
    }
  }

  #mustBeWritable(): void {
    this.#mustHaveFiles();
    if (this.#options.isWritable) return;
    throw new AllSourceError(
      'storage_unavailable',
      'the store was opened read-only; it makes no Parquet files',
    );
  }

  #mustHaveFiles(): void {
    this.#log.mustBeOpen();
    if (this.#options.dataDir !== undefined) return;
    const message = 'a store in memory has no Parquet files; open it with dataDir';
    throw new AllSourceError('unprocessable', message);
  }
}
