import { partitionCount } from '../../domain/index.js';
import { Assignment } from './assignment.js';
import { PartitionQueue } from './partitionQueue.js';
import type { Failed, FailurePolicy, Taken } from './partitionQueue.js';

/** Events of one partition that are held in memory at most, as positions. */
const partitionEventsMax = 1000;

export interface GroupOptions extends FailurePolicy {
  /** Events that a member may have in flight. */
  readonly maxInFlight: number;
  readonly ackTimeoutMs: number;
  /** A member that was not heard of for so long has left. */
  readonly memberTimeoutMs: number;
}

export interface MemberState {
  readonly member: string;
  readonly partitions: readonly number[];
  readonly inFlight: number;
  /** Age of the delivery that it has held longest, in milliseconds; null where it holds none. */
  readonly oldestDeliveryMs: number | null;
  /** It has held a delivery for longer than the time to acknowledge one. */
  readonly isStuck: boolean;
  /** Milliseconds since it was heard of last; 0 for one of this process. */
  readonly idleMs: number;
}

interface Member {
  lastSeen: number;
  /** Of this process: it can't be lost, and takes its time. */
  readonly isLocal: boolean;
  /** Where its next round over its partitions begins. */
  next: number;
}

/** Positions and partitions of matching events, in order. */
export type Partitioned = Iterable<{ readonly position: number; readonly partition: number }>;

/**
 * Who is to get which event next: the members of a consumer, its partitions and what of them is in
 * flight. It does no input or output and asks no clock; times are milliseconds, given by the caller.
 */
export class ConsumerGroup {
  readonly #options: GroupOptions;
  readonly #assignment = new Assignment(partitionCount);
  readonly #members = new Map<string, Member>();
  /** Partitions in which a handler of this process runs: they stay where they are. */
  readonly #handling = new Set<number>();
  #queues: readonly PartitionQueue[];

  /** `cursors`: of each partition, the position up to which all is done. */
  constructor(cursors: readonly number[], options: GroupOptions) {
    this.#options = options;
    this.#queues = cursors.map((cursor) => new PartitionQueue(cursor, options));
  }

  /** Begins anew behind a position; what is in flight is no longer awaited. */
  seek(cursor: number): void {
    this.#queues = this.#queues.map(() => new PartitionQueue(cursor, this.#options));
    this.#settle();
  }

  /** True where it was no member before. */
  join(member: string, now: number, isLocal = false): boolean {
    const known = this.#members.get(member);
    if (known !== undefined) {
      known.lastSeen = now;
      return false;
    }
    this.#members.set(member, { lastSeen: now, isLocal, next: 0 });
    this.#assignment.join(member);
    this.#settle();
    return true;
  }

  /** A member is still there; false where it is none. */
  touch(member: string, now: number): boolean {
    const known = this.#members.get(member);
    if (known !== undefined) known.lastSeen = now;
    return known !== undefined;
  }

  isLocal(member: string): boolean {
    return this.#members.get(member)?.isLocal === true;
  }

  beginHandling(partition: number): void {
    this.#handling.add(partition);
  }

  endHandling(partition: number): void {
    this.#handling.delete(partition);
    this.#settle();
  }

  /** Whether an event is in flight with this member. */
  isHeld(partition: number, member: string, position: number): boolean {
    const isOwner = this.#assignment.ownerOf(partition) === member;
    return isOwner && this.#queue(partition).isInFlight(position);
  }

