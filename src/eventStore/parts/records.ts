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

/** The last record of each entity: of those that are there, and of those that were deleted. */
export async function readRecords<R>(
  log: SystemAccess,
  { recorded, deleted }: RecordTypes,
): Promise<{ readonly kept: readonly R[]; readonly deleted: readonly R[] }> {
  const last = new Map<string, { readonly record: R; readonly position: number }>();
  const gone = new Map<string, R>();
  for await (const { entityId, payload, position } of log.read({ eventType: recorded })) {
    // Only `recordEvent` makes these events.
    last.set(entityId, { record: payload as R, position });
  }
  for await (const { entityId, payload, position } of log.read({ eventType: deleted })) {
    gone.set(entityId, payload as R);
    if ((last.get(entityId)?.position ?? 0) < position) last.delete(entityId);
  }
  return { kept: [...last.values()].map(({ record }) => record), deleted: [...gone.values()] };
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
