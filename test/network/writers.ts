import { AllSourceError } from '../../src/index.js';
import type {
  AppendResult,
  EventStore,
  ExpectedVersion,
  NewEvent,
  StoredEvent,
} from '../../src/index.js';
import type { Random } from '../crash/random.js';
import { uuid } from '../support/store.js';
import { entities, pick, someTags, types } from './filters.js';

const batchEventsMax = 5;
/** After these codes an append may have been written, or not. */
const openCodes: ReadonlySet<string> = new Set(['append_outcome_unknown', 'server_unreachable']);

interface Place {
  readonly position: number;
  readonly version: number | undefined;
  readonly id: string | undefined;
}

/** One call of an append, and what came of it. */
interface Append {
  readonly number: number;
  readonly events: readonly NewEvent[];
  /** Of each event that was acknowledged; null: refused; undefined: nobody knows. */
  places: readonly Place[] | null | undefined;
}

/** What one history appended, and what it was told about it. */
export class Ledger {
  readonly #appends: Append[] = [];
  readonly #versions = new Map<string, number>();
  readonly problems: string[] = [];
  lastPosition = 0;

  get acknowledged(): number {
    return this.#appends.filter(({ places }) => Array.isArray(places)).length;
  }

  get unknown(): number {
    return this.#appends.filter(({ places }) => places === undefined).length;
  }

  /** Makes the events of a new append; their payloads say which one it is. */
  begin(tenantId: string, count: number, random: Random): Append {
    const number = this.#appends.length;
    const events = Array.from({ length: count }, (_, part) => ({
      eventType: pick(random, types),
      entityId: pick(random, entities),
      tags: someTags(random),
      tenantId,
      payload: { number, part },
    }));
    const append = { number, events, places: undefined };
    this.#appends.push(append);
    return append;
  }

  /** A version that may be the entity's, or another expectation. */
  guess(entityId: string, random: Random): ExpectedVersion {
    const known = this.#versions.get(entityId) ?? 0;
    return pick<ExpectedVersion>(random, [known, known, known, known + 1, 'exists', 'none', 'any']);
  }

  acknowledge(append: Append, places: readonly Place[]): void {
    if (places.length !== append.events.length) {
      this.problems.push(`append ${append.number}: told ${places.length} places`);
    }
    append.places = places;
    for (const [i, { version, position }] of places.entries()) {
      const { entityId } = append.events[i] ?? {};
      if (entityId !== undefined && version !== undefined) this.#versions.set(entityId, version);
      this.lastPosition = Math.max(this.lastPosition, position);
    }
  }

  /** An append was refused, or nobody knows; what else there is, is a violation. */
  fail(append: Append, error: unknown): void {
    if (!(error instanceof AllSourceError)) throw error;
    if (openCodes.has(error.code)) return;
    append.places = null;
    const { code } = error;
    if (code === 'version_conflict' || code === 'append_condition_failed') return;
    this.problems.push(`append ${append.number}: ${code}: ${error.message}`);
  }

  /** Compares with the log; `log` has all events of the tenant. */
  check(log: readonly StoredEvent[]): string[] {
    const problems = [...this.problems];
    const byNumber = new Map<number, StoredEvent[]>();
    for (const event of log) {
      const { number } = event.payload as { readonly number?: number };
      if (number === undefined) continue;
      const known = byNumber.get(number);
      if (known === undefined) byNumber.set(number, [event]);
      else known.push(event);
    }
    for (const append of this.#appends) {
      const found = byNumber.get(append.number) ?? [];
      const wrong = whatIsWrong(append, found);
      if (wrong !== undefined) problems.push(`append ${append.number}: ${wrong}`);
    }
    return problems;
  }
}

function whatIsWrong(
  { events, places }: Append,
  found: readonly StoredEvent[],
): string | undefined {
  if (places === null) return found.length === 0 ? undefined : 'refused, and it is there';
  if (found.length === 0) return places === undefined ? undefined : 'acknowledged, and lost';
  if (found.length !== events.length) return `${found.length} of ${events.length} events are there`;
  for (const [i, event] of found.entries()) {
    const wanted = events[i];
    const isWhole =
      event.position === (found[0]?.position ?? 0) + i &&
      event.eventType === wanted?.eventType &&
      event.entityId === wanted.entityId &&
      JSON.stringify(event.tags) === JSON.stringify(wanted.tags ?? []) &&
      JSON.stringify(event.payload) === JSON.stringify(wanted.payload);
    if (!isWhole) return `event ${i} is not what was appended, or not at its place`;
    const place = places?.[i];
    if (place === undefined) continue;
    const isInPlace =
      event.position === place.position &&
      event.version === (place.version ?? event.version) &&
      event.id === (place.id ?? event.id);
    if (!isInPlace) return `told ${JSON.stringify(place)}, is ${JSON.stringify(event)}`;
  }
  return undefined;
}

