import { matchTextsMax } from '../domain/index.js';
import type { SubscriptionFilter } from '../domain/index.js';

/** What the index can tell of source types: event types, one prefix, or all events. */
export function filterOfTypes(types: readonly string[]): SubscriptionFilter {
  const [first] = types;
  if (first === undefined) return {};
  const hasPrefix = types.some((type) => type.endsWith('.*'));
  if (!hasPrefix && types.length <= matchTextsMax) return { match: { eventTypes: types } };
  return types.length === 1 ? { eventTypePrefix: first.slice(0, -1) } : {};
}
