import { AllSourceError } from '../domain/index.js';
import type { NewEvent, StoredEvent } from '../domain/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { Cursors } from './log/cursors.js';
import { DeadLetters } from './log/deadLetters.js';
import type { DeadLetter } from './log/deadLetters.js';
import type { ConsumerDefinition } from './definition.js';
import { ConsumerGroup } from './group/group.js';
import type { Taken } from './group/partitionQueue.js';
import { fillGroup } from './log/reading.js';
import type {
  AckResult,
  Consumer,
  ConsumerDelivery,
  ConsumerInfo,
  ConsumerWire,
  PullOptions,
  Refusal,
} from './types.js';
import { WakeUp } from './wakeUp.js';

/** Cursors that moved are written this long after they did. */
const saveDelayMs = 1000;
const retryDelayMs = 1000;
const retryDelayMsMax = 60_000;
/** A dead letter that could not be written is tried again after this. */
const parkRetryMs = 1000;

/** Milliseconds before the next delivery, after so many attempts. */
type RetryDelay = (attempts: number) => number;

const usualRetryDelay: RetryDelay = (attempts) =>
  Math.min(retryDelayMs * 2 ** (attempts - 1), retryDelayMsMax);

/** A durable subscription that members share: its group, its reader of the log, and what it keeps. */
export class RunningConsumer implements Consumer {
  readonly definition: ConsumerDefinition;
  readonly wire: ConsumerWire = {
    pull: (options) => this.#pullTexts(options),
    textsOf: (positions) => this.#textsOf(positions),
  };
  readonly #log: SystemAccess;
  readonly #cursors: Cursors;
  readonly #letters: DeadLetters;
  readonly #group: ConsumerGroup;
  readonly #changes = new WakeUp();
  readonly #room = new WakeUp();
  /** Partitions of which a commit is under way: their cursors are not written beside it. */
  readonly #committing = new Set<number>();
  readonly #parking = new Set<number>();
  /** Partitions of which something was done since their cursors were written. */
  #worked = new Set<number>();
  #reading: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #saveTimer: NodeJS.Timeout | undefined;
  #lastDeliveryAt: number | null = null;
  readonly #counts = { delivered: 0, redelivered: 0, acknowledged: 0 };
  #failure: AllSourceError | null = null;
  #closed: AllSourceError | undefined;

