import { AllSourceError, RepeatedWork, WorkUntilClosed, fieldError } from '../domain/index.js';
import { RecordedState, readRecords, recordEvent } from '../eventStore/index.js';
import type { DropReport, SystemAccess } from '../eventStore/index.js';
import type { ParquetTier } from '../parquet/index.js';
import { RetentionCounters } from './counters.js';
import { Measured } from './measured.js';
import { planOf } from './plan.js';
import type { RetentionPlan } from './plan.js';
import { checkedPolicy, policiesMax } from './policy.js';
import type { CheckedSchedule } from './schedule.js';
import type {
  EmbeddedRetention,
  RetentionCounts,
  RetentionPolicy,
  RetentionPolicyOptions,
  RetentionReport,
  RetentionRunOptions,
} from './types.js';

interface RetentionParts {
  readonly tier: ParquetTier;
  /** Drops what lies before a position from the log. */
  readonly drop: (position: number) => Promise<DropReport>;
  readonly schedule: CheckedSchedule;
  readonly isWritable: boolean;
  readonly hasFiles: boolean;
}

const recordTypes = { recorded: 'retention.policy_set', deleted: 'retention.policy_deleted' };
const runNames = new Set(['dryRun', 'onProgress', 'signal']);

/** The retention policies of a store. */
export class RetentionRegistry implements EmbeddedRetention {
  readonly #log: SystemAccess;
  readonly #parts: RetentionParts;
  readonly #measured: Measured;
  readonly #policies = new Map<string, RetentionPolicy>();
  readonly #state: RecordedState;
  readonly #counters = new RetentionCounters();
  readonly #work = new WorkUntilClosed();
  readonly #repeated: RepeatedWork;
  #isDropping = false;

  constructor(log: SystemAccess, parts: RetentionParts) {
    this.#log = log;
    this.#parts = parts;
    this.#measured = new Measured(log, parts.tier);
    this.#state = new RecordedState(log, () => this.#read());
    this.#repeated = new RepeatedWork(() => this.#apply(), { retryMs: this.#intervalMs });
  }

  counts(): RetentionCounts {
    return { ...this.#counters.counts(), failure: this.#repeated.failure };
  }

  /** Called once when the store was opened. */
  begin(): void {
    const { schedule, isWritable, hasFiles } = this.#parts;
    if (schedule.automatic && isWritable && hasFiles) this.#repeated.begin(this.#intervalMs);
  }

  async set(options: RetentionPolicyOptions): Promise<RetentionPolicy> {
    const policy = checkedPolicy(options, Date.now() * 1000);
    return this.#state.inTurn(async () => {
      if (!this.#policies.has(policy.name) && this.#policies.size >= policiesMax) {
        const message = `there are ${policiesMax} retention policies; delete one first`;
        throw new AllSourceError('unprocessable', message);
      }
      await this.#log.append([recordEvent(recordTypes.recorded, entityOf(policy.name), policy)]);
      this.#policies.set(policy.name, policy);
      return policy;
    });
  }

  async list(): Promise<readonly RetentionPolicy[]> {
    await this.#state.load();
    return [...this.#policies.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async delete(name: string): Promise<void> {
    await this.#state.inTurn(async () => {
      if (!this.#policies.has(name)) {
        const message = `there is no retention policy ${JSON.stringify(name)}`;
        throw new AllSourceError('policy_not_found', message);
      }
      await this.#log.append([recordEvent(recordTypes.deleted, entityOf(name), { name })]);
      this.#policies.delete(name);
    });
  }

  async run(options: RetentionRunOptions = {}): Promise<RetentionReport> {
    const unknown = Object.keys(options).find((name) => !runNames.has(name));
    if (unknown !== undefined)
      throw fieldError('validation_error', unknown, 'not an option of retention.run');
    const { isWritable, hasFiles } = this.#parts;
    if (!hasFiles) {
      const message =
        'a store in memory has no Parquet files, so nothing is dropped; open it with dataDir';
      throw new AllSourceError('unprocessable', message);
    }
    if (!isWritable && options.dryRun !== true) {
      throw new AllSourceError(
        'storage_unavailable',
        'the store was opened read-only; ask for a dry run',
      );
    }
    return this.#state.inTurn(() =>
      this.#work.run(options.signal, (signal) => this.#counted({ ...options, signal })),
    );
  }

  /** Policies stay in the log, where what lies before is dropped. */
  async rewrite(): Promise<void> {
    // A run has the turn.
    if (this.#isDropping) await this.#recordAgain();
    else await this.#state.inTurn(() => this.#recordAgain());
  }

  async #recordAgain(): Promise<void> {
    for (const policy of this.#policies.values()) {
      await this.#log.append([recordEvent(recordTypes.recorded, entityOf(policy.name), policy)]);
    }
  }

  async close(): Promise<void> {
    this.#repeated.close();
    await this.#work.close();
    await this.#state.settled();
  }

  async #counted(options: RetentionRunOptions): Promise<RetentionReport> {
    try {
      const report = await this.#run(options);
      this.#counters.add(report);
      return report;
    } catch (error) {
      this.#counters.fail(error);
      throw error;
    }
  }

  async #run({
    dryRun = false,
    onProgress,
    signal,
  }: RetentionRunOptions): Promise<RetentionReport> {
    const { tier } = this.#parts;
    const beginMs = performance.now();
    const firstPosition = this.#log.logBegin;
    onProgress?.({ step: 'measure' });
    const segments = await this.#measured.segments(signal);
    const plan = planOf(segments, [...this.#policies.values()], Date.now() * 1000);
    let newFirstPosition = plan.before;
    if (!dryRun && plan.segments > 0) {
      onProgress?.({ step: 'write' });
      await tier.writeSealed(signal);
      onProgress?.({ step: 'verify' });
      await this.#mustBeInFiles(firstPosition, plan, signal);
      onProgress?.({ step: 'drop' });
      newFirstPosition = await this.#drop(plan.before);
    }
    const went = segments.filter(({ lastPosition }) => lastPosition < newFirstPosition);
    return {
      dryRun,
      firstPosition,
      newFirstPosition,
      segments: went.length,
      events: went.flatMap(({ groups }) => groups).reduce((sum, { events }) => sum + events, 0),
      policies: plan.policies,
      kept: plan.kept,
      durationMs: performance.now() - beginMs,
    };
  }

  async #drop(before: number): Promise<number> {
    this.#isDropping = true;
    try {
      return (await this.#parts.drop(before)).firstPosition;
    } finally {
      this.#isDropping = false;
    }
  }

  async #mustBeInFiles(
    firstPosition: number,
    { before }: RetentionPlan,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const range = { firstPosition, lastPosition: before - 1 };
    const report = await this.#parts.tier.compareWithLog(range, { signal });
    if (report.ok) return;
    const damaged = report.files.find(({ damage }) => damage !== null);
    const why =
      damaged === undefined
        ? 'not all of it is in Parquet files'
        : `${damaged.name} ${damaged.damage}`;
    throw new AllSourceError('storage_damaged', `nothing was dropped from the log: ${why}`);
  }

  async #apply(): Promise<number> {
    if ((await this.list()).length > 0) await this.run();
    return this.#intervalMs;
  }

  get #intervalMs(): number {
    return this.#parts.schedule.intervalSeconds * 1000;
  }

  async #read(): Promise<void> {
    const { kept } = await readRecords<RetentionPolicy>(this.#log, recordTypes);
    for (const policy of kept) this.#policies.set(policy.name, policy);
  }
}

function entityOf(name: string): string {
  return `retention:${name}`;
}
