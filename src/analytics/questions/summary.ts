import {
  checkNames,
  filterNames,
  percentageOf,
  selectionOf,
  timeRangeOf,
  numberOrNull,
} from '../input.js';
import type { Selection } from '../input.js';
import { summaryTop } from '../limits.js';
import type { Source } from '../source.js';
import { KeyCounts, TopCounts } from '../tables/keyCounts.js';
import type { NamedCount } from '../tables/keyCounts.js';
import { KeyTable } from '../tables/keyTable.js';
import type { AnalyticsFilter, AnalyticsSummary } from '../types.js';

const dayMicros = 86_400_000_000;

/** What was found, before percentages are made of it. */
interface Found {
  readonly totalEvents: number;
  readonly uniqueEntities: number;
  readonly uniqueEventTypes: number;
  readonly types: readonly NamedCount[];
  readonly entities: readonly NamedCount[];
  /** NaN where there is no event. */
  readonly first: number;
  readonly last: number;
}

export async function summaryOf(
  source: Source,
  options: AnalyticsFilter,
): Promise<AnalyticsSummary> {
  checkNames(options, filterNames);
  const selection = selectionOf(options);
  const found = selection.isWhole
    ? await fromIndex(source, selection)
    : await fromColumns(source, selection);
  const { totalEvents, uniqueEntities, uniqueEventTypes, first, last } = found;
  const timeRange = timeRangeOf(selection, first, last);
  const counted = ({ count }: NamedCount) => ({
    count,
    percentage: percentageOf(count, totalEvents),
  });
  return {
    totalEvents,
    uniqueEntities,
    uniqueEventTypes,
    timeRange,
    eventsPerDay:
      totalEvents / Math.max(1, ((timeRange.to ?? 0) - (timeRange.from ?? 0)) / dayMicros),
    topEventTypes: found.types.map((one) => ({ eventType: one.name, ...counted(one) })),
    topEntities: found.entities.map((one) => ({ entityId: one.name, ...counted(one) })),
    firstEvent: numberOrNull(first),
    lastEvent: numberOrNull(last),
  };
}

async function fromColumns(source: Source, selection: Selection): Promise<Found> {
  const types = new KeyCounts(new KeyTable({ noun: 'event types' }));
  const entities = new KeyCounts(new KeyTable({ noun: 'entities' }));
  let [totalEvents, first, last] = [0, NaN, NaN];
  const columns = ['timestamp', 'entity_id', 'event_type'] as const;
  for await (const batch of source.batches(selection, { columns })) {
    const { rows, timestamps } = batch;
    types.add(batch.types);
    entities.add(batch.entities);
    if (totalEvents === 0) first = timestamps[0] ?? NaN;
    last = timestamps[rows - 1] ?? NaN;
    totalEvents += rows;
  }
  return {
    totalEvents,
    uniqueEntities: entities.distinct,
    uniqueEventTypes: types.distinct,
    types: types.top(summaryTop),
    entities: entities.top(summaryTop),
    first,
    last,
  };
}

/** As fast as there are few entities, however many events they have, and without holding them. */
async function fromIndex(source: Source, selection: Selection): Promise<Found> {
  const types = new TopCounts(summaryTop);
  let [totalEvents, uniqueEventTypes, first, last] = [0, 0, Infinity, -Infinity];
  for await (const { eventType, eventCount, firstTimestamp, lastTimestamp } of source.types(
    selection,
  )) {
    types.add({ name: eventType, count: eventCount });
    totalEvents += eventCount;
    uniqueEventTypes += 1;
    first = Math.min(first, firstTimestamp);
    last = Math.max(last, lastTimestamp);
  }
  const entities = new TopCounts(summaryTop);
  let uniqueEntities = 0;
  for await (const { entityId, eventCount } of source.entities(selection)) {
    entities.add({ name: entityId, count: eventCount });
    uniqueEntities += 1;
  }
  const bounds = totalEvents === 0 ? { first: NaN, last: NaN } : { first, last };
  return {
    totalEvents,
    uniqueEntities,
    uniqueEventTypes,
    types: types.counts,
    entities: entities.counts,
    ...bounds,
  };
}