/** Appends in one of many ways. */
export async function appendSomething(
  store: EventStore,
  ledger: Ledger,
  { tenantId, random }: { readonly tenantId: string; readonly random: Random },
): Promise<void> {
  const kind = random(10);
  const append = ledger.begin(tenantId, kind < 6 ? 1 : 1 + random(batchEventsMax), random);
  try {
    if (kind < 4) await appendOne(store, ledger, append, random);
    else if (kind < 5) await appendUnlessSeen(store, ledger, append);
    else if (kind < 6) await appendTwice(store, ledger, append);
    else if (kind < 9) await appendObjects(store, ledger, append, random);
    else await appendBytes(store, ledger, append);
  } catch (error) {
    ledger.fail(append, error);
  }
}

async function appendOne(
  store: EventStore,
  ledger: Ledger,
  append: Append,
  random: Random,
): Promise<void> {
  const event = firstOf(append);
  const expectedVersion = random(2) === 0 ? undefined : ledger.guess(event.entityId, random);
  const result = await store.append({ ...event, expectedVersion });
  if (result.deduplicated) ledger.problems.push(`append ${append.number}: new, and deduplicated`);
  const isExpected = typeof expectedVersion !== 'number' || result.version === expectedVersion + 1;
  if (!isExpected) ledger.problems.push(`append ${append.number}: ${result.version} expected not`);
  ledger.acknowledge(append, [placeOf(result)]);
}

/** On a decision that took into account what this writer knows. */
async function appendUnlessSeen(store: EventStore, ledger: Ledger, append: Append): Promise<void> {
  const event = firstOf(append);
  const failIfEventsMatch = { entityIds: [event.entityId], eventTypes: [event.eventType] };
  const condition = { failIfEventsMatch, after: ledger.lastPosition };
  ledger.acknowledge(append, [placeOf(await store.append(event, condition))]);
}

/** Under an id of its own, and again: both times it is told the same place. */
async function appendTwice(store: EventStore, ledger: Ledger, append: Append): Promise<void> {
  const event = { ...firstOf(append), eventId: uuid(append.number) };
  const first = await store.append(event);
  ledger.acknowledge(append, [placeOf(first)]);
  try {
    const again = await store.append(event);
    if (again.deduplicated && again.position === first.position) return;
    ledger.problems.push(`append ${append.number}: again at ${again.position}`);
  } catch (error) {
    if (error instanceof AllSourceError && openCodes.has(error.code)) return;
    ledger.problems.push(`append ${append.number}: again: ${String(error)}`);
  }
}

async function appendObjects(
  store: EventStore,
  ledger: Ledger,
  append: Append,
  random: Random,
): Promise<void> {
  const { events, number } = append;
  const { entityId } = firstOf(append);
  const conditions = random(3) === 0 ? { [entityId]: ledger.guess(entityId, random) } : undefined;
  const isSummary = random(3) === 0;
  const answer = await store.appendBatch(events, {
    ...(conditions !== undefined && { conditions }),
    return: isSummary ? 'summary' : 'full',
  });
  const { ingested, firstPosition, lastPosition, results } = answer;
  const isWhole = ingested === events.length && lastPosition - firstPosition + 1 === events.length;
  if (!isWhole) ledger.problems.push(`append ${number}: told ${JSON.stringify(answer)}`);
  const places = isSummary ? placesFrom(firstPosition, events.length) : results.map(placeOf);
  ledger.acknowledge(append, places);
}

async function appendBytes(store: EventStore, ledger: Ledger, append: Append): Promise<void> {
  const lines = append.events.map(({ eventType, entityId, tags, payload }) =>
    JSON.stringify({ event_type: eventType, entity_id: entityId, tags, payload }),
  );
  const { tenantId } = firstOf(append);
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  const { firstPosition } = await store.appendBatch(bytes, { tenantId });
  ledger.acknowledge(append, placesFrom(firstPosition, append.events.length));
}

function placesFrom(firstPosition: number, count: number): Place[] {
  return Array.from({ length: count }, (_, i) => {
    return { position: firstPosition + i, version: undefined, id: undefined };
  });
}

function placeOf({ position, version, eventId: id }: AppendResult): Place {
  return { position, version, id };
}

function firstOf({ events: [event] }: Append): NewEvent {
  if (event === undefined) throw new Error('an append has an event at least');
  return event;
}
