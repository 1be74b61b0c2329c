import { expect } from 'vitest';
import { ConsumerGroup } from '../../src/consumers/group/group.js';
import type { GroupOptions } from '../../src/consumers/group/group.js';
import type { Taken } from '../../src/consumers/group/partitionQueue.js';

export const maxAttempts = 3;
export const ackTimeoutMs = 100;
const memberTimeoutMs = 350;
const retryDelay = (attempts: number): number => 10 * attempts;

const options: GroupOptions = {
  maxInFlight: 20,
  ackTimeoutMs,
  memberTimeoutMs,
  maxAttempts,
  retryDelay,
};

interface Delivery {
  readonly member: string;
  readonly deadline: number;
}

/** What one run of a group did, checked against what a consumer promises. */
export class GroupRun {
  readonly group = new ConsumerGroup(
    Array.from({ length: 32 }, () => 0),
    options,
  );
  /** Partition of each matching event, by position; positions between are of no event. */
  readonly log = new Map<number, number>();
  /** What each member holds, as far as a member can know. */
  readonly held = new Map<number, Delivery>();
  now = 0;
  end = 0;
  /** The first position that was not dropped. */
  #begin = 1;
  /** Where it was sought last: only what is behind it is wanted. */
  #start = 0;
  readonly #done = new Set<number>();
  /** Dead letters, and whether they are delivered again. */
  readonly #letters = new Map<number, { isReplayed: boolean }>();
  /** Dead letters that were handled since the last seek: the log does not deliver them once more. */
  readonly #resolved = new Set<number>();
  /** Dead letters that are delivered again, in their order. */
  #replays: number[] = [];
  readonly #parking = new Set<number>();
  /** Failed deliveries of each event. */
  readonly #failures = new Map<number, number>();
  /** When a partition may be delivered from again. */
  readonly #retryAt = new Map<number, number>();
  /** Who handles a partition in this process. */
  readonly #handlers = new Map<number, string>();

