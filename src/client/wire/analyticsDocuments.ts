import type {
  AnalyticsSummary,
  Cohorts,
  Correlation,
  Counts,
  Frequency,
  Funnel,
  FunnelOptions,
  TimeRange,
  cohortsDocument,
  correlationDocument,
  countsDocument,
  frequencyDocument,
  funnelDocument,
  summaryDocument,
} from '../../analytics/index.js';
import type { JsonObject } from '../../domain/index.js';
import { microsOf } from './documents.js';
import { badOption, checkNames, toTime } from './parameters.js';

/** Answers as the server sends them. */
export type WireFrequency = ReturnType<typeof frequencyDocument>;
export type WireSummary = ReturnType<typeof summaryDocument>;
export type WireCounts = ReturnType<typeof countsDocument>;
export type WireCorrelation = ReturnType<typeof correlationDocument>;
export type WireFunnel = ReturnType<typeof funnelDocument>;
export type WireCohorts = ReturnType<typeof cohortsDocument>;

const funnelNames = new Set(['tenantId', 'since', 'until', 'steps', 'windowSeconds']);
const stepNames = new Set(['eventType', 'where']);

function timeOrNull(text: string | null): number | null {
  return text === null ? null : microsOf(text);
}

function toRange({ from, to }: WireFrequency['time_range']): TimeRange {
  return { from: timeOrNull(from), to: timeOrNull(to) };
}

export function toFrequency(wire: WireFrequency): Frequency {
  return {
    buckets: wire.buckets.map(({ timestamp, count, event_types: eventTypes }) => ({
      timestamp: microsOf(timestamp),
      count,
      eventTypes,
    })),
    totalEvents: wire.total_events,
    window: wire.window,
    bucketSize: wire.bucket_size,
    timeRange: toRange(wire.time_range),
  };
}

export function toSummary(wire: WireSummary): AnalyticsSummary {
  return {
    totalEvents: wire.total_events,
    uniqueEntities: wire.unique_entities,
    uniqueEventTypes: wire.unique_event_types,
    timeRange: toRange(wire.time_range),
    eventsPerDay: wire.events_per_day,
    topEventTypes: wire.top_event_types.map(({ event_type: eventType, ...rest }) => ({
      eventType,
      ...rest,
    })),
    topEntities: wire.top_entities.map(({ entity_id: entityId, ...rest }) => ({
      entityId,
      ...rest,
    })),
    firstEvent: timeOrNull(wire.first_event),
    lastEvent: timeOrNull(wire.last_event),
  };
}

export function toCounts({ total_events: totalEvents, ...rest }: WireCounts): Counts {
  return { totalEvents, ...rest };
}

export function toCorrelation(wire: WireCorrelation): Correlation {
  return {
    eventTypeA: wire.event_type_a,
    eventTypeB: wire.event_type_b,
    totalA: wire.total_a,
    totalB: wire.total_b,
    correlatedPairs: wire.correlated_pairs,
    correlationPercentage: wire.correlation_percentage,
    avgTimeBetweenSeconds: wire.avg_time_between_seconds,
    examples: wire.examples.map((example) => ({
      entityId: example.entity_id,
      eventA: { id: example.event_a.id, timestamp: microsOf(example.event_a.timestamp) },
      eventB: { id: example.event_b.id, timestamp: microsOf(example.event_b.timestamp) },
      timeBetweenSeconds: example.time_between_seconds,
    })),
  };
}

export function toFunnel(wire: WireFunnel): Funnel {
  return {
    steps: wire.steps.map((step) => ({
      eventType: step.event_type,
      entities: step.entities,
      percentage: step.percentage,
      percentageOfPrevious: step.percentage_of_previous,
      medianSeconds: step.median_seconds,
    })),
    windowSeconds: wire.window_seconds,
    approximate: wire.approximate,
  };
}

export function toCohorts(wire: WireCohorts): Cohorts {
  return {
    period: wire.period,
    cohorts: wire.cohorts.map(({ timestamp, ...rest }) => ({
      timestamp: microsOf(timestamp),
      ...rest,
    })),
    totalEntities: wire.total_entities,
    timeRange: toRange(wire.time_range),
  };
}

/** The body of a question for a funnel; what is in it the server checks. */
export function fromFunnel(options: Omit<FunnelOptions, 'signal'>): JsonObject {
  checkNames(options, funnelNames);
  const { tenantId, since, until, steps, windowSeconds } = options;
  if (!Array.isArray(steps)) throw badOption('steps', 'expected an array');
  const timeOf = (option: string, time: number | string | undefined) =>
    time === undefined ? undefined : toTime(option, time);
  return {
    tenant_id: tenantId,
    since: timeOf('since', since),
    until: timeOf('until', until),
    // The narrowing of a readonly array by isArray is any[].
    steps: (steps as FunnelOptions['steps']).map((step) => {
      checkNames(step, stepNames, { within: 'steps.' });
      return { event_type: step.eventType, where: step.where };
    }),
    window_seconds: windowSeconds,
  };
}
