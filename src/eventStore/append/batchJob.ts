import type { AllSourceError, ErrorCode } from '../../domain/index.js';
import { commitNumber, fromNative, inputFormat, refusalError } from '../../engine/index.js';
import type { Acknowledgement } from './acknowledgements.js';
import { internalError } from './appendQueue.js';
import type { AppendJob, CommitEngine } from './appendQueue.js';
import { lineOfEvent, payloadError } from './payloadGate.js';
import type { EventPlace } from './payloadGate.js';
import type { BatchResult } from '../types.js';

/** One atomic append. */
export interface BatchInput {
  readonly bytes: Uint8Array;
  /** A number of `inputFormat`. */
  readonly format: number;
  /** A number of `fieldNames`. */
  readonly names: number;
  readonly tenantId: string;
  /** True where events that name another tenant are refused. */
  readonly isOnlyTenant?: boolean;
  /** JSON object of expected versions by entity id. */
  readonly conditions?: string | undefined;
  /** JSON object of `failIfEventsMatch` and `after`. */
  readonly match?: string | undefined;
  /** Whether the answer lists each event. */
  readonly full: boolean;
  /** Lines of the same source in earlier batches, for line numbers in errors. */
  readonly linesBefore?: number;
  /** The store's own: their payloads are not checked. */
  readonly isExempt?: boolean;
  /** What this batch is a part of: once one batch of it failed, later ones are not written. */
  readonly group?: BatchGroup;
}

export interface BatchGroup {
  /** The error of the first batch that failed. */
  failure: unknown;
}

const slot = 1;
const conflicts: ReadonlySet<ErrorCode> = new Set([
  'version_conflict',
  'event_id_conflict',
  'append_condition_failed',
]);

export class BatchJob implements AppendJob {
  #events: number | undefined;

  constructor(
    readonly input: BatchInput,
    readonly resolve: (result: BatchResult) => void,
    readonly rejectPromise: (error: unknown) => void,
  ) {}

  run(engine: CommitEngine): boolean {
    const { full, group } = this.input;
    if (group?.failure !== undefined) {
      this.rejectPromise(group.failure);
      return true;
    }
    this.#events ??= this.#stage(engine);
    const commit = engine.commit(slot, this.#events, full);
    if (commit.isBusy) return false;
    if (commit.refusals > 0) {
      const refusal = engine.native.refusals(slot)[0];
      this.#refuse(engine, refusal ? refusalError(refusal) : internalError());
      return true;
    }
    const result: BatchResult = {
      ingested: commit.number(commitNumber.ingested),
      firstPosition: commit.number(commitNumber.firstPosition),
      lastPosition: commit.number(commitNumber.lastPosition),
      results: full ? Array.from({ length: commit.outcomes }, (_, i) => commit.result(i)) : [],
    };
    engine.lastPosition = Math.max(engine.lastPosition, commit.durableAt);
    const acknowledgement = new BatchAcknowledgement(commit.durableAt, result, this);
    engine.acknowledgements.push(acknowledgement, engine.watermark);
    return true;
  }

  #stage({ native, payloads }: CommitEngine): number {
    const { bytes, format, names, tenantId, isOnlyTenant = false, isExempt } = this.input;
    const { conditions, match } = this.input;
    const tenant = [tenantId, isOnlyTenant] as const;
    const events = native.stage(slot, bytes, format, names, false, ...tenant, conditions, match);
    if (isExempt === true) return events;
    const refused = payloads.check(slot, { isAtomic: true });
    if (refused.length > 0) throw payloadError(refused, (event) => this.#placeOf(event));
    return events;
  }

  #placeOf(event: number): EventPlace {
    const { bytes, format, linesBefore = 0 } = this.input;
    if (format === inputFormat.ndjson) return { line: linesBefore + lineOfEvent(bytes, event) };
    return format === inputFormat.batch ? { event } : {};
  }

  /** A conflict is told when all that was committed before is durable: its winner is there then. */
  #refuse(engine: CommitEngine, error: AllSourceError): void {
    if (!conflicts.has(error.code) || engine.lastPosition <= engine.watermark) {
      this.#fail(error);
      return;
    }
    if (this.input.group) this.input.group.failure ??= error;
    const refused = new BatchRefusal(engine.lastPosition, error, this);
    engine.acknowledgements.push(refused, engine.watermark);
  }

  reject(error: unknown): void {
    const isNdjson = this.input.format === inputFormat.ndjson;
    this.#fail(fromNative(error, isNdjson ? this.input.linesBefore : 0));
  }

  #fail(error: unknown): void {
    if (this.input.group) this.input.group.failure ??= error;
    this.rejectPromise(error);
  }
}

class BatchAcknowledgement implements Acknowledgement {
  constructor(
    readonly durableAt: number,
    readonly result: BatchResult,
    readonly job: BatchJob,
  ) {}

  advance(watermark: number): boolean {
    if (this.durableAt > watermark) return false;
    this.job.resolve(this.result);
    return true;
  }

  fail(error: AllSourceError): void {
    this.job.rejectPromise(error);
  }
}

class BatchRefusal implements Acknowledgement {
  constructor(
    readonly durableAt: number,
    readonly error: AllSourceError,
    readonly job: BatchJob,
  ) {}

  advance(watermark: number): boolean {
    if (this.durableAt > watermark) return false;
    this.job.reject(this.error);
    return true;
  }

  fail(): void {
    this.job.reject(this.error);
  }
}