  get isFinished(): boolean {
    if (this.#replays.length > 0) return false;
    return [...this.log.keys()].every((position) => this.#isSettled(position));
  }

  append(partition: number, gap: number): void {
    this.end += 1 + gap;
    this.log.set(this.end, partition);
  }

  /** Reads a piece of the log as the consumer does. */
  read(limit: number): void {
    const from = this.group.readFrom;
    if (from === undefined || from >= this.end) return;
    // The consumer stops here, and goes on after a seek.
    if (from + 1 < this.#begin) {
      this.seek(this.#begin - 1);
      return;
    }
    const behind = [...this.log].filter(([position]) => position > from).slice(0, limit);
    const isAll = behind.length < limit;
    const to = isAll ? this.end : (behind.at(-1)?.[0] ?? this.end);
    const events = behind.map(([position, partition]) => ({ position, partition }));
    this.group.add(
      events,
      { from, to },
      (position) => this.#letters.has(position) || this.#resolved.has(position),
    );
  }

  /** Takes events, of which the first `given` reach the member. */
  take(member: string, max: number, given = max): void {
    const taken = this.group.take(member, max, this.now);
    for (const one of taken) this.#taken(member, one, this.now + ackTimeoutMs);
    this.#deliver(member, taken, given);
  }

  /** A handler of this process begins to work in a partition. */
  handle(member: string, partition: number, max: number): void {
    if (!this.group.isLocal(member) || this.#handlers.get(partition) === member) return;
    const taken = this.group.takeOf(member, partition, { max, now: this.now });
    if (taken.length === 0) return;
    expect(this.#handlers.has(partition)).toBe(false);
    for (const one of taken) this.#taken(member, one, Infinity);
    this.#handlers.set(partition, member);
    this.group.beginHandling(partition);
    this.#deliver(member, taken, max);
  }

  /** It ends, and gives back what it did not get to. */
  endHandling(partition: number): void {
    const member = this.#handlers.get(partition);
    if (member === undefined) return;
    const left = [...this.held.keys()].filter((at) => this.log.get(at) === partition);
    this.#giveBack(member, left);
    this.#handlers.delete(partition);
    this.group.endHandling(partition);
  }

  ack(member: string, position: number): void {
    const mine = this.held.get(position)?.member === member;
    expect(this.group.ack(member, position) !== undefined).toBe(mine);
    if (!mine) return;
    this.held.delete(position);
    if (this.#isReplay(position)) this.#resolve(position);
    else this.#done.add(position);
  }

  nack(member: string, position: number, delay?: number): void {
    const mine = this.held.get(position)?.member === member;
    const failure = { now: this.now, reason: 'no', ...(delay !== undefined && { delay }) };
    expect(this.group.nack(member, position, failure)).toBe(mine);
    if (mine) this.#failed(position, delay);
  }

  /** Time passes in small steps, so that every deadline is met on its own. */
  pass(ms: number): void {
    for (const until = this.now + ms; this.now < until;) {
      this.now = Math.min(until, Math.max(this.group.nextTime(this.now), this.now + 1));
      this.#tick();
    }
  }

  join(member: string, isLocal = false): void {
    this.group.join(member, this.now, isLocal);
  }

  leave(member: string): void {
    for (const [partition, handler] of this.#handlers) {
      if (handler === member) this.endHandling(partition);
    }
    this.group.leave(member);
    this.#forget(member);
  }

  /** Makes dead letters of what failed for the last time. */
  park(): void {
    for (const { partition, position, attempts, isReplay } of this.group.parking()) {
      expect(attempts).toBe(maxAttempts);
      expect(isReplay).toBe(this.#isReplay(position));
      expect(this.#parking.delete(position)).toBe(true);
      this.#replays = this.#replays.filter((other) => other !== position);
      this.#letters.set(position, { isReplayed: false });
      this.group.parked(partition, position);
    }
    expect(this.#parking.size).toBe(0);
  }

  /** Delivers one of the dead letters again. */
  replay(number: number): void {
    const parked = [...this.#letters].filter(
      ([position, { isReplayed }]) => !isReplayed && position >= this.#begin,
    );
    const [position] = parked[number % Math.max(parked.length, 1)] ?? [];
    if (position === undefined) return;
    this.#letters.set(position, { isReplayed: true });
    this.#queueReplay(position);
  }

  /** Lets somebody's event fail until it is a dead letter, as far as it is not held up. */
  failForGood(number: number): void {
    const [position, { member = '' } = {}] =
      [...this.held][number % Math.max(this.held.size, 1)] ?? [];
    if (position === undefined || this.group.isLocal(member)) return;
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      if (this.held.get(position)?.member === member) this.nack(member, position, 0);
      this.take(member, options.maxInFlight);
    }
    this.park();
  }

  /** Drops the front of the log, up to a part of it, in percent. */
  drop(percent: number): void {
    this.#begin = Math.max(this.#begin, Math.floor((this.end * percent) / 100) + 1);
  }

  seek(cursor: number): void {
    this.group.seek(cursor);
    this.#start = cursor;
    this.held.clear();
    this.#parking.clear();
    this.#failures.clear();
    this.#retryAt.clear();
    this.#resolved.clear();
    for (const position of this.#done) if (position > cursor) this.#done.delete(position);
    this.#replays = [];
    const letters = [...this.#letters].sort(([a], [b]) => a - b);
    for (const [position, { isReplayed }] of letters) if (isReplayed) this.#queueReplay(position);
  }

  /** To a part of the log, in percent. */
  seekTo(percent: number): void {
    this.seek(Math.max(Math.floor((this.end * percent) / 100), this.#begin - 1));
  }

  check(): void {
    const { cursors } = this.group;
    expect(Math.min(...cursors)).toBeGreaterThanOrEqual(this.#start);
    const passed = [...this.log].filter(([position, partition]) => {
      return position <= (cursors[partition] ?? 0) && !this.#isSettled(position);
    });
    expect(passed).toEqual([]);
    expect(this.group.inFlight).toBe(this.held.size);
    expect(new Set(this.group.parking().map(({ position }) => position))).toEqual(this.#parking);
    this.#checkOwners();
  }

  /** A partition has one owner, and those that hold or handle something of it are that one. */
  #checkOwners(): void {
    const owners = new Map<number, string>();
    for (const { member, partitions, inFlight } of this.group.members(this.now)) {
      expect(inFlight).toBeLessThanOrEqual(options.maxInFlight);
      for (const partition of partitions) {
        expect(owners.has(partition)).toBe(false);
        owners.set(partition, member);
      }
    }
    for (const [position, { member }] of this.held) {
      expect(owners.get(this.log.get(position) ?? -1)).toBe(member);
    }
    for (const [partition, member] of this.#handlers) expect(owners.get(partition)).toBe(member);
  }

  /** Notes a delivery that the group made, if it may be made now. */
  #taken(member: string, { position, attempt }: Taken, deadline: number): void {
    const partition = this.log.get(position) ?? -1;
    expect(this.held.has(position)).toBe(false);
    expect(this.#isReplay(position) || !this.#isSettled(position)).toBe(true);
    expect(attempt).toBe((this.#failures.get(position) ?? 0) + 1);
    expect(attempt).toBeLessThanOrEqual(maxAttempts);
    expect(this.#retryAt.get(partition) ?? 0).toBeLessThanOrEqual(this.now);
    // Nobody else holds or handles anything of this partition, and nothing before it waits.
    for (const [other, delivery] of this.held) {
      if (this.log.get(other) === partition) expect(delivery.member).toBe(member);
    }
    expect(this.#handlers.get(partition) ?? member).toBe(member);
    const waiting = this.#before(position).filter((other) => {
      const isOver = !this.#isReplay(other) && this.#isSettled(other);
      return !isOver && !this.held.has(other);
    });
    expect(waiting).toEqual([]);
    this.held.set(position, { member, deadline });
  }

  /** What is read for a member; what was dropped can't be. */
  #deliver(member: string, taken: readonly Taken[], given: number): void {
    const positions = taken.map(({ position }) => position).sort((a, b) => a - b);
    const dropped = positions.filter((position) => position < this.#begin);
    this.#giveBack(member, dropped.length > 0 ? positions : positions.slice(given));
    const isBehind = dropped.some((position) => !this.#isReplay(position));
    for (const position of dropped) {
      if (!this.#isReplay(position)) continue;
      this.group.dropReplay(position);
      this.#resolve(position);
    }
    if (isBehind) this.seek(this.#begin - 1);
  }

  #giveBack(member: string, positions: readonly number[]): void {
    this.group.giveBack(member, positions);
    for (const position of positions) this.held.delete(position);
  }

  /** Nothing of the log is to be delivered for it any more; it may be a replay. */
  #isSettled(position: number): boolean {
    const isWanted = position > this.#start;
    return !isWanted || this.#done.has(position) || this.#letters.has(position);
  }

  #isReplay(position: number): boolean {
    return this.#letters.get(position)?.isReplayed === true;
  }

  #queueReplay(position: number): void {
    this.#failures.delete(position);
    this.#replays.push(position);
    this.group.replay(this.log.get(position) ?? -1, position);
  }

  /** A dead letter is done, or can't be delivered any more. */
  #resolve(position: number): void {
    this.#letters.delete(position);
    this.#resolved.add(position);
    this.#done.add(position);
    this.#replays = this.#replays.filter((other) => other !== position);
  }

  /** What a partition delivers, in its order: the replays, then the log. */
  #orderOf(partition: number | undefined): number[] {
    const replays = this.#replays.filter((other) => this.log.get(other) === partition);
    const events = [...this.log.keys()].filter((other) => {
      return this.log.get(other) === partition && !this.#isReplay(other);
    });
    return [...replays, ...events];
  }

  #before(position: number): number[] {
    const order = this.#orderOf(this.log.get(position));
    return order.slice(0, order.indexOf(position));
  }

  #tick(): void {
    const late = [...this.held].filter(([, { deadline }]) => deadline <= this.now);
    for (const partition of new Set(late.map(([position]) => this.log.get(position)))) {
      const order = this.#orderOf(partition);
      // Of those whose time is over the first fails; those behind it come back with it.
      const [first] = late
        .filter(([position]) => this.log.get(position) === partition)
        .sort(([a, one], [b, other]) => {
          return one.deadline - other.deadline || order.indexOf(a) - order.indexOf(b);
        });
      if (first !== undefined) this.#failed(first[0], 0);
    }
    const silent = this.group.members(this.now).filter(({ idleMs }) => idleMs >= memberTimeoutMs);
    for (const { member } of silent) this.#forget(member);
    this.group.tick(this.now);
  }

  #forget(member: string): void {
    for (const [position, delivery] of this.held) {
      if (delivery.member === member) this.held.delete(position);
    }
  }

  #failed(position: number, delay?: number): void {
    const partition = this.log.get(position) ?? -1;
    const order = this.#orderOf(partition);
    for (const other of order.slice(order.indexOf(position))) this.held.delete(other);
    const failures = (this.#failures.get(position) ?? 0) + 1;
    this.#failures.set(position, failures);
    if (failures === maxAttempts) {
      this.#parking.add(position);
      return;
    }
    const at = this.now + (delay ?? retryDelay(failures));
    this.#retryAt.set(partition, Math.max(at, this.#retryAt.get(partition) ?? 0));
  }
}