  private constructor(
    log: SystemAccess,
    definition: ConsumerDefinition,
    kept: { cursors: Cursors; letters: DeadLetters; retryDelay: RetryDelay },
  ) {
    this.#log = log;
    this.definition = definition;
    this.#cursors = kept.cursors;
    this.#letters = kept.letters;
    const { maxInFlight, ackTimeoutMs, maxAttempts } = definition;
    this.#group = new ConsumerGroup(kept.cursors.positions, {
      maxInFlight,
      ackTimeoutMs,
      maxAttempts,
      memberTimeoutMs: ackTimeoutMs,
      retryDelay: kept.retryDelay,
    });
    for (const letter of this.#letters.list) {
      if (letter.isReplayed) this.#group.replay(letter.partition, letter.position);
    }
  }

  static async load(
    log: SystemAccess,
    definition: ConsumerDefinition,
    retryDelay: RetryDelay = usualRetryDelay,
  ): Promise<RunningConsumer> {
    const { key, start } = definition;
    const cursors = await Cursors.load(log, key, start);
    const letters = await DeadLetters.load(log, key);
    return new RunningConsumer(log, definition, { cursors, letters, retryDelay });
  }

  info(): ConsumerInfo {
    const cursor = Math.min(...this.#group.cursors);
    return {
      ...this.definition,
      cursor,
      lag: Math.max(this.#log.watermark - cursor, 0),
      inFlight: this.#group.inFlight,
      deadLetters: this.#letters.size,
      lastDeliveryAt: this.#lastDeliveryAt,
      ...this.#counts,
      members: this.#group.members(performance.now()),
      failure: this.#failure,
    };
  }

  /** Makes somebody a member, or tells that it is still there. */
  join(member: string, isLocal = false): void {
    this.#mustBeOpen();
    if (this.#group.join(member, performance.now(), isLocal)) this.#changed();
  }

  /** What it holds goes to others at once. */
  leave(member: string): void {
    this.#group.leave(member);
    this.#changed();
  }

  async pull(options: PullOptions): Promise<ConsumerDelivery[]> {
    return this.deliver(options.member, await this.#taken(options));
  }

  /** The same as JSON texts in the wire names; payloads are the bytes that were appended. */
  async #pullTexts(options: PullOptions): Promise<{ texts: string[]; taken: Taken[] }> {
    const taken = await this.#taken(options);
    return this.#read(options.member, taken, async (positions) => {
      const { bytes } = await this.#log.bytesAt(positions, 'lines');
      const texts = linesOf(bytes);
      return { given: texts.length, answer: (given) => ({ texts, taken: given }) };
    });
  }

  /** JSON texts of events that are still in the log, by position. */
  async #textsOf(positions: readonly number[]): Promise<Map<number, string>> {
    const texts = new Map<number, string>();
    const kept = positions.filter((position) => position >= this.#log.logBegin);
    while (texts.size < kept.length) {
      const left = kept.slice(texts.size);
      const { bytes } = await this.#log.bytesAt(left, 'lines');
      for (const [i, text] of linesOf(bytes).entries()) texts.set(left[i] ?? 0, text);
    }
    return texts;
  }

  /** Events of one partition, for a member of this process. */
  takeOf(member: string, partition: number, max: number): Taken[] {
    return this.#group.takeOf(member, partition, { max, now: performance.now() });
  }

  /** The events that were taken; those that do not fit an answer are given back. */
  deliver(member: string, taken: readonly Taken[]): Promise<ConsumerDelivery[]> {
    return this.#read(member, taken, async (positions) => {
      const { events } = await this.#log.eventsAt(positions);
      const toDelivery = ({ attempt }: Taken, i: number): ConsumerDelivery[] => {
        const event = events[i];
        return event === undefined ? [] : [{ event, attempt }];
      };
      return { given: events.length, answer: (given) => given.flatMap(toDelivery) };
    });
  }

  /** What a member may have now, or soon. */
  async #taken(options: PullOptions): Promise<Taken[]> {
    const deadline = performance.now() + options.waitMs;
    // Whoever has gone is no member, and gets nothing that nobody would see.
    while (options.signal?.aborted !== true) {
      this.join(options.member);
      const taken = this.#group.take(options.member, options.limit, performance.now());
      if (taken.length > 0) return taken;
      const timeoutMs = Math.min(deadline - performance.now(), this.definition.ackTimeoutMs / 2);
      if (timeoutMs <= 0) break;
      await this.#changes.wait({ timeoutMs, signal: options.signal });
    }
    return [];
  }

  /** Reads what was taken: `given` is how many events, from the first on, the answer has. */
  async #read<Answer>(
    member: string,
    taken: readonly Taken[],
    read: (
      positions: readonly number[],
    ) => Promise<{ given: number; answer: (given: Taken[]) => Answer }>,
  ): Promise<Answer> {
    // Partitions take turns; the log is read in its order.
    const sorted = [...taken].sort((a, b) => a.position - b.position);
    const positions = sorted.map(({ position }) => position);
    try {
      const { given, answer } = await read(positions);
      if (given > 0) this.#lastDeliveryAt = Date.now() * 1000;
      this.#giveBack(member, positions.slice(given));
      this.#armTimer();
      this.#counts.delivered += given;
      this.#counts.redelivered += sorted.slice(0, given).filter((one) => one.attempt > 1).length;
      return answer(sorted.slice(0, given));
    } catch (error) {
      this.#giveBack(member, positions);
      throw error;
    }
  }

  /** Acknowledges events; resolves once the replays of dead letters among them are recorded. */
  async ack(member: string, positions: readonly number[]): Promise<AckResult> {
    this.join(member);
    const stale: number[] = [];
    const replays: number[] = [];
    for (const position of positions) {
      const done = this.#group.ack(member, position);
      if (done === undefined) stale.push(position);
      else if (done.isReplay) replays.push(position);
      else this.#worked.add(done.partition);
    }
    this.#changed();
    this.#saveSoon();
    this.#counts.acknowledged += positions.length - stale.length;
    for (const position of replays) await this.#letters.resolve([], position);
    return { acknowledged: positions.length - stale.length, stale };
  }

  /** Gives events back as failed: they are delivered again, or become dead letters. */
  nack(member: string, positions: readonly number[], failure: Refusal): AckResult {
    this.join(member);
    const { reason, delayMs } = failure;
    const told = {
      now: performance.now(),
      reason,
      ...(delayMs !== undefined && { delay: delayMs }),
    };
    // From the last on: one that fails takes back those behind it.
    const stale = [...positions]
      .sort((a, b) => b - a)
      .filter((position) => !this.#group.nack(member, position, told));
    this.#changed();
    return { acknowledged: positions.length - stale.length, stale: stale.reverse() };
  }

  /**
   * Acknowledges an event of a member of this process, and appends what came of it in the same frame:
   * both are durable, or none is.
   */
  async commit(
    member: string,
    { position, partition }: StoredEvent,
    events: readonly NewEvent[],
  ): Promise<void> {
    const isReplay = this.#letters.get(position)?.isReplayed === true;
    if (isReplay) {
      await this.#letters.resolve(events, position);
    } else if (events.length > 0) {
      this.#committing.add(partition);
      try {
        await this.#cursors.commit(events, partition, position);
      } finally {
        this.#committing.delete(partition);
      }
    }
    if (this.#group.ackIn(partition, member, position) !== undefined) {
      this.#counts.acknowledged += 1;
    }
    if (events.length === 0) this.#worked.add(partition);
  }

  /** A member of this process has handled what it took of a partition. */
  handled(): void {
    this.#changed();
    this.#saveSoon();
  }

  /** Goes on behind a position, forwards or backwards; what is in flight is no longer awaited. */
  async seek(cursor: number): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    await this.#stopReading();
    await this.#cursors.set(cursor);
    this.#group.seek(cursor);
    this.#failure = null;
    this.#changed();
  }

  get deadLetters(): readonly DeadLetter[] {
    return this.#letters.list;
  }

  /** Delivers dead letters again, all of them where no positions are given; tells how many. */
  async replayDeadLetters(positions?: readonly number[]): Promise<number> {
    const wanted = positions ?? this.#letters.list.map(({ position }) => position);
    const letters = wanted.map((position) => this.#letterAt(position));
    const parked = letters.filter(({ isReplayed }) => !isReplayed);
    if (parked.length === 0) return 0;
    await this.#letters.replay(parked.map(({ position }) => position));
    for (const { partition, position } of parked) this.#group.replay(partition, position);
    this.#changed();
    return parked.length;
  }

  /** Resolves at the next change of what members may get. */
  changed(signal: AbortSignal): Promise<void> {
    return this.#changes.wait({ signal });
  }

  /** Writes the cursors, and ends; whoever calls it later is told why. */
  async close(reason: AllSourceError): Promise<void> {
    this.#closed = reason;
    clearTimeout(this.#timer);
    clearTimeout(this.#saveTimer);
    this.#changes.notify();
    await this.#stopReading();
    await this.#save(true);
  }

  #letterAt(position: number): DeadLetter {
    const letter = this.#letters.get(position);
    if (letter !== undefined) return letter;
    throw new AllSourceError(
      'dead_letter_not_found',
      `no dead letter of ${this.definition.name} has the position ${position}`,
    );
  }

  #giveBack(member: string, positions: readonly number[]): void {
    if (positions.length === 0) return;
    this.#group.giveBack(member, positions);
    this.#changed();
  }

  #mustBeOpen(): void {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#failure !== null) throw this.#failure;
  }

  /** After every change: whoever waits looks again, and what is due gets its time. */
  #changed(): void {
    if (this.#closed !== undefined) return;
    this.#changes.notify();
    this.#room.notify();
    this.#parkFailed();
    if (this.#group.hasMembers) this.#startReading();
    else void this.#stopReading();
    this.#armTimer();
  }

  #armTimer(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const at = this.#group.nextTime(now);
    if (at === Infinity) return;
    this.#timer = setTimeout(
      () => {
        this.#group.tick(performance.now());
        this.#changed();
      },
      Math.max(at - now, 0) + 1,
    );
  }

  #startReading(): void {
    if (this.#reading !== undefined || this.#failure !== null) return;
    const stop = new AbortController();
    const done = fillGroup({
      log: this.#log,
      definition: this.definition,
      group: this.#group,
      isDead: (position) => this.#letters.has(position),
      onRead: () => this.#onRead(),
      room: this.#room,
      signal: stop.signal,
    }).catch((error: unknown) => {
      this.#failure = error instanceof AllSourceError ? error : readingFailed(error);
      this.#changes.notify();
    });
    this.#reading = { stop, done };
  }

  async #stopReading(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.stop.abort();
    await reading?.done;
  }

  #onRead(): void {
    this.#changes.notify();
    if (this.#cursors.needsSave(this.#group.cursors)) this.#saveSoon();
  }

  /** Makes dead letters of what failed for the last time, each by one append. */
  #parkFailed(): void {
    for (const failed of this.#group.parking()) {
      const { partition, position } = failed;
      if (this.#parking.has(position)) continue;
      this.#parking.add(position);
      this.#letters
        .park(failed)
        .then(() => {
          this.#parking.delete(position);
          this.#group.parked(partition, position);
          this.#worked.add(partition);
          this.#saveSoon();
          this.#changed();
        })
        .catch(() => {
          setTimeout(() => {
            this.#parking.delete(position);
            this.#changed();
          }, parkRetryMs).unref();
        });
    }
  }

  #saveSoon(): void {
    if (this.#closed !== undefined) return;
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      void this.#save(false);
    }, saveDelayMs);
  }

  /** A cursor that could not be written is written later: until then events may come again. */
  async #save(isLast: boolean): Promise<void> {
    const worked = this.#worked;
    this.#worked = new Set();
    try {
      await this.#cursors.save(this.#group.cursors, {
        isWanted: (partition) => worked.has(partition),
        isBusy: (partition) => this.#committing.has(partition),
      });
    } catch (error) {
      for (const partition of worked) this.#worked.add(partition);
      const isClosed = error instanceof AllSourceError && error.code === 'store_closed';
      if (!isLast && !isClosed) this.#saveSoon();
    }
  }
}

function linesOf(bytes: Buffer): string[] {
  return bytes.length === 0 ? [] : bytes.toString('utf8').trimEnd().split('\n');
}

function readingFailed(cause: unknown): AllSourceError {
  return new AllSourceError('internal_error', 'the consumer could not read the log', { cause });
}
