import type { EventMatch, ExpectedVersion, JsonValue, ReadOptions } from '../../src/index.js';

/** An event as the model keeps it; `timestamp` is learnt from the store. */
export interface ModelEvent {
  readonly tenantId: string;
  readonly entityId: string;
  readonly eventType: string;
  readonly payload: JsonValue;
  readonly metadata: { readonly [key: string]: JsonValue } | null;
  readonly tags: readonly string[];
  readonly version: number;
  readonly position: number;
  eventId: string | undefined;
  timestamp: number;
}

export interface ModelInput {
  readonly tenantId: string;
  readonly entityId: string;
  readonly eventType: string;
  readonly payload: JsonValue;
  readonly metadata: { readonly [key: string]: JsonValue } | null;
  readonly tags?: readonly string[] | undefined;
  readonly eventId?: string | undefined;
  readonly expectedVersion?: ExpectedVersion | undefined;
}

export interface ModelCondition {
  readonly failIfEventsMatch: readonly EventMatch[];
  readonly after: number;
}

export type ModelOutcome =
  | { readonly code: string; readonly matches?: readonly ModelEvent[] }
  | { readonly code: 'ok'; readonly events: readonly { event: ModelEvent; isKnown: boolean }[] };

/** What a store is, in plain arrays: slow, and simple enough to be believed. */
export class Model {
  readonly events: ModelEvent[] = [];

  versionOf(tenantId: string, entityId: string): number {
    return this.events.filter((e) => e.tenantId === tenantId && e.entityId === entityId).length;
  }

  /** One atomic append. */
  append(
    inputs: readonly ModelInput[],
    conditions: Readonly<Record<string, ExpectedVersion>> = {},
    condition?: ModelCondition,
  ): ModelOutcome {
    const tenantId = 'default';
    const known = inputs.map((input) => this.#find(input));
    const ids = new Set<string>();
    for (const [i, input] of inputs.entries()) {
      const id = `${input.tenantId}/${input.eventId}`;
      if (input.eventId !== undefined && ids.has(id)) return { code: 'validation_error' };
      ids.add(id);
      if (known[i] && !isSame(known[i], input)) return { code: 'event_id_conflict' };
    }
    const isAllKnown = known.every((event) => event !== undefined);
    if (!isAllKnown && !this.#areMet(inputs, known, conditions, tenantId)) {
      return { code: 'version_conflict' };
    }
    const matches = isAllKnown || !condition ? [] : this.#matching(condition, tenantId);
    if (matches.length > 0) return { code: 'append_condition_failed', matches };
    const events = inputs.map((input, i) => {
      const found = known[i];
      return found ? { event: found, isKnown: true } : { event: this.#add(input), isKnown: false };
    });
    return { code: 'ok', events };
  }

  read(options: ReadOptions): ModelEvent[] {
    const { tenantId = 'default', entityId, eventType, eventTypePrefix = '' } = options;
    const { since = 0, until = Infinity, asOf = Infinity, fromPosition = 0 } = options;
    const found = this.events.filter(
      (event) =>
        event.tenantId === tenantId &&
        (entityId === undefined || event.entityId === entityId) &&
        (eventType === undefined || event.eventType === eventType) &&
        event.eventType.startsWith(eventTypePrefix) &&
        (options.tags ?? []).every((tag) => event.tags.includes(tag)) &&
        event.timestamp >= Number(since) &&
        event.timestamp <= Math.min(Number(until), Number(asOf)) &&
        event.position >= fromPosition,
    );
    if (options.order === 'desc') found.reverse();
    return found.slice(0, options.limit);
  }

  stateOf(tenantId: string, entityId: string): Record<string, JsonValue | undefined> {
    const members = this.read({ tenantId, entityId }).flatMap(({ payload }) =>
      typeof payload === 'object' && payload !== null && !Array.isArray(payload)
        ? Object.entries(payload)
        : [],
    );
    return Object.fromEntries(members) as Record<string, JsonValue | undefined>;
  }

  #matching({ failIfEventsMatch, after }: ModelCondition, tenantId: string): ModelEvent[] {
    return this.events.filter(
      (event) =>
        event.tenantId === tenantId &&
        event.position > after &&
        failIfEventsMatch.some(
          ({ eventTypes, entityIds, tags = [] }) =>
            (eventTypes?.includes(event.eventType) ?? true) &&
            (entityIds?.includes(event.entityId) ?? true) &&
            tags.every((tag) => event.tags.includes(tag)),
        ),
    );
  }

  #find({ tenantId, eventId }: ModelInput): ModelEvent | undefined {
    if (eventId === undefined) return undefined;
    return this.events.find((event) => event.tenantId === tenantId && event.eventId === eventId);
  }

  #areMet(
    inputs: readonly ModelInput[],
    known: readonly (ModelEvent | undefined)[],
    conditions: Readonly<Record<string, ExpectedVersion>>,
    tenantId: string,
  ): boolean {
    const isMet = Object.entries(conditions).every(([entityId, expected]) =>
      holds(expected, this.versionOf(tenantId, entityId)),
    );
    const inBatch = new Map<string, number>();
    return (
      isMet &&
      inputs.every((input, i) => {
        if (known[i]) return true;
        const key = `${input.tenantId}/${input.entityId}`;
        const version = inBatch.get(key) ?? this.versionOf(input.tenantId, input.entityId);
        inBatch.set(key, version + 1);
        return holds(input.expectedVersion ?? 'any', version);
      })
    );
  }

  #add(input: ModelInput): ModelEvent {
    const { tenantId, entityId, eventType, payload, metadata, tags = [], eventId } = input;
    const event: ModelEvent = {
      tenantId,
      entityId,
      eventType,
      payload,
      metadata,
      tags,
      eventId,
      version: this.versionOf(tenantId, entityId) + 1,
      position: this.events.length + 1,
      timestamp: 0,
    };
    this.events.push(event);
    return event;
  }
}

function holds(expected: ExpectedVersion, version: number): boolean {
  if (expected === 'any') return true;
  if (expected === 'exists') return version > 0;
  return version === (expected === 'none' ? 0 : expected);
}

function isSame(event: ModelEvent, input: ModelInput): boolean {
  const content = (one: ModelEvent | ModelInput): string =>
    JSON.stringify([one.entityId, one.eventType, one.payload, one.metadata, one.tags ?? []]);
  return content(event) === content(input);
}
