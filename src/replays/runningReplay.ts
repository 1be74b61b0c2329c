import { setTimeout as wait } from 'node:timers/promises';
import { AllSourceError } from '../domain/index.js';
import { WakeUp } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { selectedEvents } from '../projections/index.js';
import type { ManagedProjection, ProjectionRegistry } from '../projections/index.js';
import { eventOf, hasEnded } from './record.js';
import type { ReplayRecord } from './record.js';
import type { ReplayInfo, ReplayStatus } from './types.js';

/** So often it looks how far it is. */
const lookMs = 100;

/** Its end is recorded again so long after it could not be: twice as long each time. */
const retryMs = 500;
const retryMsMax = 30_000;

/** What a store that takes no appends now may take soon. */
const transient: ReadonlySet<string> = new Set(['storage_full', 'overloaded']);

/** What keeps a build from being begun, and passes: another one, and a projection that is started anew. */
const waitedFor: ReadonlySet<string> = new Set([
  'replay_running',
  'projection_stopped',
  ...transient,
]);

export interface ReplayHost {
  readonly log: SystemAccess;
  readonly projections: ProjectionRegistry;
  /** Called for events that were processed since it was called last, and when it has ended. */
  readonly onProgress: (events: number) => void;
  readonly onEnd: (status: ReplayStatus) => void;
}

/** Why a replay can't come to its end. */
class ReplayFailure extends Error {}

/** How far one projection of a replay is. */
interface Counted {
  /** Events up to here are counted. */
  position: number;
  processed: number;
  failed: number;
}

/** How a replay came to its end. */
interface Outcome {
  readonly status: Extract<ReplayStatus, 'completed' | 'failed' | 'cancelled'>;
  readonly errorMessage: string | null;
}

/** A replay at work. Which builds it has begun, projections remember: after a restart it finds them. */
export class RunningReplay {
  readonly #host: ReplayHost;
  readonly #stop = new AbortController();
  readonly #close = new AbortController();
  readonly #changes = new WakeUp();
  readonly #counted = new Map<string, Counted>();
  readonly #begun = new Set<string>();
  #record: ReplayRecord;
  #startedMs = performance.now();
  /** Events that were processed before it went on in this process. */
  #processedBefore = 0;
  #cancelling = false;
  /** Why its end could not be recorded; for good where it has no hope. */
  #refusal: Error | undefined;
  #isHopeless = false;
  #writing: Promise<void> = Promise.resolve();
  #done: Promise<void> = Promise.resolve();

  constructor(host: ReplayHost, record: ReplayRecord) {
    this.#host = host;
    this.#record = record;
  }

  get record(): ReplayRecord {
    return this.#record;
  }