  /** What the member has in flight comes to another, as if it had not been delivered. */
  leave(member: string): void {
    if (!this.#members.delete(member)) return;
    for (const partition of this.#assignment.held(member)) this.#queue(partition).release();
    this.#assignment.leave(member);
    this.#settle();
  }

  get hasMembers(): boolean {
    return this.#members.size > 0;
  }
  members(now: number): MemberState[] {
    return [...this.#members].map(([member, { lastSeen, isLocal }]) => {
      const partitions = this.#assignment.held(member);
      const taken = partitions.map((partition) => this.#queue(partition).oldestDelivery ?? now);
      const inFlight = this.#inFlightOf(member);
      const oldestDeliveryMs = inFlight === 0 ? null : now - Math.min(...taken);
      const isStuck = (oldestDeliveryMs ?? 0) > this.#options.ackTimeoutMs;
      const idleMs = isLocal ? 0 : now - lastSeen;
      return { member, partitions, inFlight, oldestDeliveryMs, isStuck, idleMs };
    });
  }

  /** Up to `max` events for a member, of its partitions in turn, behind the one that was the last. */
  take(member: string, max: number, now: number): Taken[] {
    const state = this.#members.get(member);
    if (state === undefined) return [];
    const taken: Taken[] = [];
    const limit = Math.min(max, this.roomOf(member));
    const begin = state.next;
    for (let i = 0; i < partitionCount && taken.length < limit; i += 1) {
      const partition = (begin + i) % partitionCount;
      const some = this.takeOf(member, partition, { max: limit - taken.length, now });
      taken.push(...some);
      if (some.length > 0) state.next = (partition + 1) % partitionCount;
    }
    return taken;
  }

  /** How many events more a member may have in flight. */
  roomOf(member: string): number {
    return this.#options.maxInFlight - this.#inFlightOf(member);
  }

  /** Up to `max` events of one partition; the caller knows that there is room for them. */
  takeOf(
    member: string,
    partition: number,
    { max, now }: { readonly max: number; readonly now: number },
  ): Taken[] {
    if (!this.#assignment.mayTake(member, partition)) return [];
    const isLocal = this.#members.get(member)?.isLocal === true;
    const deadline = isLocal ? Infinity : now + this.#options.ackTimeoutMs;
    return this.#queue(partition).take(max, now, deadline);
  }

  /** Undefined where the event is not in flight with this member. */
  ack(member: string, position: number): { partition: number; isReplay: boolean } | undefined {
    for (let partition = 0; partition < partitionCount; partition += 1) {
      const done = this.ackIn(partition, member, position);
      if (done !== undefined) return { partition, isReplay: done.isReplay };
    }
    return undefined;
  }

  /** The same where the partition is known. */
  ackIn(partition: number, member: string, position: number): { isReplay: boolean } | undefined {
    if (this.#assignment.ownerOf(partition) !== member) return undefined;
    const queue = this.#queue(partition);
    const done = queue.ack(position);
    if (done !== undefined && queue.inFlight === 0) this.#settle();
    return done;
  }

  nack(
    member: string,
    position: number,
    failure: { now: number; reason: string; delay?: number },
  ): boolean {
    const held = this.#assignment.held(member);
    const found = held.some((partition) => this.#queue(partition).nack(position, failure));
    if (found) this.#settle();
    return found;
  }

  /** Takes deliveries back that did not reach the member: the last ones of each partition. */
  giveBack(member: string, positions: readonly number[]): void {
    for (const partition of this.#assignment.held(member)) {
      for (const position of positions) this.#queue(partition).giveBack(position);
    }
    this.#settle();
  }

  /** Does what is due at `now`; true where events may have become free. */
  tick(now: number): boolean {
    let changed = false;
    // First the deliveries: one that a member was lost with counts as failed.
    for (const queue of this.#queues) changed = queue.expire(now) || changed;
    for (const [member, state] of this.#members) {
      if (state.isLocal || now - state.lastSeen < this.#options.memberTimeoutMs) continue;
      this.leave(member);
      changed = true;
    }
    if (changed) this.#settle();
    return changed;
  }

  /** When `tick` is to be called, or a retry is due; Infinity where never. */
  nextTime(now: number): number {
    const times = this.#queues.map((queue) => queue.nextTime(now));
    for (const { isLocal, lastSeen } of this.#members.values()) {
      if (!isLocal) times.push(lastSeen + this.#options.memberTimeoutMs);
    }
    return Math.min(...times);
  }

  /** Events that are to become dead letters, with their partitions. */
  parking(): (Failed & { readonly partition: number })[] {
    return [...this.#queues.entries()].flatMap(([partition, { parking }]) =>
      parking.map(({ position, isReplay, attempts, reason }) => {
        return { position, isReplay, attempts, reason, partition };
      }),
    );
  }

  parked(partition: number, position: number): void {
    this.#queue(partition).parked(position);
    this.#settle();
  }

  /** A replay is not to be delivered any more. */
  dropReplay(position: number): void {
    for (const queue of this.#queues) queue.dropReplay(position);
  }

  replay(partition: number, position: number): void {
    this.#queue(partition).addReplay(position);
  }

  /** How far the partition that lags most was read, of those that have room; undefined: none has. */
  get readFrom(): number | undefined {
    const ahead = this.readTo;
    // What a partition has missed is read again when half of it is done, not for each free place.
    const open = this.#queues.filter(
      ({ size, readTo }) => size < (readTo < ahead ? partitionEventsMax / 2 : partitionEventsMax),
    );
    return open.length === 0 ? undefined : Math.min(...open.map(({ readTo }) => readTo));
  }
  /** Whether a partition was full, and has not been read as far as others. */
  get isLagging(): boolean {
    return this.#queues.some(({ readTo }) => readTo < this.readTo);
  }
  /** How far the partition that is ahead of all was read. */
  get readTo(): number {
    return Math.max(...this.#queues.map(({ readTo }) => readTo));
  }

  /**
   * Takes all matching events behind `from` up to `to`, as far as there is room: a partition that is
   * full stops, and is read again from where it stopped. `isDead` tells dead letters.
   */
  add(
    events: Partitioned,
    range: { readonly from: number; readonly to: number },
    isDead: (position: number) => boolean,
  ): void {
    // One that has not been read up to here can't go on here; one that is ahead has these already.
    const open = new Set(this.#queues.filter(({ readTo }) => readTo >= range.from));
    for (const { position, partition } of events) {
      const queue = this.#queue(partition);
      if (!open.has(queue) || position <= queue.readTo) continue;
      if (queue.size < partitionEventsMax) queue.add(position, isDead(position));
      else open.delete(queue);
    }
    for (const queue of open) queue.passTo(range.to);
  }

  cursorOf(partition: number): number {
    return this.#queue(partition).cursor;
  }
  get cursors(): number[] {
    return this.#queues.map(({ cursor }) => cursor);
  }
  get inFlight(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.inFlight, 0);
  }

  #inFlightOf(member: string): number {
    const held = this.#assignment.held(member);
    return held.reduce((sum, partition) => sum + this.#queue(partition).inFlight, 0);
  }

  /** Hands over what is to move and of which nothing is in flight. */
  #settle(): void {
    for (const partition of this.#assignment.moving()) {
      const isIdle = this.#queue(partition).inFlight === 0 && !this.#handling.has(partition);
      if (isIdle) this.#assignment.handOver(partition);
    }
  }

  #queue(partition: number): PartitionQueue {
    const queue = this.#queues[partition];
    if (queue === undefined) throw new Error(`there is no partition ${partition}`);
    return queue;
  }
}
