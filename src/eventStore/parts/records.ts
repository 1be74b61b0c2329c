import { systemTenant } from '../../domain/index.js';
import type { JsonValue, NewEvent } from '../../domain/index.js';
import type { SystemAccess } from './systemAccess.js';

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
