import { AllSourceError } from '../../domain/index.js';
import {
  commitNumber,
  fieldNames,
  nativeBusy,
  outcomeNumber,
  uuidTextBytes,
} from '../../engine/index.js';
import type { NativeStore } from '../../engine/index.js';
import { AcknowledgementQueue } from './acknowledgements.js';
import { BatchJob } from './batchJob.js';
import type { BatchInput } from './batchJob.js';
import { LineBufferPool } from './lineBuffer.js';
import { PayloadChecks } from './payloadGate.js';
import type { PayloadGate } from './payloadGate.js';
import { SinglesJob } from './singlesJob.js';
import type { LineSource } from './singlesJob.js';
import type { SetTime } from './setTime.js';
import type { AppendResult, BatchResult } from '../types.js';

/** Appends that wait for the engine, in the order of the calls. */
export interface AppendJob {
  /** False where the engine is busy: run again after progress. */
  run(engine: CommitEngine): boolean;
  reject(error: unknown): void;
}

const apiLines: LineSource = { names: fieldNames.camel, tenantId: 'default', isOnlyTenant: false };

function isWireSource(source: LineSource, tenantId: string, isOnlyTenant: boolean): boolean {
  return (
    source !== apiLines && source.tenantId === tenantId && source.isOnlyTenant === isOnlyTenant
  );
}

/**
 * The append path on the JavaScript thread. Single appends of one turn of the event loop cross to the
 * engine together; each is still an append of its own.
 */
export class AppendQueue {
  readonly #engine: CommitEngine;
  readonly #jobs: AppendJob[] = [];
  /** The newest job, while it still takes lines. */
  #open: SinglesJob | undefined;
  #isBusy = false;
  #calls = 0;
  readonly #idleWaiters: (() => void)[] = [];

  constructor(native: NativeStore, time?: SetTime) {
    this.#engine = new CommitEngine(native, time);
  }

  /** Appends that were asked for since the store was opened. */
  get calls(): number {
    return this.#calls;
  }

  /** Set before the first append that it is to check. */
  set gate(gate: PayloadGate) {
    this.#engine.payloads.gate = gate;
  }

  get isIdle(): boolean {
    return this.#jobs.length === 0 && this.#engine.acknowledgements.isEmpty;
  }

  /** Resolves when all appends called before are settled. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** One event as JSON text in the API's names. Goes on its way before the next I/O is looked at. */
  append(line: string): Promise<AppendResult> {
    this.#calls += 1;
    const job = this.#open;
    if (job?.source === apiLines) {
      const result = job.add(line);
      if (result) return result;
    }
    return this.#appendToNew(line, apiLines, queueMicrotask);
  }

  /**
   * One event as a line of JSON in the wire names. Goes on its way when all I/O of this turn of the
   * event loop was looked at, so that requests that came in together cross together.
   */
  appendLine(
    line: Uint8Array,
    { tenantId, isOnlyTenant }: Omit<LineSource, 'names'>,
  ): Promise<AppendResult> {
    this.#calls += 1;
    const job = this.#open;
    if (job && isWireSource(job.source, tenantId, isOnlyTenant)) {
      const result = job.add(line);
      if (result) return result;
    }
    const source = { names: fieldNames.snake, tenantId, isOnlyTenant };
    return this.#appendToNew(line, source, setImmediate);
  }

  appendBatch(input: BatchInput): Promise<BatchResult> {
    this.#calls += 1;
    return new Promise((resolve, reject) => {
      this.#open = undefined;
      this.#jobs.push(new BatchJob(input, resolve, reject));
      this.#pump();
    });
  }

  /** The engine moved: its watermark, its room, or its failure. */
  onProgress(watermark: number, hasFailed: boolean): void {
    this.#engine.watermark = watermark;
    this.#engine.acknowledgements.advance(watermark);
    if (hasFailed) this.#engine.acknowledgements.failAll();
    this.#isBusy = false;
    this.#pump();
  }

  #appendToNew(
    line: string | Uint8Array,
    source: LineSource,
    schedule: (flush: () => void) => unknown,
  ): Promise<AppendResult> {
    const job = new SinglesJob(this.#engine.lineBuffers.take(line.length), source);
    this.#open = job;
    this.#jobs.push(job);
    schedule(() => {
      if (this.#open === job) this.#open = undefined;
      this.#pump();
    });
    return job.add(line) ?? Promise.reject(internalError());
  }

  #pump(): void {
    while (!this.#isBusy) {
      const job = this.#jobs[0];
      if (!job || job === this.#open) break;
      this.#isBusy = !this.#runOrReject(job);
      if (!this.#isBusy) this.#jobs.shift();
    }
    if (this.isIdle) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #runOrReject(job: AppendJob): boolean {
    try {
      return job.run(this.#engine);
    } catch (error) {
      job.reject(error);
      return true;
    }
  }
}

/** The native calls of the append path and the numbers they write. */
export class CommitEngine {
  readonly native: NativeStore;
  readonly acknowledgements = new AcknowledgementQueue();
  readonly lineBuffers = new LineBufferPool();
  readonly payloads: PayloadChecks;
  watermark = 0;
  /** Highest position that was given out; it becomes durable later. */
  lastPosition = 0;
  #numbers = new Float64Array(commitNumber.count + 64 * outcomeNumber.count);
  readonly #time: SetTime | undefined;

  constructor(native: NativeStore, time: SetTime | undefined) {
    this.native = native;
    this.payloads = new PayloadChecks(native);
    this.#time = time;
  }

  /** Commits a staged slot of `events` events; `ids` only if `full`. */
  commit(slot: number, events: number, full: boolean): Commit {
    const needed = commitNumber.count + events * outcomeNumber.count;
    if (this.#numbers.length < needed) this.#numbers = new Float64Array(needed * 2);
    if (this.#time !== undefined) this.native.setClock(this.#time.micros());
    const ids = this.native.commit(slot, this.#numbers, full);
    return new Commit(this.#numbers, ids ?? '');
  }
}

/** What a commit answered: a view that is good until the next commit. */
export class Commit {
  readonly #numbers: Float64Array;
  readonly #ids: string;

  constructor(numbers: Float64Array, ids: string) {
    this.#numbers = numbers;
    this.#ids = ids;
  }

  get isBusy(): boolean {
    return this.number(commitNumber.status) === nativeBusy;
  }
  get outcomes(): number {
    return this.number(commitNumber.outcomes);
  }
  get refusals(): number {
    return this.number(commitNumber.refusals);
  }
  get durableAt(): number {
    return this.number(commitNumber.durableAt);
  }

  number(index: number): number {
    return this.#numbers[index] ?? 0;
  }

  result(event: number): AppendResult {
    const at = commitNumber.count + event * outcomeNumber.count;
    return {
      eventId: this.#ids.substring(event * uuidTextBytes, (event + 1) * uuidTextBytes),
      version: this.number(at + outcomeNumber.version),
      position: this.number(at + outcomeNumber.position),
      timestamp: this.number(at + outcomeNumber.timestamp),
      deduplicated: this.number(at + outcomeNumber.deduplicated) !== 0,
    };
  }
}

export function internalError(): AllSourceError {
  return new AllSourceError('internal_error', 'the engine gave no outcome for an event');
}
