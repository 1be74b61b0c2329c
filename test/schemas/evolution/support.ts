import type { JsonValue, StoredEvent } from '../../../src/domain/index.js';
import type { VersionedEvent } from '../../../src/schemas/index.js';

/** The same value; whoever changes it, or what is in it, gets a TypeError. */
export function frozen<T extends JsonValue>(value: T): T {
  if (typeof value === 'object' && value !== null)
    Object.values(value).forEach((one: JsonValue | undefined) => frozen(one ?? null));
  return Object.freeze(value);
}

export function eventOf(payload: JsonValue, schemaVersion?: number): VersionedEvent {
  const event: StoredEvent = {
    id: '00000000-0000-7000-8000-000000000007',
    eventType: 'order.placed',
    entityId: 'order-1',
    tenantId: 'default',
    tags: [],
    metadata: null,
    timestamp: 1,
    version: 4,
    position: 9,
    partition: 0,
    payload: frozen(payload),
  };
  return Object.freeze(schemaVersion === undefined ? event : { ...event, schemaVersion });
}
