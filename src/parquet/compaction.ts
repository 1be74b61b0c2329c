import { AllSourceError } from '../domain/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { mergePlan } from './mergePlan.js';
import type { ParquetDirectory, Range } from './files/parquetDirectory.js';
import type { TierRecord } from './files/record.js';
import { runInThread } from './thread/parquetThread.js';
import type { CompactOptions, CompactionConfig, CompactionReport, ParquetFile } from './types.js';

interface CompactionOptions extends CompactOptions {
  readonly dataDir: string;
  readonly config: CompactionConfig;
  readonly directory: ParquetDirectory;
  readonly log: SystemAccess;
  readonly signal: AbortSignal;
  readonly record: () => TierRecord;
  /** Durable when it resolves: from then on these files count, and no others. */
  readonly write: (record: TierRecord) => Promise<void>;
  readonly isHeld: (name: string) => boolean;
}

/**
 * One run over the tier: a file for each sealed segment, then larger files of small ones. Each file is
 * durable before it is recorded; files that a larger one stands for are removed by the run after this
 * one, so that who reads beside the writer has time.
 */
export class Compaction {
  readonly #options: CompactionOptions;
  readonly #beginMs = performance.now();
  #report: Omit<CompactionReport, 'durationMs'> = {
    filesWritten: 0,
    eventsWritten: 0,
    filesCompacted: 0,
    bytesBefore: 0,
    bytesAfter: 0,
    eventsCompacted: 0,
  };
  #eventsDone = 0;
  #eventsTotal = 0;

  constructor(options: CompactionOptions) {
    this.#options = options;
  }

  /** What is done of it by now. */
  get report(): CompactionReport {
    return { ...this.#report, durationMs: performance.now() - this.#beginMs };
  }

  async all(): Promise<void> {
    await this.write();
    try {
      await this.#merge();
    } catch (error) {
      if (!(await this.#forgetDamaged(error))) throw error;
      await this.write();
      await this.#merge();
    }
  }

  async write(): Promise<void> {
    const { dataDir, directory, record, isHeld, write } = this.#options;
    await directory.make();
    const kept = new Set(record().files.map(({ name }) => name));
    await directory.sweep((name) => kept.has(name) || isHeld(name));
    const ranges = await this.#unwritten();
    if (ranges.length === 0) return;
    this.#eventsTotal += ranges.reduce((sum, range) => sum + positionsOf(range), 0);
    const job = { dataDir, ranges, directory: directory.path };
    for await (const file of runInThread('write', job, this.#ways())) {
      const { files, totals } = record();
      await write({ totals, files: [...files, file] });
      this.#add({ filesWritten: 1, eventsWritten: file.eventCount });
    }
  }

  /** Sealed segments behind the last file. */
  async #unwritten(): Promise<readonly Range[]> {
    const { directory, record, log } = this.#options;
    const last = record().files.at(-1)?.lastPosition ?? 0;
    const begin = Math.max(log.logBegin, last + 1);
    const sealed = await directory.sealedSegments();
    return sealed.filter(({ firstPosition }) => firstPosition >= begin);
  }

  async #merge(): Promise<void> {
    const { config, directory, record } = this.#options;
    const plan = mergePlan(record().files, config, Date.now() * 1000);
    if (plan.length === 0) return;
    const groups = plan.map((group) => group.map((file) => directory.placed(file)));
    this.#eventsTotal += plan.flat().reduce((sum, { eventCount }) => sum + eventCount, 0);
    const job = { groups, directory: directory.path };
    let merged = 0;
    for await (const file of runInThread('merge', job, this.#ways())) {
      await this.#replace(plan[merged] ?? [], file);
      merged += 1;
    }
  }

  /** Where a file is damaged that the log has all events of, it is made again, with those behind it. */
  async #forgetDamaged(error: unknown): Promise<boolean> {
    if (!(error instanceof AllSourceError) || error.code !== 'storage_damaged') return false;
    const { directory, log, record, signal, write } = this.#options;
    const { files, totals } = record();
    const placed = files.map((file) => directory.placed(file));
    let at = 0;
    const job = { files: placed, directory: directory.path };
    for await (const { damage } of runInThread('check', job, { signal })) {
      const { firstPosition } = files[at] ?? { firstPosition: 0 };
      if (damage !== null && firstPosition >= log.logBegin) {
        await write({ files: files.slice(0, at), totals });
        return true;
      }
      at += 1;
    }
    return false;
  }

  async #replace(group: readonly ParquetFile[], file: ParquetFile): Promise<void> {
    const { record, write } = this.#options;
    const { files, totals } = record();
    const at = files.findIndex(({ name }) => name === group[0]?.name);
    if (at < 0) throw new AllSourceError('internal_error', 'files to be replaced are not recorded');
    const bytesBefore = group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const eventsCompacted = file.eventCount;
    await write({
      files: [...files.slice(0, at), file, ...files.slice(at + group.length)],
      totals: {
        totalCompactions: totals.totalCompactions + (this.#report.filesCompacted === 0 ? 1 : 0),
        totalFilesCompacted: totals.totalFilesCompacted + group.length,
        totalBytesBefore: totals.totalBytesBefore + bytesBefore,
        totalBytesAfter: totals.totalBytesAfter + file.sizeBytes,
        totalEventsCompacted: totals.totalEventsCompacted + eventsCompacted,
        lastCompactionDurationMs: performance.now() - this.#beginMs,
        spaceSavedBytes: totals.spaceSavedBytes + bytesBefore - file.sizeBytes,
      },
    });
    const bytesAfter = file.sizeBytes;
    this.#add({ filesCompacted: group.length, bytesBefore, bytesAfter, eventsCompacted });
  }

  #add(done: Partial<Omit<CompactionReport, 'durationMs'>>): void {
    const report = { ...this.#report };
    for (const [name, by] of Object.entries(done)) report[name as keyof typeof report] += by;
    this.#report = report;
  }

  #ways() {
    const { signal, onProgress } = this.#options;
    const onRows = (rows: number): void => {
      this.#eventsDone += rows;
      onProgress?.({ eventsDone: this.#eventsDone, eventsTotal: this.#eventsTotal });
    };
    return { signal, onRows };
  }
}

function positionsOf({ firstPosition, lastPosition }: Range): number {
  return lastPosition - firstPosition + 1;
}
