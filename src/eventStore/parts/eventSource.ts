import type {
  ColumnsRow,
  EventCore,
  EventFilter,
  JsonValue,
  StoredEvent,
  SubscriptionFilter,
} from '../../domain/index.js';
import type { BytesChunk } from '../read/reader.js';
import type { SystemAccess } from './systemAccess.js';

const lineFeed = 0x0a;

/** Events in the order of the log, not yet parsed. */
export interface EventBytes {
  readonly bytes: Buffer | undefined;
  /** All matching events up to here have been given. */
  readonly position: number;
}

export interface SourceOptions {
  readonly tenantId: string;
  readonly filter: SubscriptionFilter;
  readonly form: 'apiLines' | 'apiHeadLines' | 'rows' | 'columnRows';
  /** Members of payloads that rows have, all where it is left out; or the columns. Where it has no end. */
  readonly fields?: readonly string[] | undefined;
  /** Behind this position. */
  readonly after: number;
  /** Ends at this position; without it the source goes on with what becomes durable. */
  readonly until: number | undefined;
  /** Where the source has an end: events of this time only, in microseconds, both inclusive. */
  readonly times?: { readonly since?: number | undefined; readonly until?: number | undefined };
  /** Where the source has an end: events of one chunk, at most. */
  readonly chunkEvents?: number | undefined;
  readonly signal: AbortSignal;
}

/** What a part of the store is to take in, in chunks. */
export async function* eventBytes(
  log: SystemAccess,
  options: SourceOptions,
): AsyncGenerator<EventBytes> {
  const { tenantId, filter, signal, form, fields, until } = options;
  let { after } = options;
  if (until !== undefined) {
    yield* eventBytesUntil(log, { ...options, until });
    return;
  }
  const follower = log.followBytes({ tenantId, filter, from: after + 1, signal }, form, fields);
  for (;;) {
    const delivery = await follower.next(Infinity);
    if (delivery === undefined) return;
    const { chunk, position } = delivery;
    if (chunk !== undefined || position > after) yield { bytes: chunk?.bytes, position };
    after = position;
  }
}

async function* eventBytesUntil(
  log: SystemAccess,
  options: SourceOptions & { readonly until: number },
): AsyncGenerator<EventBytes> {
  const { tenantId, filter, signal, form, times, chunkEvents, until: last } = options;
  const selected: EventFilter = { tenantId, ...filter, ...times };
  for (let first = options.after + 1; first <= last && !signal.aborted;) {
    const range = { first, last, events: chunkEvents };
    const chunk: BytesChunk = await log.bytesIn(selected, range, form);
    const isEnd = chunk.nextPosition === 0;
    const bytes = chunk.count === 0 ? undefined : chunk.bytes;
    yield { bytes, position: isEnd ? last : chunk.nextPosition - 1 };
    if (isEnd) return;
    first = chunk.nextPosition;
  }
}

/** Events of lines. One line at a time: a long text costs more to make than its events to parse. */
export function parseEvents(bytes: Buffer): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(lineFeed, at);
    // The engine wrote this text; its shape is that of StoredEvent.
    events.push(JSON.parse(bytes.toString('utf8', at, end)) as StoredEvent);
    at = end + 1;
  }
  return events;
}

export function parseColumnRows(bytes: Buffer): readonly ColumnsRow[] {
  // The engine wrote this text.
  return JSON.parse(`[${bytes.toString()}]`) as readonly ColumnsRow[];
}

export function* parseRows(bytes: Buffer): Generator<EventCore> {
  // The engine wrote this text.
  const rows = JSON.parse(`[${bytes.toString()}]`) as readonly (readonly [
    eventType: string,
    entityId: string,
    tenantId: string,
    version: number,
    timestamp: number,
    position: number,
    payload: JsonValue,
  ])[];
  for (const [eventType, entityId, tenantId, version, timestamp, position, payload] of rows) {
    yield { eventType, entityId, tenantId, version, timestamp, position, payload };
  }
}
