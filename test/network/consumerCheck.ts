import type { StoredEvent } from '../../src/index.js';
import { handledType } from './filters.js';
import { appendsOf } from './members.js';
import type { Delivered, Moment, StepOf, Trace } from './trace.js';

/** Clocks of two processes and timers that are late. */
const marginMs = 20;

export interface ConsumerTruth {
  readonly trace: Trace;
  /** All events of the tenant. */
  readonly log: readonly StoredEvent[];
  /** Those that the consumer is to handle. */
  readonly matching: readonly StoredEvent[];
  /** Positions of its dead letters at the end. */
  readonly dead: readonly number[];
  readonly ackTimeoutMs: number;
  readonly maxAttempts: number;
}

/** What a consumer promises, compared with what its members saw and with the log. */
export function checkConsumer(truth: ConsumerTruth): string[] {
  return [
    ...checkOutcomes(truth),
    ...checkDeliveries(truth),
    ...checkLetters(truth),
    ...checkOrder(truth),
    ...checkOwners(truth),
    ...checkHolders(truth),
    ...checkAppended(truth),
  ];
}

/** Each event was handled and acknowledged, or is a dead letter; only a kill makes both of it. */
function checkOutcomes({ trace, matching, dead }: ConsumerTruth): string[] {
  const problems: string[] = [];
  const isDead = new Set(dead);
  if (isDead.size !== dead.length) problems.push(`a dead letter is there twice: ${dead.join()}`);
  const handled = new Set(trace.of('handled').map(({ position }) => position));
  const acking = new Set(trace.of('acking').flatMap(({ positions }) => positions));
  const known = new Set(matching.map(({ position }) => position));
  for (const position of dead) {
    if (!known.has(position)) problems.push(`dead letter ${position} is no event of the consumer`);
  }
  for (const { position } of matching) {
    if (isDead.has(position) || (handled.has(position) && acking.has(position))) continue;
    problems.push(`event ${position} was not handled, and is no dead letter`);
  }
  const kills = trace.now().kills;
  for (const { positions, asked } of trace.of('acked')) {
    if (asked.kills !== kills) continue;
    const both = positions.filter((position) => isDead.has(position));
    if (both.length > 0) problems.push(`acknowledged, and dead letters: ${both.join()}`);
  }
  return problems;
}

/** Only matching events, within their attempts, and none again that was acknowledged. */
function checkDeliveries({ trace, matching, maxAttempts }: ConsumerTruth): string[] {
  const problems: string[] = [];
  const partitions = new Map(matching.map(({ position, partition }) => [position, partition]));
  const ackedAt = new Map<number, Moment>();
  for (const step of trace.steps) {
    if (step.kind === 'acked') {
      for (const position of step.positions) ackedAt.set(position, step.asked);
    }
    if (step.kind !== 'delivered') continue;
    for (const { position, partition, attempt } of step.deliveries) {
      const name = `event ${position}, attempt ${attempt} for ${step.member}`;
      if (partitions.get(position) !== partition) problems.push(`${name}: not of the consumer`);
      if (attempt < 1 || attempt > maxAttempts) problems.push(`${name}: one too many`);
      const acked = ackedAt.get(position);
      const isAfter = acked !== undefined && wasToldBefore(trace, position, step.asked);
      if (isAfter && acked.kills === step.told.kills) problems.push(`${name}: acknowledged before`);
    }
  }
  return problems;
}

/** Whether an acknowledgement had been confirmed when something was asked for. */
function wasToldBefore(trace: Trace, position: number, asked: Moment): boolean {
  return trace
    .of('acked')
    .some(({ positions, told }) => told.at < asked.at && positions.includes(position));
}

/** A dead letter is not delivered and does not go, unless it is replayed and acknowledged. */
function checkLetters({ trace, dead }: ConsumerTruth): string[] {
  const problems: string[] = [];
  const last = { told: trace.now(), letters: dead.map((position) => ({ position })) };
  const looks = [...trace.of('letters'), last];
  const parked = new Set<number>();
  for (const { letters, told } of looks) {
    const positions = letters.map(({ position }) => position);
    if (new Set(positions).size !== positions.length) problems.push(`twice in ${positions.join()}`);
    for (const position of parked) {
      if (positions.includes(position)) continue;
      if (!wasReplayed(trace, position, told))
        problems.push(`dead letter ${position} went without a replay`);
      parked.delete(position);
    }
    for (const position of positions) parked.add(position);
  }
  return [...problems, ...checkParked(trace)];
}

function wasReplayed(trace: Trace, position: number, until: Moment): boolean {
  const isIn = ({ told, positions }: StepOf<'replaying' | 'acking'>): boolean =>
    positions.includes(position) && told.at < until.at;
  return trace.of('replaying').some(isIn) && trace.of('acking').some(isIn);
}

