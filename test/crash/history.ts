import type { EmbeddedStore, StoredEvent } from '../../src/index.js';
import type { Acknowledged, Seen } from './runVictim.js';

export const tenants = ['default', 'other'];

/** What a crash must not do, and did. */
export class Violation extends Error {}

/** What the victim put into each event. */
interface Mark {
  readonly run: number;
  readonly append: number;
  readonly part: number;
  readonly of: number;
  readonly fillerBytes: number;
  readonly filler: string;
}

export async function readAll(store: EmbeddedStore): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (const tenantId of tenants) {
    for await (const event of store.read({ tenantId })) events.push(event);
  }
  return events.sort((a, b) => a.position - b.position);
}

export function checkNumbers(events: readonly StoredEvent[], watermark: number): void {
  if (events.length !== watermark) throw new Violation(`${events.length} events, not ${watermark}`);
  const versions = new Map<string, number>();
  let timestamp = 0;
  for (const [index, event] of events.entries()) {
    const key = `${event.tenantId}/${event.entityId}`;
    const version = (versions.get(key) ?? 0) + 1;
    versions.set(key, version);
    const isRight =
      event.position === index + 1 && event.version === version && event.timestamp >= timestamp;
    if (!isRight) {
      throw new Violation(`out of order: ${JSON.stringify({ ...event, payload: null })}`);
    }
    timestamp = event.timestamp;
  }
}

function markOf(event: StoredEvent | undefined): Mark {
  // The victim wrote it; whatever else stands there fails the comparisons.
  return (event?.payload ?? {}) as unknown as Mark;
}

/** Every append stands there whole, its parts one behind the other, appends in order of the calls. */
export function checkWhole(events: readonly StoredEvent[]): void {
  let last = { run: 0, append: -1 };
  for (let at = 0; at < events.length;) {
    const first = markOf(events[at]);
    const isNext = first.run > last.run || (first.run === last.run && first.append > last.append);
    if (!isNext)
      throw new Violation(`append ${first.run}/${first.append} is twice or out of order`);
    for (let part = 0; part < first.of; part++) {
      const mark = markOf(events[at + part]);
      const isOfIt = mark.run === first.run && mark.append === first.append && mark.part === part;
      if (!isOfIt) throw new Violation(`append ${first.run}/${first.append} is there by half`);
      if (mark.filler === 'x'.repeat(mark.fillerBytes)) continue;
      throw new Violation(`append ${first.run}/${first.append} was changed in part ${part}`);
    }
    last = first;
    at += first.of;
  }
}

export function checkAcknowledged(
  events: readonly StoredEvent[],
  acknowledged: readonly Acknowledged[],
): void {
  for (const { run, append, places } of acknowledged) {
    for (const [part, { position, version }] of places.entries()) {
      const event = events[position - 1];
      const mark = markOf(event);
      const isThere =
        mark.run === run &&
        mark.append === append &&
        mark.part === part &&
        mark.of === places.length;
      if (isThere && event?.version === version) continue;
      throw new Violation(`lost: append ${append} of run ${run}, acknowledged at ${position}`);
    }
  }
}

/** Nobody was shown an event that is gone now. */
export function checkSeen(events: readonly StoredEvent[], seen: readonly Seen[]): void {
  for (const { reader, position, id } of seen) {
    if (events[position - 1]?.id === id) continue;
    throw new Violation(`seen and lost: event ${id} at ${position}, by ${reader}`);
  }
}
