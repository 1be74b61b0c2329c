import { formatTimestamp, type EmbeddedStore, type ReadOptions } from '../../src/index.js';
import { countSent, multiplyDeliveries, type Delivery } from './deliveries.js';

/** What one step did, for the table. */
export interface StepResult {
  readonly name: string;
  /** Events that the step wrote or looked at. */
  readonly events: number;
  readonly seconds: number;
  readonly bytes: number;
}

/** What was sent, and so what every answer is checked against. */
export interface Sent {
  readonly deliveries: readonly Delivery[];
  readonly total: number;
}

const newline = 10;
/** Pages of the lists; there are some 200 types and 30 entities. */
const listPageMax = 10_000;

/** Sends everything as NDJSON; each batch is on the disk before it counts. */
export async function ingestAll(store: EmbeddedStore, sent: Sent): Promise<StepResult> {
  const startMs = performance.now();
  const done = await store.ingest(multiplyDeliveries(sent.deliveries, sent.total));
  checkEqual('events ingested', done.events, sent.total);
  checkEqual('watermark', store.watermark, sent.total);
  checkEqual('events in the statistics', (await store.stats()).totalEvents, sent.total);
  return finish('ingest NDJSON, durable', { startMs, events: done.events, bytes: done.bytes });
}

/** Compares the store's own lists of types and entities with what was sent. */
export async function checkCounts(store: EmbeddedStore, sent: Sent): Promise<StepResult> {
  const startMs = performance.now();
  const { eventTypes } = await store.eventTypes({ limit: listPageMax });
  const types = countSent(sent.deliveries, sent.total, ({ eventType }) => eventType);
  checkEqual('number of event types', eventTypes.length, types.size);
  for (const { eventType, eventCount } of eventTypes) {
    checkEqual(`events of type ${eventType}`, eventCount, types.get(eventType) ?? 0);
  }
  const { entities } = await store.entities({ limit: listPageMax });
  const counts = countSent(sent.deliveries, sent.total, ({ entityId }) => entityId);
  checkEqual('number of entities', entities.length, counts.size);
  for (const { entityId, eventCount, currentVersion } of entities) {
    checkEqual(`events of ${entityId}`, eventCount, counts.get(entityId) ?? 0);
    checkEqual(`version of ${entityId}`, currentVersion, eventCount);
  }
  const name = `count ${types.size} types, ${counts.size} entities`;
  return finish(name, { startMs, events: sent.total, bytes: 0 });
}

/** The first round comes back in order, with every payload as it was sent. */
export async function checkPayloads(store: EmbeddedStore, sent: Sent): Promise<StepResult> {
  const startMs = performance.now();
  const expected = sent.deliveries.slice(0, sent.total);
  let index = 0;
  let bytes = 0;
  for await (const event of store.read({ limit: expected.length })) {
    const text = JSON.stringify(event.payload);
    checkEqual(`payload at position ${event.position}`, text, expected[index]?.payloadText);
    index += 1;
    bytes += text.length;
    checkEqual('position', event.position, index);
  }
  checkEqual('events read', index, expected.length);
  return finish('compare payloads, objects', { startMs, events: index, bytes });
}

/** Reads all events of one entity as objects: versions 1, 2, 3, … without a gap. */
export async function readEntity(
  store: EmbeddedStore,
  sent: Sent,
  entityId: string,
): Promise<StepResult> {
  const startMs = performance.now();
  let version = 0;
  for await (const event of store.read({ entityId })) {
    version += 1;
    checkEqual(`version of ${entityId}`, event.version, version);
    checkEqual('entity', event.entityId, entityId);
  }
  const counts = countSent(sent.deliveries, sent.total, (delivery) => delivery.entityId);
  checkEqual(`events of ${entityId}`, version, counts.get(entityId) ?? 0);
  return finish(`entity ${entityId}, objects`, { startMs, events: version, bytes: 0 });
}

