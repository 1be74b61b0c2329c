import type { EmbeddedStore, StoredEvent } from '../../src/index.js';
import { Violation, tenants } from './history.js';
import type { Random } from './random.js';

/** As many events are looked up by their ids; half of them the newest. */
const idsLookedUp = 400;

/** Of each entity and type this many of the newest events are read, or all of them. */
const newestRead = 100;

/** The answers of the index agree with the list of all events; `whole`: over all of history. */
export async function checkAnswers(
  store: EmbeddedStore,
  events: readonly StoredEvent[],
  { random, whole }: { random: Random; whole: boolean },
): Promise<void> {
  const limit = whole ? Infinity : newestRead;
  await checkIds(store, events, random);
  for (const tenantId of tenants) {
    const own = events.filter((event) => event.tenantId === tenantId);
    const byEntity = groupBy(own, (event) => event.entityId);
    const byType = groupBy(own, (event) => event.eventType);
    const { entities } = await store.entities({ tenantId });
    const { eventTypes } = await store.eventTypes({ tenantId });
    checkCounts(byEntity, new Map(entities.map((one) => [one.entityId, one.currentVersion])));
    checkCounts(byType, new Map(eventTypes.map((one) => [one.eventType, one.eventCount])));
    for (const [entityId, expected] of byEntity) {
      await checkList(store, { tenantId, entityId }, expected.slice(-limit));
    }
    for (const [eventType, expected] of byType) {
      await checkList(store, { tenantId, eventType }, expected.slice(-limit));
    }
  }
}

function checkCounts(
  expected: ReadonlyMap<string, readonly StoredEvent[]>,
  counts: ReadonlyMap<string, number>,
): void {
  if (counts.size !== expected.size) {
    throw new Violation(`${counts.size} entities or types, not ${expected.size}`);
  }
  for (const [name, events] of expected) {
    if (counts.get(name) === events.length) continue;
    throw new Violation(`${name}: ${counts.get(name)} events, not ${events.length}`);
  }
}

async function checkIds(
  store: EmbeddedStore,
  events: readonly StoredEvent[],
  random: Random,
): Promise<void> {
  const newest = events.slice(-idsLookedUp / 2);
  const others = Array.from({ length: idsLookedUp / 2 }, () => events[random(events.length)]);
  for (const event of [...newest, ...others]) {
    if (event === undefined) continue;
    const found = await store.getEvent(event.id, { tenantId: event.tenantId });
    if (found?.position === event.position) continue;
    throw new Violation(`event ${event.id} of position ${event.position} is not found by its id`);
  }
}

/** Reading backwards gives `expected`, the newest, last one first. */
async function checkList(
  store: EmbeddedStore,
  filter: { tenantId: string; entityId?: string; eventType?: string },
  expected: readonly StoredEvent[],
): Promise<void> {
  let left = expected.length;
  for await (const { id } of store.read({ ...filter, order: 'desc', limit: left })) {
    left -= 1;
    if (id === expected[left]?.id) continue;
    throw new Violation(`${JSON.stringify(filter)}: ${id} is not the one expected here`);
  }
  if (left > 0) throw new Violation(`${JSON.stringify(filter)}: ${left} events are not found`);
}

function groupBy(
  events: readonly StoredEvent[],
  keyOf: (event: StoredEvent) => string,
): Map<string, StoredEvent[]> {
  const groups = new Map<string, StoredEvent[]>();
  for (const event of events) {
    const group = groups.get(keyOf(event));
    if (group === undefined) groups.set(keyOf(event), [event]);
    else group.push(event);
  }
  return groups;
}
