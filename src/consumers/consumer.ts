import { AllSourceError } from '../domain/index.js';
import type { NewEvent, StoredEvent } from '../domain/index.js';
import { WakeUp } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import type { ConsumerDefinition } from './definition.js';
import { Deliveries } from './deliveries.js';
import { ConsumerGroup } from './group/group.js';
import type { Taken } from './group/partitionQueue.js';
import { Commits } from './log/commits.js';
import { CursorSaver } from './log/cursorSaver.js';
import { Cursors } from './log/cursors.js';
import { DeadLetters } from './log/deadLetters.js';
import type { DeadLetter } from './log/deadLetters.js';
import { GroupReader } from './log/groupReader.js';
import { Parking } from './log/parking.js';
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

/** What a consumer has in the log. */
interface Kept {
  readonly cursors: Cursors;
  readonly letters: DeadLetters;
}

/** A durable subscription that members share: its group, its reader of the log, and what it keeps. */
export class RunningConsumer implements Consumer {
  readonly definition: ConsumerDefinition;
  readonly wire: ConsumerWire = {
    pull: async (options) => this.#deliveries.texts(options, await this.#taken(options)),
    textsOf: (positions) => this.#deliveries.textsOf(positions),
  };
  readonly #log: SystemAccess;
  readonly #cursors: Cursors;
  readonly #letters: DeadLetters;
  readonly #group: ConsumerGroup;
  readonly #changes = new WakeUp();
  readonly #saver: CursorSaver;
  readonly #reader: GroupReader;
  readonly #parking: Parking;
  readonly #commits: Commits;
  readonly #deliveries: Deliveries;
  #timer: NodeJS.Timeout | undefined;
  #acknowledged = 0;
  #closed: AllSourceError | undefined;

  private constructor(
    log: SystemAccess,
    definition: ConsumerDefinition,
    { cursors, letters, retryDelay }: Kept & { readonly retryDelay: RetryDelay },
  ) {
    this.#log = log;
    this.definition = definition;
    this.#cursors = cursors;
    this.#letters = letters;
    const { name, maxInFlight, ackTimeoutMs, maxAttempts } = definition;
    const group = new ConsumerGroup(cursors.positions, {
      maxInFlight,
      ackTimeoutMs,
      maxAttempts,
      memberTimeoutMs: ackTimeoutMs,
      retryDelay,
    });
    this.#group = group;
    const current = (): readonly number[] => (this.#commits.isHeld ? [] : group.cursors);
    const saver = new CursorSaver(cursors, current);
    this.#saver = saver;
    const onChange = (): void => this.#changed();
    this.#commits = new Commits({
      ...{ group, letters, saver, onChange },
      mustBeOpen: () => this.#mustTakeChanges(),
    });
    this.#reader = new GroupReader({
      ...{ log, definition, group },
      isDead: (position) => letters.isSettled(position),
      onRead: () => this.#onRead(),
      onFailed: () => this.#changes.notify(),
    });
    this.#parking = new Parking({ name, group, letters, saver, onChange });
    this.#deliveries = new Deliveries({
      ...{ log, group, reader: this.#reader, parking: this.#parking, onChange },
      onDelivered: () => this.#armTimer(),
    });
    this.#parking.queueReplays();
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
    this.#mustBeThere();
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
      lastDeliveryAt: this.#deliveries.lastAt,
      ...this.#deliveries.counts,
      acknowledged: this.#acknowledged,
      members: this.#group.members(performance.now()),
      failure: this.#reader.failure,
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
    this.#mustBeThere();
    this.#mustBeRemote(member);
    this.leaveLocal(member);
  }

  async pull(options: PullOptions): Promise<ConsumerDelivery[]> {
    return this.#deliveries.events(options, await this.#taken(options));
  }

  /** How many events more a member may have in flight. */
  roomOf(member: string): number {
    return this.#group.roomOf(member);
  }

  /** Events of one partition, for a member of this process. */
  takeOf(member: string, partition: number, max: number): Taken[] {
    // What is taken now could not be committed.
    if (this.#commits.isHeld) return [];
    return this.#group.takeOf(member, partition, { max, now: performance.now() });
  }

  /** The events that were taken; those that do not fit an answer are given back. */
  deliver(
    member: string,
    taken: readonly Taken[],
    signal?: AbortSignal,
  ): Promise<ConsumerDelivery[]> {
    return this.#deliveries.events({ member, signal }, taken);
  }

  /** Takes back what did not reach the member, or what its handler did not get to. */
  giveBack(member: string, positions: readonly number[]): void {
    this.#deliveries.giveBack(member, positions);
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
      const now = performance.now();
      const taken = this.#commits.isHeld ? [] : this.#group.take(member, limit, now);
      if (taken.length > 0) return taken;
      const timeoutMs = Math.min(deadline - performance.now(), this.definition.ackTimeoutMs / 2);
      if (timeoutMs <= 0) break;
      await this.#changes.wait({ timeoutMs, signal });
    }
    return [];
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
    this.#acknowledged += positions.length - stale.length;
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
  async commit(member: string, event: StoredEvent, events: readonly NewEvent[]): Promise<boolean> {
    // It was not waited for any longer: the cursors are written.
    if (this.#closed?.code === 'store_closed') throw this.#closed;
    const committed = await this.#commits.commit(member, event, events);
    if (committed?.isAcknowledged === true) this.#acknowledged += 1;
    return committed !== undefined;
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
    return this.#commits.exclusively(async () => {
      await this.#reader.stop();
      await this.#cursors.set(cursor, [this.#letters.sought()]);
      this.#letters.forgetResolved();
      this.#group.seek(cursor);
      this.#saver.forget();
      this.#parking.queueReplays();
      this.#reader.forgetFailure();
    });
  }

  /** Records all that is kept about it again, before what it is recorded in is dropped. */
  rewrite(): Promise<void> {
    return this.#commits.exclusively(async () => {
      await this.#cursors.rewrite(this.#group.cursors);
      await this.#letters.rewrite();
    });
  }

  /** Goes on where the log begins, where it failed because it was behind. */
  async skipDropped(): Promise<void> {
    if (this.#reader.failure?.code === 'events_dropped') await this.seek(this.#log.logBegin - 1);
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    this.#mustBeThere();
    return this.#letters.list;
  }

  /** Delivers dead letters again, all of them where no positions are given; tells how many. */
  async replayDeadLetters(positions?: readonly number[]): Promise<number> {
    this.#mustBeOpen();
    return this.#parking.replay(positions, this.#log.logBegin);
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
    await this.#reader.stop();
    await this.#saver.saveLast();
  }

  /** Whoever asks for it may have got it before it was deleted, or the store closed. */
  #mustBeThere(): void {
    if (this.#closed !== undefined) throw this.#closed;
    this.#log.mustBeOpen();
  }

  #mustBeOpen(): void {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#reader.failure !== null) throw this.#reader.failure;
    this.#log.mustTakeAppends();
  }

  /** A seek mends what has failed. */
  #mustTakeChanges(): void {
    if (this.#closed !== undefined) throw this.#closed;
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
    this.#reader.tellOfRoom();
    this.#parking.parkFailed();
    if (!this.#group.hasMembers) void this.#reader.stop();
    else if (!this.#commits.isHeld) this.#reader.start();
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

  #onRead(): void {
    this.#changes.notify();
    if (this.#cursors.needsSave(this.#group.cursors)) this.#saver.saveSoon();
  }
}
