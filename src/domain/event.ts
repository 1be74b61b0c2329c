/**
 * Events as callers see them. All types are generic over a discriminated union of the caller's own
 * events, so that `switch (event.eventType)` narrows the payload.
 */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** What a caller declares for each of its event types. */
export interface EventShape {
  readonly eventType: string;
  readonly payload: unknown;
}

/** The shape used when a caller declares none. */
export interface AnyEvent extends EventShape {
  readonly eventType: string;
  readonly payload: JsonValue;
}

/**
 * What an entity's version must be for an append to go through: a number (0 = does not exist yet),
 * `none` (= 0), `exists` (at least 1), or `any` (the default).
 */
export type ExpectedVersion = number | 'any' | 'exists' | 'none';

interface NewEventEnvelope {
  /** 1-256 bytes of UTF-8; no control character, no leading or trailing white space. */
  readonly entityId: string;
  /** Default `default`. */
  readonly tenantId?: string | undefined;
  readonly metadata?: JsonObject | null | undefined;
  /** A UUID of the caller's own. The same id with the same content again is written once. */
  readonly eventId?: string | undefined;
  readonly expectedVersion?: ExpectedVersion | undefined;
  /** What the event is about besides its entity: up to 32 texts of 1-128 bytes, none twice. */
  readonly tags?: readonly string[] | null | undefined;
}

export type NewEvent<E extends EventShape = AnyEvent> = E extends EventShape
  ? NewEventEnvelope & { readonly eventType: E['eventType']; readonly payload: E['payload'] }
  : never;

interface StoredEventEnvelope {
  /** UUID as lower-case text; a UUIDv7 where the store made it. */
  readonly id: string;
  readonly entityId: string;
  readonly tenantId: string;
  /** Empty where the event has none. */
  readonly tags: readonly string[];
  readonly metadata: JsonObject | null;
  /** Microseconds since 1970-01-01T00:00:00Z; never goes backwards along the log. */
  readonly timestamp: number;
  /** Number within tenant and entity, from 1, gapless. */
  readonly version: number;
  /** Number in the whole log, from 1, gapless. */
  readonly position: number;
  /** 0-31, from the entity id. */
  readonly partition: number;
  /** Of the schema that the payload was found valid under when it was appended; absent where none was. */
  readonly schemaVersion?: number;
}

export type StoredEvent<E extends EventShape = AnyEvent> = E extends EventShape
  ? StoredEventEnvelope & { readonly eventType: E['eventType']; readonly payload: E['payload'] }
  : never;

/** What most parts that take events in look at. */
export type EventCore = Pick<
  StoredEvent,
  'eventType' | 'entityId' | 'tenantId' | 'version' | 'timestamp' | 'position' | 'payload'
>;

/**
 * Some fields of an event, as the engine writes them. What is an object or an array is in an array of its own,
 * and what is missing is an empty array.
 */
export type ColumnsRow = [position: number, timestamp: number, ...columns: JsonValue[]];
