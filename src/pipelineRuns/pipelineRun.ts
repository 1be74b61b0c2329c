import { setTimeout as wait } from 'node:timers/promises';
import { AllSourceError, EventTypes, abortedError } from '../domain/index.js';
import { EventLines, WakeUp, eventBytes, parseColumnRows, parseRows } from '../eventStore/index.js';
import type { EventBytes } from '../eventStore/index.js';
import { usedMembers } from '../pipelines/index.js';
import type {
  PipelineEvent,
  PipelineMachine,
  PipelineResult,
  PipelineStatistics,
} from '../pipelines/index.js';
import { beginningOf } from './beginning.js';
import type { Beginning, PipelineRunOptions } from './beginning.js';
import type { LookupsAhead } from './lookups/lookupsAhead.js';
import { paneLookOf } from './paneLook.js';
import type { Checkpoint } from './pipelineStorage.js';
import type { DroppedEvent } from './types.js';

/** A position that moved this far without a result is written. */
const quietPositionsMax = 10_000;
/** State that changed is written this long after it did, where nothing came out. */
const commitDelayMs = 1000;
/** While a write is under way results are gathered, up to so many bytes. */
const gatheredBytesMax = 1024 * 1024;
const retryMs = 500;
const retryMsMax = 30_000;
const droppedMax = 100;

/**
 * A pipeline behind the log. What comes out is written together with state and position, so a crash
 * neither loses a result nor gives one twice; after an error it begins anew from what was written last.
 */
export class PipelineRun {
  readonly #options: PipelineRunOptions;
  #dropped: readonly DroppedEvent[] = [];
  /** Those of events that are not processed again. */
  #droppedWritten: readonly DroppedEvent[] = [];
  /** Tells who flushes that something went on. */
  readonly #moved = new WakeUp();
  readonly #asked = new WakeUp();
  /** Writes that were asked for, are begun, and done: numbers that only rise. */
  #writesAsked = 0;
  #writesBegun = 0;
  #writesDone = 0;
  #stop: AbortController;
  /** The machine takes nothing more: it begins anew from what was written last. */
  #isBroken = false;
  /** How often it began anew. */
  #beginnings = 0;
  /** It waits for other servers. */
  readonly #asksOthers: boolean;
  #machine: PipelineMachine;
  /** What the machine asks. */
  #lookups: LookupsAhead;
  #position: number;
  #committed: number;
  #visible: number;
  #resultsInFlight = 0;
  #committedAt = performance.now();
  /** The write that is under way, or was the last one. */
  #writing: Promise<void> = Promise.resolve();
  /** Where the last checkpoint is in the log; 0 where its time was used. */
  #mark = 0;
  #isChanged = false;
  /** A write is under way, or failed. */
  #isWriteOpen = false;
  /** Undefined where no window goes by the time of the store. */
  readonly #paneLookMs: number | undefined;
  /** Those that are not being written yet. */
  #results = new EventLines();
  #lastProcessed: number | null = null;
  #failure: string | null = null;
  #done: Promise<void> | undefined;
  #hasEnded = false;

