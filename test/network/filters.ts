import type { EventMatch, StoredEvent, SubscriptionFilter } from '../../src/index.js';
import type { Random } from '../crash/random.js';

export const entities = ['order-1', 'order-2', 'order-3', 'user-1', 'user-2', 'cart-7'] as const;
export const types = ['order.placed', 'order.paid', 'user.created', 'user.left'] as const;
export const tags = ['red', 'green', 'blue'] as const;
/** What handlers append; no filter of a consumer asks for it. */
export const handledType = 'done.handled';

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random(items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}

export function someTags(random: Random): readonly string[] {
  return tags.filter(() => random(3) === 0);
}

/** Never one that matches what handlers append, unless it may match everything. */
export function randomFilter(random: Random, mayBeEmpty: boolean): SubscriptionFilter {
  switch (random(mayBeEmpty ? 8 : 7)) {
    case 0:
      return { entityId: pick(random, entities) };
    case 1:
      return { eventType: pick(random, types) };
    case 2:
      return { eventTypePrefix: pick(random, ['order.', 'user.']) };
    case 3:
      return { tags: [pick(random, tags)] };
    case 4:
      return { eventTypePrefix: 'order.', tags: [pick(random, tags)] };
    case 5:
      return { match: [randomMatch(random), randomMatch(random)] };
    case 6:
      return { match: { eventTypes: [...types] } };
    default:
      return {};
  }
}

function randomMatch(random: Random): EventMatch {
  return {
    eventTypes: [pick(random, types), pick(random, types)],
    ...(random(2) === 0 && { tags: [pick(random, tags)] }),
    ...(random(3) === 0 && { entityIds: [pick(random, entities), pick(random, entities)] }),
  };
}

/** What the filter says, without the engine. */
export function isMatch(filter: SubscriptionFilter, event: StoredEvent): boolean {
  const { entityId, eventType, eventTypePrefix, tags: wanted = [], match = [] } = filter;
  if (entityId !== undefined && event.entityId !== entityId) return false;
  if (eventType !== undefined && event.eventType !== eventType) return false;
  if (eventTypePrefix !== undefined && !event.eventType.startsWith(eventTypePrefix)) return false;
  if (!wanted.every((tag) => event.tags.includes(tag))) return false;
  // Array.isArray does not tell a readonly array from what is none.
  const matches = (Array.isArray(match) ? match : [match]) as readonly EventMatch[];
  if (matches.length === 0) return true;
  return matches.some(
    (one) =>
      (one.eventTypes?.includes(event.eventType) ?? true) &&
      (one.entityIds?.includes(event.entityId) ?? true) &&
      (one.tags ?? []).every((tag) => event.tags.includes(tag)),
  );
}
