import type { EventMatch, SubscriptionFilter } from './filter.js';

// What the API and the wire name differently, for servers and clients.

export interface WireMatch {
  readonly event_types?: string[];
  readonly tags?: string[];
  readonly entity_ids?: string[];
}

export function toMatches(
  wire: WireMatch | readonly WireMatch[] | null | undefined,
): readonly EventMatch[] | undefined {
  if (wire === null || wire === undefined) return undefined;
  const items = Array.isArray(wire) ? (wire as readonly WireMatch[]) : [wire as WireMatch];
  return items.map(({ event_types: eventTypes, entity_ids: entityIds, tags: all }) => ({
    ...(eventTypes !== undefined && { eventTypes }),
    ...(entityIds !== undefined && { entityIds }),
    ...(all !== undefined && all.length > 0 && { tags: all }),
  }));
}

export function toWireMatches(
  match: EventMatch | readonly EventMatch[] | undefined,
): WireMatch[] | null {
  if (match === undefined) return null;
  const items = Array.isArray(match) ? (match as readonly EventMatch[]) : [match as EventMatch];
  return items.map(({ eventTypes, entityIds, tags: all }) => ({
    ...(eventTypes !== undefined && { event_types: [...eventTypes] }),
    ...(entityIds !== undefined && { entity_ids: [...entityIds] }),
    ...(all !== undefined && { tags: [...all] }),
  }));
}

/** A filter whose every condition is told, also those that it has not. */
export function toFilterDocument(filter: SubscriptionFilter) {
  return {
    entity_id: filter.entityId ?? null,
    event_type: filter.eventType ?? null,
    event_type_prefix: filter.eventTypePrefix ?? null,
    tags: [...(filter.tags ?? [])],
    match: toWireMatches(filter.match),
  };
}