/** Reads one type as NDJSON bytes. */
export async function readType(
  store: EmbeddedStore,
  sent: Sent,
  eventType: string,
): Promise<StepResult> {
  const counts = countSent(sent.deliveries, sent.total, (delivery) => delivery.eventType);
  return countQuery(store, {
    name: `type ${eventType}, bytes`,
    query: { eventType },
    expected: counts.get(eventType) ?? 0,
  });
}

/** Reads all types with a common beginning as NDJSON bytes. */
export async function readTypePrefix(
  store: EmbeddedStore,
  sent: Sent,
  eventTypePrefix: string,
): Promise<StepResult> {
  const counts = countSent(sent.deliveries, sent.total, ({ eventType }) =>
    String(eventType.startsWith(eventTypePrefix)),
  );
  return countQuery(store, {
    name: `types ${eventTypePrefix}*, bytes`,
    query: { eventTypePrefix },
    expected: counts.get('true') ?? 0,
  });
}

/** Cuts the log in two at a time: both halves together are all that was sent. */
export async function readTimeRanges(
  store: EmbeddedStore,
  sent: Sent,
): Promise<readonly StepResult[]> {
  const middle = await store.readPage({
    fromPosition: Math.floor(sent.total / 2) + 1,
    limit: 1,
  });
  const cut = middle.events[0]?.timestamp;
  if (cut === undefined) throw new Error('expected an event in the middle of the log, got none');
  const until = { until: cut - 1 };
  const before = await countQuery(store, { name: 'time, up to the middle', query: until });
  const after = await countQuery(store, {
    name: 'time, from the middle on',
    query: { since: formatTimestamp(cut) },
    expected: sent.total - before.events,
  });
  return [before, after];
}

/** The state of an entity: its payloads merged key by key. */
export async function readState(
  store: EmbeddedStore,
  sent: Sent,
  entityId: string,
): Promise<StepResult> {
  const startMs = performance.now();
  const state = await store.state(entityId, { historyLimit: 10 });
  const counts = countSent(sent.deliveries, sent.total, (delivery) => delivery.entityId);
  checkEqual(`events in the state of ${entityId}`, state.eventCount, counts.get(entityId) ?? 0);
  checkEqual(`version in the state of ${entityId}`, state.version, state.eventCount);
  checkEqual('history of the state', state.history.length, Math.min(10, state.eventCount));
  const sentKeys = new Set(
    sent.deliveries
      .slice(0, sent.total)
      .filter((delivery) => delivery.entityId === entityId)
      .flatMap(({ payloadText }) => Object.keys(JSON.parse(payloadText) as object)),
  );
  checkEqual('fields of the state', Object.keys(state.currentState).length, sentKeys.size);
  return finish(`state of ${entityId}`, { startMs, events: state.eventCount, bytes: 0 });
}

/** Reads the whole log and checks every checksum, hash, version and position. */
export async function verifyLog(store: EmbeddedStore, sent: Sent): Promise<StepResult> {
  const startMs = performance.now();
  const report = await store.verify();
  checkEqual('the log without damage', report.ok, true);
  checkEqual('events verified', report.events, sent.total);
  return finish('verify the log', { startMs, events: report.events, bytes: report.bytes });
}

async function countQuery(
  store: EmbeddedStore,
  step: { name: string; query: ReadOptions; expected?: number },
): Promise<StepResult> {
  const startMs = performance.now();
  let events = 0;
  let bytes = 0;
  for await (const chunk of store.readNdjson(step.query)) {
    bytes += chunk.length;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1))
      events += 1;
  }
  if (step.expected !== undefined) checkEqual(step.name, events, step.expected);
  return finish(step.name, { startMs, events, bytes });
}

function finish(
  name: string,
  measured: { startMs: number; events: number; bytes: number },
): StepResult {
  const { startMs, events, bytes } = measured;
  return { name, events, bytes, seconds: (performance.now() - startMs) / 1000 };
}

function checkEqual<T>(what: string, found: T, expected: T): void {
  if (found === expected) return;
  const show = (value: T) => String(value).slice(0, 100);
  throw new Error(`${what}: expected ${show(expected)}, got ${show(found)}`);
}
