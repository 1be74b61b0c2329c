import { policyFinder } from './policy.js';
import type { RetentionCount, RetentionKept, RetentionPolicy } from './types.js';

/** Events of a tenant and a type in a segment. */
export interface Group {
  readonly tenantId: string;
  readonly eventType: string;
  readonly events: number;
  readonly bytes: number;
  /** Time of the last one, microseconds since 1970. */
  readonly newest: number;
}

export interface MeasuredSegment {
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly groups: readonly Group[];
  /** Nothing is written to it any more. */
  readonly isSealed: boolean;
}

export interface RetentionPlan {
  /** Where the log would begin. */
  readonly before: number;
  readonly segments: number;
  readonly policies: readonly RetentionCount[];
  readonly kept: RetentionKept | null;
}

const dayMicros = 86_400_000_000;

interface Amount {
  events: number;
  bytes: number;
}

/**
 * How many segments from the front of the log can go: those of which every event is expired. Segments
 * come in the order of the log, and there are all, so that the newest events are counted, too.
 */
export function planOf(
  segments: readonly MeasuredSegment[],
  policies: readonly RetentionPolicy[],
  nowMicros: number,
): RetentionPlan {
  const policyOf = policyFinder(policies);
  const totals = new Amounts();
  for (const { groups } of segments) {
    for (const group of groups) totals.add(keyOf(group, policyOf(group)), group);
  }
  const gone = new Amounts();
  const byPolicy = new Amounts();
  let before = segments[0]?.firstPosition ?? 1;
  let count = 0;
  let kept: RetentionKept | null = null;
  for (const { firstPosition, lastPosition, groups, isSealed } of segments) {
    if (!isSealed) break;
    for (const group of groups) gone.add(keyOf(group, policyOf(group)), group);
    const stays = groups.find((group) => {
      const policy = policyOf(group);
      if (policy === undefined) return true;
      const key = keyOf(group, policy);
      return !isExpired(policy, { group, gone: gone.of(key), total: totals.of(key), nowMicros });
    });
    if (stays !== undefined) {
      const { tenantId, eventType } = stays;
      const policy = policyOf(stays)?.name ?? null;
      kept = { firstPosition, tenantId, eventType, policy };
      break;
    }
    for (const group of groups) byPolicy.add(policyOf(group)?.name ?? '', group);
    before = lastPosition + 1;
    count += 1;
  }
  const counts = [...byPolicy.entries()].map(([policy, amount]) => ({ policy, ...amount }));
  return { before, segments: count, policies: counts, kept };
}

interface Reached {
  readonly group: Group;
  /** Of what belongs to the policy: up to this segment, and in all. */
  readonly gone: Amount;
  readonly total: Amount;
  readonly nowMicros: number;
}

/** Whether the last event of a group is expired; then all before it are. */
function isExpired(
  { keepDays, keepEvents, keepBytes }: RetentionPolicy,
  { group, gone, total, nowMicros }: Reached,
): boolean {
  if (keepDays !== null && group.newest < nowMicros - keepDays * dayMicros) return true;
  if (keepEvents !== null && total.events - gone.events >= keepEvents) return true;
  return keepBytes !== null && total.bytes - gone.bytes >= keepBytes;
}

function keyOf({ tenantId }: Group, policy: RetentionPolicy | undefined): string {
  return `${tenantId} ${policy?.name ?? ''}`;
}

class Amounts {
  readonly #amounts = new Map<string, Amount>();

  add(key: string, { events, bytes }: Amount): void {
    const { events: knownEvents, bytes: knownBytes } = this.of(key);
    this.#amounts.set(key, { events: knownEvents + events, bytes: knownBytes + bytes });
  }

  of(key: string): Amount {
    return this.#amounts.get(key) ?? { events: 0, bytes: 0 };
  }

  entries(): Iterable<[string, Amount]> {
    return this.#amounts.entries();
  }
}