  get hasBuildsToBegin(): boolean {
    const { projections, built } = this.#record;
    const isLeft = (name: string): boolean => !this.#begun.has(name) && !built.includes(name);
    return !hasEnded(this.#record) && projections.some(isLeft);
  }

  get info(): ReplayInfo {
    const record = this.#record;
    const { totalEvents: total, processedEvents: processed, eventsPerSecond: rate } = record;
    const isRunning = !hasEnded(record);
    return {
      replayId: record.id,
      tenantId: record.tenantId,
      projections: record.projections,
      mode: record.mode,
      status: record.status,
      startedAt: record.startedAt,
      updatedAt: record.updatedAt,
      completedAt: record.completedAt,
      totalEvents: total,
      processedEvents: processed,
      failedEvents: record.failedEvents,
      progressPercentage: percentageOf(record),
      eventsPerSecond: Math.round(rate),
      remainingSeconds: isRunning && rate > 0 ? Math.ceil((total - processed) / rate) : null,
      errorMessage: record.errorMessage,
    };
  }

  /** Begins, or goes on where it was. */
  start(): void {
    if (!hasEnded(this.#record)) this.#done = this.#run();
  }

  /** Leaves it as it is; it goes on when the store is opened again. */
  async close(): Promise<void> {
    this.#close.abort();
    this.#stop.abort();
    await this.#done;
    this.#giveUp(
      new AllSourceError('store_closed', 'the store was closed before the replay ended'),
    );
  }

  /** Rejects where its end can't be recorded now; it is tried again. */
  async cancel(): Promise<void> {
    this.#cancelling = true;
    this.#stop.abort();
    while (!hasEnded(this.#record)) {
      if (this.#refusal !== undefined) throw this.#refusal;
      await this.#changes.wait();
    }
  }

  /** Resolves once it has ended, or `signal` aborts; rejects where it does not end in this process. */
  async ended(signal: AbortSignal | undefined): Promise<void> {
    while (!hasEnded(this.#record) && signal?.aborted !== true) {
      if (this.#isHopeless && this.#refusal !== undefined) throw this.#refusal;
      await this.#changes.wait({ signal });
    }
  }

  /**
   * Never rejects. Where its end can't be recorded, it is tried again while there is hope; else the record
   * stays as it is, and it goes on when the store is opened again.
   */
  async #run(): Promise<void> {
    const outcome = await this.#outcome();
    if (outcome === undefined) return;
    for (let attempt = 1; !this.#close.signal.aborted || attempt === 1; attempt += 1) {
      try {
        if (outcome.status !== 'completed') {
          const { id, tenantId } = this.#record;
          await this.#host.projections.cancelReplay(id, tenantId);
        }
        return await this.#end(outcome);
      } catch (error) {
        if (!isOneOf(transient, error)) return this.#giveUp(toError(error));
        this.#refusal = toError(error);
        this.#changes.notify();
        const delayMs = Math.min(retryMs * 2 ** (attempt - 1), retryMsMax);
        await wait(delayMs, undefined, { signal: this.#close.signal }).catch(() => undefined);
      }
    }
  }

  #giveUp(reason: Error): void {
    this.#refusal = reason;
    this.#isHopeless = true;
    this.#changes.notify();
  }

  /** Undefined where it was left as it is. */
  async #outcome(): Promise<Outcome | undefined> {
    const failures: Error[] = [];
    const failed = (error: unknown): void => {
      // The first one ends the others; what comes of them then does not matter.
      if (!this.#stop.signal.aborted) failures.push(toError(error));
      this.#stop.abort();
    };
    try {
      const waiting = this.#record.projections.filter((name) => !this.#record.built.includes(name));
      await this.#countWhatIsDone(waiting);
      const rebuildNext = async (): Promise<void> => {
        for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
          await this.#rebuild(name);
        }
      };
      const workers = Array.from({ length: this.#record.atOnce }, rebuildNext);
      // A build that one of them is just beginning must be there to be cancelled.
      await Promise.all(workers.map((worker) => worker.catch(failed)));
    } catch (error) {
      failed(error);
    }
    const [failure] = failures;
    if (failure !== undefined) return { status: 'failed', errorMessage: failure.message };
    if (this.#cancelling) return { status: 'cancelled', errorMessage: null };
    return this.#stop.signal.aborted ? undefined : { status: 'completed', errorMessage: null };
  }

  /** After a restart, of projections whose states were in part built before. */
  async #countWhatIsDone(names: readonly string[]): Promise<void> {
    this.#processedBefore = this.#record.sumsOfBuilt?.processed ?? 0;
    for (const name of names) await this.#count(name);
    this.#startedMs = performance.now();
  }

  async #rebuild(name: string): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !(await this.#goOn(name))) {
      await this.#host.projections.changes.wait({ timeoutMs: lookMs, signal });
      await this.#look(name);
    }
  }

  /** Takes the next step, and tells whether it was the last one. What keeps it from it may pass. */
  async #goOn(name: string): Promise<boolean> {
    try {
      const managed = await this.#managed(name);
      if (this.#stop.signal.aborted) return false;
      if (managed === undefined) {
        await this.#mustBeThere(name);
        return false;
      }
      const state = managed.stateOfReplay(this.#record.id);
      if (state === 'failed') throw failureOf(managed);
      if (state === 'none') await this.#begin(managed);
      else await this.#hasBegun(name);
      if (state === 'built') await this.#built(name);
      return state === 'built';
    } catch (error) {
      if (!isOneOf(waitedFor, error)) throw error;
      return false;
    }
  }

  /** One that can't be restored may be mended; one that was deleted never comes back. */
  async #mustBeThere(name: string): Promise<void> {
    const { tenantId } = this.#record;
    const isThere = await this.#host.projections.has(name, tenantId);
    if (!isThere) throw new ReplayFailure(`projection ${name} was deleted`);
  }

  async #begin(managed: ManagedProjection): Promise<void> {
    const { name } = managed;
    if (this.#begun.has(name)) {
      throw new ReplayFailure(`projection ${name}: a newer version has taken its place`);
    }
    // It goes on as soon as its code is started.
    if (managed.projection === undefined) return;
    const { id, selection, batchEvents, partitions, mode } = this.#record;
    const replay = { id, selection, batchEvents, partitions, isShown: mode === 'clear' };
    await managed.beginBuild({ replay });
    this.#counted.set(name, { position: 0, processed: 0, failed: 0 });
    await this.#hasBegun(name);
  }

  async #hasBegun(name: string): Promise<void> {
    this.#begun.add(name);
    if (this.#record.status === 'pending') await this.#write(() => ({ status: 'running' }));
  }

  async #built(name: string): Promise<void> {
    await this.#count(name);
    const { processed = 0, failed = 0 } = this.#counted.get(name) ?? {};
    await this.#write(({ built, sumsOfBuilt: sums }) => ({
      built: [...built, name],
      sumsOfBuilt: {
        processed: (sums?.processed ?? 0) + processed,
        failed: (sums?.failed ?? 0) + failed,
      },
    }));
  }

