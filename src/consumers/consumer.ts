import { AllSourceError } from '../domain/index.js';
import type { NewEvent, StoredEvent } from '../domain/index.js';
import { WakeUp } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { CursorSaver } from './log/cursorSaver.js';
import { Cursors } from './log/cursors.js';
import { DeadLetters } from './log/deadLetters.js';
import type { DeadLetter } from './log/deadLetters.js';
import type { ConsumerDefinition } from './definition.js';
import { ConsumerGroup } from './group/group.js';
import type { Taken } from './group/partitionQueue.js';
import { fillGroup } from './log/reading.js';
import { usualRetryDelay } from './retryDelay.js';
import type { RetryDelay } from './retryDelay.js';
import type {
  AckResult,
  Consumer,
  ConsumerDelivery,
  ConsumerInfo,
  ConsumerWire,
  PullOptions,
  Refusal,
} from './types.js';

/** What a new member waits at least for its first events. */
const firstReadMs = 100;
/** A dead letter that could not be written is tried again after this. */
const parkRetryMs = 1000;

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
  readonly #saver: CursorSaver;
  readonly #parking = new Set<number>();
  /** Commits under way; a seek waits for them, and lets no further ones begin. */
  readonly #commits = new Set<Promise<void>>();
  #isSeeking = false;
  #seeks: Promise<void> = Promise.resolve();
  #reading: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #timer: NodeJS.Timeout | undefined;
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
    const current = (): readonly number[] => (this.#isSeeking ? [] : this.#group.cursors);
    this.#saver = new CursorSaver(kept.cursors, current);
    const { maxInFlight, ackTimeoutMs, maxAttempts } = definition;
    this.#group = new ConsumerGroup(kept.cursors.positions, {
      maxInFlight,
      ackTimeoutMs,
      maxAttempts,
      memberTimeoutMs: ackTimeoutMs,
      retryDelay: kept.retryDelay,
    });
    this.#queueReplays();
  }

  static async load(
    log: SystemAccess,
    definition: ConsumerDefinition,
    retryDelay: RetryDelay = usualRetryDelay,
  ): Promise<RunningConsumer> {
    const { key, start } = definition;
    const cursors = await Cursors.load(log, key, start);
    const letters = await DeadLetters.load(log, key, cursors.positions);
    return new RunningConsumer(log, definition, { cursors, letters, retryDelay });
  }

  async info(): Promise<ConsumerInfo> {
    return this.describe();
  }

  describe(): ConsumerInfo {
    const { key: _key, ...definition } = this.definition;
    const cursor = Math.min(...this.#group.cursors);
    return {
      ...definition,
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

  /** Makes a handler of this process a member, or tells that it is still there. */
  joinLocal(member: string): void {
    this.#mustBeOpen();
    if (this.#group.join(member, performance.now(), true)) this.#changed();
  }

  leaveLocal(member: string): void {
    this.#group.leave(member);
    this.#changed();
  }

  /** What it holds goes to others at once. */
  async leave(member: string): Promise<void> {
    this.#mustBeRemote(member);
    this.leaveLocal(member);
  }

  async pull(options: PullOptions): Promise<ConsumerDelivery[]> {
    const taken = await this.#taken(options);
    return this.deliver(options.member, taken, options.signal);
  }

  /** The same as JSON texts in the wire names; payloads are the bytes that were appended. */
  async #pullTexts(options: PullOptions): Promise<string[]> {
    const taken = await this.#taken(options);
    return this.#read(
      options.member,
      taken,
      async (positions) => {
        const { bytes } = await this.#log.bytesAt(positions, 'lines');
        const texts = linesOf(bytes);
        const toText = ({ attempt }: Taken, i: number): string =>
          `{"attempt":${attempt},"event":${texts[i]}}`;
        return { given: texts.length, answer: (given) => given.map(toText) };
      },
      options.signal,
    );
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

  /** How many events more a member may have in flight. */
  roomOf(member: string): number {
    return this.#group.roomOf(member);
  }

  /** Events of one partition, for a member of this process. */
  takeOf(member: string, partition: number, max: number): Taken[] {
    // What is taken now could not be committed.
    if (this.#isSeeking) return [];
    return this.#group.takeOf(member, partition, { max, now: performance.now() });
  }

  /** The events that were taken; those that do not fit an answer are given back. */
  deliver(
    member: string,
    taken: readonly Taken[],
    signal?: AbortSignal,
  ): Promise<ConsumerDelivery[]> {
    return this.#read(
      member,
      taken,
      async (positions) => {
        const { events } = await this.#log.eventsAt(positions);
        const toDelivery = ({ attempt }: Taken, i: number): ConsumerDelivery[] => {
          const event = events[i];
          return event === undefined ? [] : [{ event, attempt }];
        };
        return { given: events.length, answer: (given) => given.flatMap(toDelivery) };
      },
      signal,
    );
  }

  /** What a member may have now, or soon; it joins by asking. */
  async #taken(options: PullOptions): Promise<Taken[]> {
    const { member, limit, signal } = options;
    this.#mustBeOpen();
    this.#mustBeRemote(member);
    const isNew = this.#group.join(member, performance.now());
    if (isNew) this.#changed();
    // The first read has to come before it can be said that there is nothing.
    const deadline = performance.now() + Math.max(options.waitMs, isNew ? firstReadMs : 0);
    // Whoever has gone, or was told to leave, gets nothing that nobody would see.
    while (signal?.aborted !== true && this.#group.touch(member, performance.now())) {
      this.#mustBeOpen();
      const taken = this.#isSeeking ? [] : this.#group.take(member, limit, performance.now());
      if (taken.length > 0) return taken;
      const timeoutMs = Math.min(deadline - performance.now(), this.definition.ackTimeoutMs / 2);
      if (timeoutMs <= 0) break;
      await this.#changes.wait({ timeoutMs, signal });
    }
    return [];
  }

  /**
   * Reads what was taken: `given` is how many events, from the first on, the answer has. What does not
   * reach the member is given back.
   */
  async #read<Answer>(
    member: string,
    taken: readonly Taken[],
    read: (
      positions: readonly number[],
    ) => Promise<{ given: number; answer: (given: Taken[]) => Answer }>,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    // Partitions take turns; the log is read in its order.
    const sorted = [...taken].sort((a, b) => a.position - b.position);
    const positions = sorted.map(({ position }) => position);
    try {
      const { given, answer } = await read(positions);
      const reached = signal?.aborted === true ? 0 : given;
      if (reached > 0) this.#lastDeliveryAt = Date.now() * 1000;
      this.giveBack(member, positions.slice(reached));
      this.#armTimer();
      this.#counts.delivered += reached;
      this.#counts.redelivered += sorted.slice(0, reached).filter((one) => one.attempt > 1).length;
      return answer(sorted.slice(0, reached));
    } catch (error) {
      this.giveBack(member, positions);
      if (!(await this.#resolveDropped(positions, error))) throw error;
      return this.#read(member, [], read, signal);
    }
  }

  /**
   * Dead letters whose events were dropped from the log can't be delivered again. False where that was
   * not all; what of the log was dropped before it was delivered is told until it is sought elsewhere.
   */
  async #resolveDropped(positions: readonly number[], error: unknown): Promise<boolean> {
    const begin = this.#log.logBegin;
    const dropped = positions.filter((position) => position < begin);
    const replays = dropped.filter((position) => this.#letters.get(position)?.isReplayed === true);
    if (replays.length > 0) await this.#letters.resolve([], replays);
    for (const position of replays) this.#group.dropReplay(position);
    const isAll = replays.length === dropped.length;
    // A seek may have gone past them meanwhile.
    const isBehind = Math.min(...this.#group.cursors) < begin - 1;
    if (!isAll && isBehind && error instanceof AllSourceError) this.#failure = error;
    if (dropped.length > 0) this.#changed();
    return dropped.length > 0 && isAll;
  }

  /** Acknowledges events; the replays of dead letters among them are recorded first. */
  async ack(member: string, positions: readonly number[]): Promise<AckResult> {
    this.#mustBeOpen();
    this.#mustBeRemote(member);
    this.#group.touch(member, performance.now());
    const replays = positions.filter((position) => this.#isHeldReplay(member, position));
    if (replays.length > 0) await this.#letters.resolve([], replays);
    const stale: number[] = [];
    for (const position of positions) {
      const done = this.#group.ack(member, position);
      if (done === undefined) stale.push(position);
      else if (!done.isReplay) this.#saver.worked(done.partition);
    }
    this.#changed();
    this.#saver.saveSoon();
    this.#counts.acknowledged += positions.length - stale.length;
    return { acknowledged: positions.length - stale.length, stale };
  }

  #isHeldReplay(member: string, position: number): boolean {
    const letter = this.#letters.get(position);
    return letter?.isReplayed === true && this.#group.isHeld(letter.partition, member, position);
  }

  /** Gives events back as failed: they are delivered again, or become dead letters. */
  async nack(member: string, positions: readonly number[], failure: Refusal): Promise<AckResult> {
    this.#mustBeOpen();
    this.#mustBeRemote(member);
    return this.nackLocal(member, positions, failure);
  }

  nackLocal(member: string, positions: readonly number[], failure: Refusal): AckResult {
    this.#group.touch(member, performance.now());
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
   * both are durable, or none is. False, and nothing was appended, where the event is no longer the
   * member's to handle, after a seek.
   */
  async commit(
    member: string,
    { position, partition }: StoredEvent,
    events: readonly NewEvent[],
  ): Promise<boolean> {
    if (this.#isSeeking || !this.#group.isHeld(partition, member, position)) return false;
    const commit = this.#record(partition, position, events);
    this.#commits.add(commit);
    try {
      await commit;
    } finally {
      this.#commits.delete(commit);
    }
    if (this.#group.ackIn(partition, member, position) !== undefined) {
      this.#counts.acknowledged += 1;
    }
    return true;
  }

  async #record(partition: number, position: number, events: readonly NewEvent[]): Promise<void> {
    if (this.#letters.get(position)?.isReplayed === true) {
      await this.#letters.resolve(events, [position]);
    } else if (events.length === 0) {
      this.#saver.worked(partition);
    } else {
      await this.#saver.commit(events, partition, position);
    }
  }

  beginHandling(partition: number): void {
    this.#group.beginHandling(partition);
  }

  /** A member of this process has handled what it took of a partition. */
  handled(partition: number): void {
    this.#group.endHandling(partition);
    this.#changed();
    this.#saver.saveSoon();
  }

  /** Goes on behind a position, forwards or backwards; what is in flight is no longer awaited. */
  seek(cursor: number): Promise<void> {
    return this.#exclusively(async () => {
      await this.#stopReading();
      await this.#cursors.set(cursor, [this.#letters.sought()]);
      this.#letters.forgetResolved();
      this.#group.seek(cursor);
      this.#saver.forget();
      this.#queueReplays();
      this.#failure = null;
    });
  }

  /** Records all that is kept about it again, before what it is recorded in is dropped. */
  rewrite(): Promise<void> {
    return this.#exclusively(async () => {
      await this.#cursors.rewrite(this.#group.cursors);
      await this.#letters.rewrite();
    });
  }

  /** Does something to the cursors while nothing is committed or saved. */
  #exclusively(work: () => Promise<void>): Promise<void> {
    const done = this.#seeks.then(async () => {
      if (this.#closed !== undefined) throw this.#closed;
      this.#log.mustTakeAppends();
      this.#isSeeking = true;
      try {
        await Promise.allSettled(this.#commits);
        await work();
      } finally {
        this.#isSeeking = false;
        this.#changed();
      }
    });
    this.#seeks = done.catch(() => undefined);
    return done;
  }

  /** Goes on where the log begins, where it failed because it was behind. */
  async skipDropped(): Promise<void> {
    if (this.#failure?.code === 'events_dropped') await this.seek(this.#log.logBegin - 1);
  }

  #queueReplays(): void {
    for (const { isReplayed, partition, position } of this.#letters.list) {
      if (isReplayed) this.#group.replay(partition, position);
    }
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    return this.#letters.list;
  }

  /** Delivers dead letters again, all of them where no positions are given; tells how many. */
  async replayDeadLetters(positions?: readonly number[]): Promise<number> {
    this.#mustBeOpen();
    const begin = this.#log.logBegin;
    const kept = this.#letters.list.filter(({ position }) => position >= begin);
    const wanted = positions ?? kept.map(({ position }) => position);
    const gone = wanted.find((position) => position < begin);
    if (gone !== undefined) {
      throw new AllSourceError('events_dropped', `the event at ${gone} was dropped from the log`);
    }
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
    this.#saver.stop();
    this.#changes.notify();
    await this.#stopReading();
    await this.#saver.saveLast();
  }

  #letterAt(position: number): DeadLetter {
    const letter = this.#letters.get(position);
    if (letter !== undefined) return letter;
    throw new AllSourceError(
      'dead_letter_not_found',
      `no dead letter of ${this.definition.name} has the position ${position}`,
    );
  }

  /** Takes back what did not reach the member, or what its handler did not get to. */
  giveBack(member: string, positions: readonly number[]): void {
    if (positions.length === 0) return;
    this.#group.giveBack(member, positions);
    this.#changed();
  }

  #mustBeOpen(): void {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#failure !== null) throw this.#failure;
    this.#log.mustTakeAppends();
  }

  /** A handler of this process speaks for itself. */
  #mustBeRemote(member: string): void {
    if (!this.#group.isLocal(member)) return;
    const reason = 'expected another name: it is a handler of the server’s process';
    throw new AllSourceError('validation_error', `member: ${reason}`, {
      details: [{ field: 'member', reason }],
    });
  }

  /** After every change: whoever waits looks again, and what is due gets its time. */
  #changed(): void {
    if (this.#closed !== undefined) return;
    this.#changes.notify();
    this.#room.notify();
    this.#parkFailed();
    if (!this.#group.hasMembers) void this.#stopReading();
    else if (!this.#isSeeking) this.#startReading();
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
      isDead: (position) => this.#letters.isSettled(position),
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
    if (this.#cursors.needsSave(this.#group.cursors)) this.#saver.saveSoon();
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
          this.#saver.worked(partition);
          this.#saver.saveSoon();
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
}

function linesOf(bytes: Buffer): string[] {
  return bytes.length === 0 ? [] : bytes.toString('utf8').trimEnd().split('\n');
}

function readingFailed(cause: unknown): AllSourceError {
  return new AllSourceError('internal_error', 'the consumer could not read the log', { cause });
}
