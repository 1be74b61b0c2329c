import { expect } from 'vitest';
import { ConsumerGroup } from '../../src/consumers/group/group.js';
import type { GroupOptions } from '../../src/consumers/group/group.js';

export const maxAttempts = 3;
export const ackTimeoutMs = 100;
const memberTimeoutMs = 350;

const options: GroupOptions = {
  maxInFlight: 20,
  ackTimeoutMs,
  memberTimeoutMs,
  maxAttempts,
  retryDelay: (attempts) => 10 * attempts,
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
  readonly done = new Set<number>();
  readonly dead = new Set<number>();
  /** What each member holds, as far as a member can know. */
  readonly held = new Map<number, Delivery>();
  readonly attempts = new Map<number, number>();
  now = 0;
  end = 0;

  append(partition: number, gap: number): void {
    this.end += 1 + gap;
    this.log.set(this.end, partition);
  }

  /** Reads a piece of the log as the consumer does. */
  read(limit: number): void {
    const from = this.group.readFrom;
    if (from === undefined || from >= this.end) return;
    const behind = [...this.log].filter(([position]) => position > from).slice(0, limit);
    const isAll = behind.length < limit;
    const to = isAll ? this.end : (behind.at(-1)?.[0] ?? this.end);
    const events = behind.map(([position, partition]) => ({ position, partition }));
    this.group.add(events, { from, to }, () => false);
  }

  take(member: string, max: number): void {
    for (const { position, attempt } of this.group.take(member, max, this.now)) {
      const partition = this.log.get(position) ?? -1;
      // Nobody else holds anything of this partition, and nothing before it waits.
      for (const [other, delivery] of this.held) {
        if (this.log.get(other) === partition) expect(delivery.member).toBe(member);
      }
      for (const [other, of] of this.log) {
        if (of !== partition || other >= position) continue;
        expect(this.done.has(other) || this.dead.has(other) || this.held.has(other)).toBe(true);
      }
      expect(this.done.has(position) || this.dead.has(position)).toBe(false);
      expect(attempt).toBeLessThanOrEqual(maxAttempts);
      this.attempts.set(position, attempt);
      this.held.set(position, { member, deadline: this.now + ackTimeoutMs });
    }
  }

  ack(member: string, position: number): void {
    const mine = this.held.get(position)?.member === member;
    expect(this.group.ack(member, position) !== undefined).toBe(mine);
    if (!mine) return;
    this.held.delete(position);
    this.done.add(position);
  }

  nack(member: string, position: number): void {
    const mine = this.held.get(position)?.member === member;
    expect(this.group.nack(member, position, { now: this.now, reason: 'no' })).toBe(mine);
    if (mine) this.#failed(position);
  }

  /** Time passes in small steps, so that every deadline is met on its own. */
  pass(ms: number): void {
    for (const until = this.now + ms; this.now < until;) {
      this.now = Math.min(until, Math.max(this.group.nextTime(this.now), this.now + 1));
      this.#tick();
    }
  }

  leave(member: string): void {
    this.group.leave(member);
    this.#forget(member);
  }

  /** Makes dead letters of what failed for the last time. */
  park(): void {
    for (const { partition, position, attempts } of this.group.parking()) {
      expect(attempts).toBe(maxAttempts);
      expect(this.dead.has(position)).toBe(false);
      this.dead.add(position);
      this.group.parked(partition, position);
    }
  }

  check(): void {
    for (const [partition, cursor] of this.group.cursors.entries()) {
      for (const [position, of] of this.log) {
        if (of !== partition || position > cursor) continue;
        expect(this.done.has(position) || this.dead.has(position)).toBe(true);
      }
    }
    expect(this.group.inFlight).toBe(this.held.size);
  }

  #tick(): void {
    for (;;) {
      const late = [...this.held].filter(([, { deadline }]) => deadline <= this.now);
      if (late.length === 0) break;
      // The first of each partition fails; those behind it come back with it.
      const [first] = late.sort(([a], [b]) => a - b);
      if (first !== undefined) this.#failed(first[0]);
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

  #failed(position: number): void {
    const partition = this.log.get(position);
    for (const other of this.held.keys()) {
      if (other >= position && this.log.get(other) === partition) this.held.delete(other);
    }
  }
}
