import { formatTimestamp } from '../domain/index.js';
import type {
  AnalyticsSummary,
  Cohorts,
  Correlation,
  CorrelationExample,
  Counts,
  FieldStatistics,
  Frequency,
  Funnel,
  TimeRange,
} from './types.js';

// Answers in the wire names.

function timeOrNull(micros: number | null): string | null {
  return micros === null ? null : formatTimestamp(micros);
}

function rangeDocument({ from, to }: TimeRange) {
  return { from: timeOrNull(from), to: timeOrNull(to) };
}

export function frequencyDocument(frequency: Frequency) {
  return {
    buckets: frequency.buckets.map(({ timestamp, count, eventTypes }) => ({
      timestamp: formatTimestamp(timestamp),
      count,
      event_types: eventTypes,
    })),
    total_events: frequency.totalEvents,
    window: frequency.window,
    bucket_size: frequency.bucketSize,
    time_range: rangeDocument(frequency.timeRange),
  };
}

export function summaryDocument(summary: AnalyticsSummary) {
  return {
    total_events: summary.totalEvents,
    unique_entities: summary.uniqueEntities,
    unique_event_types: summary.uniqueEventTypes,
    time_range: rangeDocument(summary.timeRange),
    events_per_day: summary.eventsPerDay,
    top_event_types: summary.topEventTypes.map(({ eventType, count, percentage }) => ({
      event_type: eventType,
      count,
      percentage,
    })),
    top_entities: summary.topEntities.map(({ entityId, count, percentage }) => ({
      entity_id: entityId,
      count,
      percentage,
    })),
    first_event: timeOrNull(summary.firstEvent),
    last_event: timeOrNull(summary.lastEvent),
  };
}

export function countsDocument({ totalEvents, distinct, counts }: Counts) {
  return { total_events: totalEvents, distinct, counts };
}

export function correlationDocument(correlation: Correlation) {
  return {
    event_type_a: correlation.eventTypeA,
    event_type_b: correlation.eventTypeB,
    total_a: correlation.totalA,
    total_b: correlation.totalB,
    correlated_pairs: correlation.correlatedPairs,
    correlation_percentage: correlation.correlationPercentage,
    avg_time_between_seconds: correlation.avgTimeBetweenSeconds,
    examples: correlation.examples.map((example) => ({
      entity_id: example.entityId,
      event_a: exampleDocument(example.eventA),
      event_b: exampleDocument(example.eventB),
      time_between_seconds: example.timeBetweenSeconds,
    })),
  };
}

function exampleDocument({ id, timestamp }: CorrelationExample['eventA']) {
  return { id, timestamp: formatTimestamp(timestamp) };
}

export function funnelDocument({ steps, windowSeconds, approximate }: Funnel) {
  return {
    steps: steps.map((step) => ({
      event_type: step.eventType,
      entities: step.entities,
      percentage: step.percentage,
      percentage_of_previous: step.percentageOfPrevious,
      median_seconds: step.medianSeconds,
    })),
    window_seconds: windowSeconds,
    approximate,
  };
}

export function cohortsDocument({ period, cohorts, totalEntities, timeRange }: Cohorts) {
  return {
    period,
    cohorts: cohorts.map(({ timestamp, entities, retention }) => ({
      timestamp: formatTimestamp(timestamp),
      entities,
      retention,
    })),
    total_entities: totalEntities,
    time_range: rangeDocument(timeRange),
  };
}

/** Its names are the same on the wire. */
export function fieldDocument(statistics: FieldStatistics): FieldStatistics {
  return statistics;
}
