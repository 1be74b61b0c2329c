import { systemTenant } from '../../domain/index.js';
import type { JsonValue, NewEvent } from '../../domain/index.js';
import type { SystemAccess } from './systemAccess.js';

/** Of one append of records, so that it holds up those of others for a short time only. */
const batchTextsMax = 1_000;
const batchCharactersMax = 4 * 1024 * 1024;

/** The event types by which a part of the store records something, and that it was deleted. */
export interface RecordTypes {
  readonly recorded: string;
  readonly deleted: string;
}

/** A record is what an entity of the tenant `$system` was last; it is written whole each time. */
export function recordEvent(eventType: string, entityId: string, record: object): NewEvent {
  const payload = JSON.parse(JSON.stringify(record)) as JsonValue;
  return { tenantId: systemTenant, entityId, eventType, payload };
}

/** A record where it is in the log. A newer version of the store may have written it otherwise. */
export interface RecordEntry {
  readonly entityId: string;
  readonly position: number;
  readonly record: JsonValue;
}

/** The last record of each entity: of those that are there, and of those that were deleted. */
export async function readEntries(
  log: SystemAccess,
  { recorded, deleted }: RecordTypes,
): Promise<{ readonly kept: readonly RecordEntry[]; readonly deleted: readonly RecordEntry[] }> {
  const last = new Map<string, RecordEntry>();
  const gone = new Map<string, RecordEntry>();
  for await (const { entityId, payload, position } of log.read({ eventType: recorded })) {
    last.set(entityId, { entityId, position, record: payload });
  }
  for await (const { entityId, payload, position } of log.read({ eventType: deleted })) {
    gone.set(entityId, { entityId, position, record: payload });
    if ((last.get(entityId)?.position ?? 0) < position) last.delete(entityId);
  }
  return { kept: [...last.values()], deleted: [...gone.values()] };
}

/** The same without where they are. */
export async function readRecords<R>(
  log: SystemAccess,
  types: RecordTypes,
): Promise<{ readonly kept: readonly R[]; readonly deleted: readonly R[] }> {
  const { kept, deleted } = await readEntries(log, types);
  // Only `recordEvent` makes these events.
  const recordOf = ({ record }: RecordEntry): R => record as R;
  return { kept: kept.map(recordOf), deleted: deleted.map(recordOf) };
}

/** Texts of events, as many together as one append of records has; a larger one is by itself. */
export async function* textBatches(
  texts: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  let characters = 0;
  for await (const text of texts) {
    const isFull = batch.length >= batchTextsMax || characters + text.length > batchCharactersMax;
    if (batch.length > 0 && isFull) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(text);
    characters += text.length;
  }
  if (batch.length > 0) yield batch;
}