  /** Counts what was processed, and tells of it where it is time. */
  async #look(name: string): Promise<void> {
    await this.#count(name);
    const { progressEvents, processedEvents } = this.#record;
    const { processed, failed } = this.#sums();
    if (progressEvents === null || processed - processedEvents < progressEvents) return;
    this.#tell({ processedEvents: processed, failedEvents: failed });
  }

  async #count(name: string): Promise<void> {
    const managed = await this.#managed(name);
    const { id, selection, tenantId } = this.#record;
    const state = managed?.stateOfReplay(id) ?? 'none';
    if (managed?.projection === undefined || state === 'none') return;
    const known = this.#counted.get(name);
    const counted = known ?? { position: 0, processed: 0, failed: 0 };
    this.#counted.set(name, counted);
    const { position, failed } = managed.progress;
    const last = state === 'built' ? selection.goal : Math.min(position, selection.goal);
    counted.failed = failed;
    // After an error it has gone back, and comes again.
    if (last <= counted.position) return;
    const first = Math.max(counted.position + 1, this.#host.log.logBegin);
    counted.position = last;
    const events = selectedEvents(managed.projection, tenantId, selection);
    const processed = await this.#host.log.countIn(events, { first, last });
    counted.processed += processed;
    // What is found when it goes on was done by the process before.
    if (known === undefined) this.#processedBefore += processed;
    else this.#host.onProgress(processed);
  }

  #sums(): { readonly processed: number; readonly failed: number } {
    const { built, sumsOfBuilt } = this.#record;
    let { processed, failed } = sumsOfBuilt ?? { processed: 0, failed: 0 };
    for (const [name, counted] of this.#counted) {
      if (built.includes(name)) continue;
      processed += counted.processed;
      failed += counted.failed;
    }
    return { processed: Math.min(processed, this.#record.totalEvents), failed };
  }

  async #end({ status, errorMessage }: Outcome): Promise<void> {
    const { processed: processedEvents, failed: failedEvents } = this.#sums();
    const completedAt = nowMicros();
    this.#tell({ processedEvents, failedEvents });
    await this.#write(() => ({ status, completedAt, errorMessage }));
    this.#host.onEnd(status);
  }

  #tell(progress: Pick<ReplayRecord, 'processedEvents' | 'failedEvents'>): void {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const processed = Math.max(progress.processedEvents - this.#processedBefore, 0);
    const eventsPerSecond = seconds > 0 ? processed / seconds : 0;
    this.#record = { ...this.#record, ...progress, eventsPerSecond, updatedAt: nowMicros() };
    this.#changes.notify();
  }

  async #managed(name: string): Promise<ManagedProjection | undefined> {
    const all = await this.#host.projections.managed(this.#record.tenantId);
    return all.find((managed) => managed.name === name);
  }

  /** One write after the other: each has all that the one before had. */
  #write(change: (record: ReplayRecord) => Partial<ReplayRecord>): Promise<void> {
    const written = this.#writing.then(async () => {
      const changes = { ...change(this.#record), updatedAt: nowMicros() };
      await this.#host.log.append([eventOf('recorded', { ...this.#record, ...changes })]);
      this.#record = { ...this.#record, ...changes };
      this.#changes.notify();
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }

  /** Records again what it is, before the log that it is in is dropped. */
  rewrite(): Promise<void> {
    return this.#write(() => ({}));
  }
}

export function nowMicros(): number {
  return Date.now() * 1000;
}

function failureOf(managed: ManagedProjection): ReplayFailure {
  const { failure } = managed.describe();
  const at = failure === null || failure.position === 0 ? '' : ` at position ${failure.position}`;
  return new ReplayFailure(`projection ${managed.name}${at}: ${failure?.reason ?? 'it failed'}`);
}

function percentageOf(record: ReplayRecord): number {
  const { totalEvents, processedEvents, status } = record;
  if (status === 'completed' || totalEvents === 0) return status === 'completed' ? 100 : 0;
  return Math.floor((processedEvents / totalEvents) * 10_000) / 100;
}

function isOneOf(codes: ReadonlySet<string>, error: unknown): boolean {
  return error instanceof AllSourceError && codes.has(error.code);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