  private constructor(
    options: PipelineRunOptions,
    { machine, position, lookups, stop }: Beginning & { readonly stop: AbortController },
  ) {
    this.#options = options;
    this.#stop = stop;
    this.#asksOthers = options.definition.operators.some((operator) => {
      return operator.type === 'enrich' && operator.source.type === 'http';
    });
    this.#machine = machine;
    this.#lookups = lookups;
    this.#position = position;
    this.#committed = position;
    this.#visible = position;
    this.#paneLookMs = paneLookOf(options.definition);
  }

  static async open(options: PipelineRunOptions): Promise<PipelineRun> {
    const stop = new AbortController();
    return new PipelineRun(options, { ...(await beginningOf(options, stop.signal)), stop });
  }

  /** All that came of events up to here is durable. */
  get position(): number {
    return this.#visible;
  }
  /** Behind which it goes on after an error: what changed nothing since the last write is not read again. */
  get begin(): number {
    const isWritten = !this.#isChanged && !this.#isWriteOpen && this.#results.count === 0;
    return isWritten ? this.#position : this.#committed;
  }
  get statistics(): PipelineStatistics {
    return this.#machine.statistics;
  }
  get lastProcessed(): number | null {
    return this.#lastProcessed;
  }
  get failure(): string | null {
    return this.#failure;
  }
  get dropped(): readonly DroppedEvent[] {
    return [...this.#dropped].reverse();
  }

  /** What is told of the run before this one, which began where that one ended, is told of this one. */
  follow(before: PipelineRun): void {
    this.#lastProcessed = before.#lastProcessed;
    this.#dropped = before.#droppedWritten;
    this.#droppedWritten = before.#droppedWritten;
  }

  /** Also once it was stopped: then it goes on from what was written. */
  start(): void {
    if (this.#done !== undefined && !this.#hasEnded) return;
    if (this.#hasEnded) {
      this.#hasEnded = false;
      this.#isBroken = true;
      this.#stop = new AbortController();
    }
    this.#done = this.#run(this.#stop.signal).finally(() => {
      this.#hasEnded = true;
      this.#moved.notify();
    });
  }

  /** Resolves once all that the log has now is processed and written, panes whose time has come too. */
  async flush(signal: AbortSignal | undefined): Promise<void> {
    const goal = this.#options.log.watermark;
    for (let beginning = -1; beginning !== this.#beginnings;) {
      // Where a write fails, what was processed since the one before it is not there any more.
      beginning = this.#beginnings;
      await this.#until(() => this.#position >= goal, signal);
      this.#writesAsked += 1;
      const wanted = this.#writesAsked;
      this.#asked.notify();
      // The time of that write may close panes, whose results are another one.
      await this.#until(() => this.#writesDone >= wanted && this.#isAtRest, signal);
    }
  }

  get #isAtRest(): boolean {
    const isMarkUsed = this.#mark === 0 || this.#paneLookMs === undefined;
    return isMarkUsed && this.#results.count === 0 && this.#resultsInFlight === 0;
  }

  async #until(condition: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    while (!condition()) {
      if (signal?.aborted === true) throw abortedError();
      this.#options.log.mustBeOpen();
      if (this.#done === undefined || this.#hasEnded) {
        const message = `pipeline ${this.#options.definition.name} does not run; resume it first`;
        throw new AllSourceError('unprocessable', message);
      }
      await this.#moved.wait({ signal });
    }
  }

  /** Whoever waits looks again whether the store closes. */
  endWaits(): void {
    this.#moved.notify();
  }

  /** Writes what it has, and ends; what it waits for is done again when it is started again. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const begin = this.#committed;
      try {
        if (this.#isBroken) await this.#beginAnew(signal);
        await this.#readOn(signal);
        if (this.#isChanged) await this.#commit();
        await this.#writing;
        return;
      } catch (error) {
        this.#isBroken = true;
        if (error instanceof AllSourceError && error.code === 'store_closed') return;
        // Another run is to find what is still being written.
        await this.#writing.catch(() => undefined);
        if (signal.aborted) return;
        this.#failure = error instanceof Error ? error.message : String(error);
      }
      this.#moved.notify();
      if (this.#committed > begin) attempt = 1;
      const delayMs = Math.min(retryMs * 2 ** (attempt - 1), retryMsMax);
      await wait(delayMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  }

  /** From what was written last: the machine takes nothing more after an error. */
  async #beginAnew(signal: AbortSignal): Promise<void> {
    await this.#writing.catch(() => undefined);
    const { machine, position, lookups } = await beginningOf(this.#options, signal);
    this.#machine = machine;
    this.#lookups = lookups;
    this.#position = position;
    this.#committed = position;
    this.#visible = position;
    this.#dropped = this.#droppedWritten;
    this.#resultsInFlight = 0;
    this.#results = new EventLines();
    this.#isChanged = false;
    this.#isWriteOpen = false;
    this.#mark = 0;
    this.#writesBegun = this.#writesDone;
    this.#writing = Promise.resolve();
    this.#beginnings += 1;
    this.#isBroken = false;
  }

  async #readOn(signal: AbortSignal): Promise<void> {
    // What waits for events ends with this, however it ends.
    const stop = new AbortController();
    const end = () => stop.abort();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      await this.#readUntil(stop.signal);
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  }

  async #readUntil(signal: AbortSignal): Promise<void> {
    const { log, definition } = this.#options;
    const { tenantId } = definition;
    const { columns } = this.#machine;
    const { filter } = new EventTypes(definition.sourceEventTypes);
    const source = eventBytes(log, {
      ...{ tenantId, filter, until: undefined, signal },
      ...(columns === undefined
        ? { form: 'rows', fields: usedMembers(definition) }
        : { form: 'columnRows', fields: columns.texts }),
      after: this.#position,
    });
    for (let next = source.next(); ;) {
      // It is waited for a little later, where something is written first.
      next.catch(() => undefined);
      const read = await this.#nextOrIdle(next);
      if (read.done === true || signal.aborted) return;
      next = source.next();
      next.catch(() => undefined);
      await this.#handle(read.value);
    }
  }

  /** While no event comes, what changed is written when its time has come. */
  async #nextOrIdle(
    next: Promise<IteratorResult<EventBytes, void>>,
  ): Promise<IteratorResult<EventBytes, void>> {
    for (;;) {
      while (this.#writesAsked > this.#writesBegun || this.#areResultsDue) await this.#commit();
      const delayMs = this.#commitDelayMs();
      const timeoutMs = delayMs && Math.max(this.#committedAt + delayMs - performance.now(), 0);
      const read = await this.#nextOrAsked(next, timeoutMs);
      if (read !== undefined) return read;
      const isDue = delayMs !== undefined && performance.now() >= this.#committedAt + delayMs;
      if (isDue) await this.#commit();
    }
  }

  /** Undefined where a write was asked for, or the time is over. */
  async #nextOrAsked(
    next: Promise<IteratorResult<EventBytes, void>>,
    timeoutMs: number | undefined,
  ): Promise<IteratorResult<EventBytes, void> | undefined> {
    const over = new AbortController();
    const asked = this.#asked.wait({
      signal: over.signal,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    // A write that fails is not left alone until the next event comes, nor is what was gathered meanwhile.
    const other = this.#writing.then(() => (this.#results.count > 0 ? undefined : next));
    try {
      return (await Promise.race([next, asked, other])) ?? undefined;
    } finally {
      over.abort();
    }
  }

  /** Undefined where there is nothing to write. The time of a commit may close panes, too. */
  #commitDelayMs(): number | undefined {
    if (this.#isChanged) return commitDelayMs;
    return this.#machine.statistics.openPanes > 0 ? this.#paneLookMs : undefined;
  }

  /** Turns are of the thread: none is held up while another server, or the disk, is waited for. */
  async #handle({ bytes, position }: EventBytes): Promise<void> {
    if (this.#asksOthers) {
      await this.#process(bytes);
      await this.#reach(position);
      return;
    }
    const { background } = this.#options.log;
    if (bytes !== undefined) await background.run(() => this.#process(bytes));
    if (this.#isWriteDue(position)) await this.#writing;
    await background.run(() => this.#reach(position));
  }

  async #process(bytes: Buffer | undefined): Promise<void> {
    if (bytes === undefined) return;
    for (const event of this.#eventsOf(bytes)) {
      const result = this.#asksOthers ? this.#inTurn(event) : this.#machine.process(event);
      this.#take(result instanceof Promise ? await result : result, event.position);
      this.#lastProcessed = event.timestamp;
      this.#isChanged = true;
      // Those behind it may take long.
      if (this.#asksOthers && this.#isDue()) await this.#reach(event.position);
    }
  }

  *#eventsOf(bytes: Buffer): Iterable<PipelineEvent> {
    const { columns } = this.#machine;
    if (columns !== undefined) {
      for (const row of parseColumnRows(bytes)) yield columns.eventOf(row);
      return;
    }
    const rows = parseRows(bytes);
    yield* this.#asksOthers ? this.#lookups.over(rows) : rows;
  }

  /** Begins with an event when it is its turn; what it waits for is behind the turn. */
  async #inTurn(event: PipelineEvent): Promise<PipelineResult> {
    const { background } = this.#options.log;
    const { result } = await background.run(async () => {
      const given = this.#machine.process(event);
      // Whoever awaits it is told, a little later.
      if (given instanceof Promise) given.catch(() => undefined);
      return { result: given };
    });
    return result;
  }

  /** All events up to there were processed. */
  async #reach(position: number): Promise<void> {
    this.#position = position;
    await this.#advance();
    this.#show();
    if (this.#isWriteDue(position)) await this.#commit();
    this.#moved.notify();
  }

  #isWriteDue(position: number): boolean {
    const isFar = position - this.#committed >= quietPositionsMax;
    return this.#areResultsDue || isFar || (this.#isChanged && this.#isDue());
  }

  /** What comes out is written at once, but for what comes while the write before is under way. */
  get #areResultsDue(): boolean {
    const { count, bytes } = this.#results;
    return count > 0 && (!this.#isWriteOpen || bytes >= gatheredBytesMax);
  }

  #isDue(): boolean {
    return performance.now() - this.#committedAt >= commitDelayMs;
  }

  /** All events of the log before a checkpoint are older; once they are processed, its time is. */
  async #advance(): Promise<void> {
    const mark = this.#mark;
    if (mark === 0 || this.#position < mark || this.#paneLookMs === undefined) return;
    const { openPanes } = this.#machine.statistics;
    const timestamp = openPanes === 0 ? 0 : await this.#options.log.timestampAt(mark);
    if (timestamp !== 0) {
      const result = await this.#machine.advanceTo(timestamp);
      this.#take(result, this.#position);
      const ended = result.emissions.length + result.dropped.length;
      // A time that closed nothing comes again after a crash: were it written, so would be its own time.
      if (ended > 0 || this.#machine.statistics.openPanes !== openPanes) this.#isChanged = true;
    }
    // A write that ended in between has a time of its own.
    if (this.#mark === mark) this.#mark = 0;
  }

  /** Events without a result are behind one only while nothing is still to be written. */
  #show(): void {
    if (this.#results.count === 0 && this.#resultsInFlight === 0) this.#visible = this.#position;
  }

  #take({ emissions, dropped }: PipelineResult, position: number): void {
    const { storage } = this.#options;
    for (const emission of emissions) this.#results.add(storage.textOf(emission));
    for (const { outcome, reason } of dropped) {
      if (outcome === 'filtered') continue;
      this.#dropped = [...this.#dropped, { position, outcome, reason }].slice(-droppedMax);
    }
  }

  /** Begins to write what there is once the write before has ended; it is not waited for. */
  async #commit(): Promise<void> {
    await this.#writing;
    const results = this.#results;
    const changes = this.#machine.takeChanges();
    this.#results = new EventLines(results.bytes);
    this.#isChanged = false;
    this.#resultsInFlight = results.count;
    this.#committedAt = performance.now();
    this.#writesBegun = this.#writesAsked;
    this.#isWriteOpen = true;
    this.#writing = this.#write(
      { results, changes, position: this.#position },
      { asked: this.#writesAsked, dropped: this.#dropped },
    );
    // Whoever writes next is told.
    this.#writing.catch(() => undefined);
  }

  async #write(
    checkpoint: Checkpoint,
    { asked, dropped }: { readonly asked: number; readonly dropped: readonly DroppedEvent[] },
  ): Promise<void> {
    this.#mark = await this.#options.storage.commit(checkpoint);
    this.#committed = checkpoint.position;
    this.#visible = Math.max(this.#visible, checkpoint.position);
    this.#resultsInFlight = 0;
    this.#droppedWritten = dropped;
    this.#isWriteOpen = false;
    this.#failure = null;
    this.#writesDone = asked;
    this.#moved.notify();
  }
}