/** Nothing of what was seen parked is delivered before it is replayed. */
function checkParked(trace: Trace): string[] {
  const problems: string[] = [];
  const parkedAt = new Map<number, number>();
  for (const step of trace.steps) {
    if (step.kind === 'letters') {
      for (const { position, isReplayed } of step.letters) {
        if (!isReplayed && !parkedAt.has(position)) parkedAt.set(position, step.told.at);
      }
    } else if (step.kind === 'replaying') {
      // From here on it may come at any time, also again after another kill.
      for (const position of step.positions) parkedAt.set(position, Infinity);
    } else if (step.kind === 'delivered') {
      for (const { position } of step.deliveries) {
        if ((parkedAt.get(position) ?? Infinity) > step.asked.at) continue;
        problems.push(`event ${position} was delivered while it was a dead letter`);
      }
    }
  }
  return problems;
}

/** Of an entity no event is handled first before those in front of it were handled, or are dead. */
function checkOrder({ trace, matching, dead }: ConsumerTruth): string[] {
  const problems: string[] = [];
  const everDead = new Set(dead);
  for (const { letters } of trace.of('letters')) {
    for (const { position } of letters) everDead.add(position);
  }
  const handledAt = new Map<number, number>();
  for (const { position, told } of trace.of('handled')) {
    if (!handledAt.has(position)) handledAt.set(position, told.at);
  }
  const lastOf = new Map<string, { at: number; position: number }>();
  for (const { position, entityId } of matching) {
    const at = handledAt.get(position);
    if (at === undefined || everDead.has(position)) continue;
    const last = lastOf.get(entityId);
    if (last !== undefined && at < last.at) {
      problems.push(`${entityId}: ${position} was handled before ${last.position}`);
    }
    lastOf.set(entityId, { at, position });
  }
  return problems;
}

/** At no look had two members one partition. */
function checkOwners({ trace }: ConsumerTruth): string[] {
  return trace.of('members').flatMap(({ members }) => {
    const all = members.flatMap(({ partitions }) => partitions);
    if (new Set(all).size === all.length) return [];
    return [`two members have one partition: ${JSON.stringify(members)}`];
  });
}

interface Hold {
  readonly member: string;
  readonly from: Moment;
  readonly until: number;
}

/** No member is given events of a partition of which another is sure to hold some. */
function checkHolders({ trace, ackTimeoutMs }: ConsumerTruth): string[] {
  const problems: string[] = [];
  const held = new Map<number, Hold[]>();
  const all = trace.of('delivered');
  for (const step of all) {
    const partitions = new Map<number, Delivered[]>();
    for (const delivery of step.deliveries) {
      const known = partitions.get(delivery.partition) ?? [];
      partitions.set(delivery.partition, [...known, delivery]);
    }
    for (const [partition, deliveries] of partitions) {
      const holds = held.get(partition) ?? [];
      const other = holds.find((hold) => isHeld(hold, step));
      if (other !== undefined) {
        problems.push(
          `partition ${partition} is given to ${step.member} at ${step.told.at}, and ` +
            `${other.member} has had it from ${other.from.at} until ${other.until}`,
        );
      }
      const until = untilWhen(trace, step, { deliveries, ackTimeoutMs });
      held.set(partition, [...holds, { member: step.member, from: step.told, until }]);
    }
  }
  return problems;
}

function isHeld({ member, from, until }: Hold, step: StepOf<'delivered'>): boolean {
  return (
    member !== step.member &&
    from.kills === step.told.kills &&
    step.asked.at > from.at &&
    step.told.at < until
  );
}

/** Until then the member is sure to hold what it was given of a partition. */
function untilWhen(
  trace: Trace,
  { member, asked, told }: StepOf<'delivered'>,
  { deliveries, ackTimeoutMs }: { deliveries: readonly Delivered[]; ackTimeoutMs: number },
): number {
  const positions = new Set(deliveries.map(({ position }) => position));
  let until = asked.at + ackTimeoutMs - marginMs;
  for (const step of trace.steps) {
    if (step.told.at < told.at || !('member' in step) || step.member !== member) continue;
    const isEnd =
      step.kind === 'leaving' ||
      ((step.kind === 'acking' || step.kind === 'nacking') &&
        step.positions.some((position) => positions.has(position)));
    if (isEnd) until = Math.min(until, step.told.at);
  }
  return asked.kills === told.kills ? until : -Infinity;
}

/** What handlers append is there once for each event that one of them handled for good. */
function checkAppended({ trace, log, matching, dead }: ConsumerTruth): string[] {
  const problems: string[] = [];
  const counts = new Map<number, number>();
  for (const { eventType, payload } of log) {
    if (eventType !== handledType) continue;
    const { of } = payload as { readonly of: number };
    counts.set(of, (counts.get(of) ?? 0) + 1);
  }
  const handled = trace.of('handled');
  const byPuller = new Set(
    handled.filter(({ member }) => member.startsWith('puller')).map(({ position }) => position),
  );
  for (const event of matching) {
    const { position } = event;
    const count = counts.get(position) ?? 0;
    counts.delete(position);
    if (count > 1) problems.push(`${count} events were appended for ${position}`);
    if (count === 1 && !appendsOf(event)) problems.push(`${position} appends nothing`);
    const mustBe = appendsOf(event) && !dead.includes(position) && !byPuller.has(position);
    if (mustBe && count === 0) problems.push(`what was appended for ${position} is lost`);
  }
  for (const of of counts.keys()) problems.push(`appended for ${of}, which is not handled here`);
  return problems;
}
