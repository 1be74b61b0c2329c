import type { EventMatch } from '../domain/index.js';

/** Of which tenant and time a question is. */
export interface AnalyticsRange {
  /** Default `default`. */
  readonly tenantId?: string | undefined;
  /**
   * First timestamp, inclusive: microseconds, or RFC 3339 text; default that of the first event that the
   * log has.
   */
  readonly since?: number | string | undefined;
  /** Last timestamp, inclusive: microseconds, or RFC 3339 text; not before `since`. */
  readonly until?: number | string | undefined;
  /** Ends the work soon; the call rejects with `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/** Which events a question is about. All given conditions must hold. */
export interface AnalyticsFilter extends AnalyticsRange {
  readonly entityId?: string | undefined;
  readonly eventType?: string | undefined;
  /** All types that begin with this text, such as `order.`. */
  readonly eventTypePrefix?: string | undefined;
  /** Events that have all of these tags. */
  readonly tags?: readonly string[] | undefined;
  /** Events that one of these is about. */
  readonly match?: EventMatch | readonly EventMatch[] | undefined;
}

/** What was asked for; where a bound was left out, the time of the first or last event found, or null. */
export interface TimeRange {
  readonly from: number | null;
  readonly to: number | null;
}

export type TimeWindow = 'minute' | 'hour' | 'day' | 'week' | 'month';

export interface FrequencyOptions extends AnalyticsFilter {
  /** In UTC; weeks begin on Monday. Default `day`; not together with `bucketSize`. */
  readonly window?: TimeWindow | undefined;
  /** Seconds of a bucket, 1-31 622 400; one of them begins with 1970. */
  readonly bucketSize?: number | undefined;
}

export interface FrequencyBucket {
  /** When it begins. */
  readonly timestamp: number;
  readonly count: number;
  /** The same by type. */
  readonly eventTypes: Readonly<Record<string, number>>;
}

export interface Frequency {
  /** In the order of time, the empty ones among them; 10 000 at most. */
  readonly buckets: readonly FrequencyBucket[];
  readonly totalEvents: number;
  /** Null where buckets have a size in seconds. */
  readonly window: TimeWindow | null;
  readonly bucketSize: number | null;
  readonly timeRange: TimeRange;
}

/** How many events have something in common. */
export interface Counted {
  readonly count: number;
  /** Of all events that were counted. */
  readonly percentage: number;
}

export interface AnalyticsSummary {
  readonly totalEvents: number;
  readonly uniqueEntities: number;
  readonly uniqueEventTypes: number;
  readonly timeRange: TimeRange;
  /** Over the time range, which counts as one day where it is shorter. */
  readonly eventsPerDay: number;
  /** The 10 with most events; by name where they have as many. */
  readonly topEventTypes: readonly (Counted & { readonly eventType: string })[];
  readonly topEntities: readonly (Counted & { readonly entityId: string })[];
  /** Times of the first and last event; null where there is none. */
  readonly firstEvent: number | null;
  readonly lastEvent: number | null;
}

/** What events are told apart by: their type, their entity, or a field of their payloads. */
export type GroupBy = 'eventType' | 'entityId' | `payload.${string}`;

export interface CountsOptions extends AnalyticsFilter {
  /** Default `eventType`. */
  readonly by?: GroupBy | undefined;
  /** Counts that are listed, the highest ones; default 10, 1-1 000. */
  readonly limit?: number | undefined;
}

export interface Counts {
  readonly totalEvents: number;
  /** Different values, those that are not listed among them. */
  readonly distinct: number;
  /** Highest first. A field that is missing, or is no string, number or boolean, counts as null. */
  readonly counts: readonly (Counted & { readonly value: GroupValue })[];
}

export type GroupValue = string | number | boolean | null;

export interface CorrelationOptions extends AnalyticsRange {
  readonly eventTypeA: string;
  readonly eventTypeB: string;
  /** Default 3 600, 1-316 224 000. */
  readonly timeWindowSeconds?: number | undefined;
}

export interface Correlation {
  readonly eventTypeA: string;
  readonly eventTypeB: string;
  readonly totalA: number;
  readonly totalB: number;
  /** Events A with a B of the same entity within the window after or before them; each counts once. */
  readonly correlatedPairs: number;
  /** Of the events A; 0 where there are none. */
  readonly correlationPercentage: number;
  /** From each such A to the nearest B; null where there is none. */
  readonly avgTimeBetweenSeconds: number | null;
  /** Of the first such events A, 5 at most. */
  readonly examples: readonly CorrelationExample[];
}

export interface CorrelationExample {
  readonly entityId: string;
  readonly eventA: { readonly id: string; readonly timestamp: number };
  /** The nearest one. */
  readonly eventB: { readonly id: string; readonly timestamp: number };
  readonly timeBetweenSeconds: number;
}

export interface FunnelStep {
  readonly eventType: string;
  /** What fields of the payload must be, by their paths; 5 at most. */
  readonly where?: Readonly<Record<string, GroupValue>> | undefined;
}

export interface FunnelOptions extends AnalyticsRange {
  /** 2-10 of them, in the order in which an entity must take them. */
  readonly steps: readonly FunnelStep[];
  /** From the first step to the last one that counts; default 604 800, 1-316 224 000. */
  readonly windowSeconds?: number | undefined;
}

export interface FunnelStepResult {
  readonly eventType: string;
  /** That came so far. */
  readonly entities: number;
  /** Of those that took the first step, and of those that came to the step before. */
  readonly percentage: number;
  readonly percentageOfPrevious: number;
  /** From the step before, when an entity came to this one first; null where none did. */
  readonly medianSeconds: number | null;
}

export interface Funnel {
  readonly steps: readonly FunnelStepResult[];
  readonly windowSeconds: number;
  /** Medians are those of a sample. */
  readonly approximate: boolean;
}

export interface CohortsOptions extends AnalyticsRange {
  /** Default `week`. */
  readonly period?: 'day' | 'week' | 'month' | undefined;
  /** An entity is of the period of its first event of this type; default of any type. */
  readonly firstEventType?: string | undefined;
  /** It comes back by an event of this type; default by any. */
  readonly returnEventType?: string | undefined;
  /** Later periods to look at; default 12, 1-100. */
  readonly periods?: number | undefined;
}

export interface Cohort {
  /** When its period begins. */
  readonly timestamp: number;
  readonly entities: number;
  /** For each later period that had begun by the end of the time range: who came back in it. */
  readonly retention: readonly {
    /** How many periods later, from 1. */
    readonly period: number;
    readonly entities: number;
    readonly percentage: number;
  }[];
}

export interface Cohorts {
  readonly period: 'day' | 'week' | 'month';
  /** In the order of time; periods without new entities are left out. */
  readonly cohorts: readonly Cohort[];
  readonly totalEntities: number;
  readonly timeRange: TimeRange;
}

export interface FieldOptions extends AnalyticsFilter {
  /** From 0 to 100, 20 at most; default 50, 90, 95 and 99. */
  readonly percentiles?: readonly number[] | undefined;
  /** The same for each value of this, 1 000 at most. */
  readonly groupBy?: GroupBy | undefined;
}

/** Of the numbers that a field has. */
export interface FieldNumbers {
  readonly count: number;
  /** Events where the field is missing, or is no number. */
  readonly nulls: number;
  readonly sum: number;
  /** Null where there is no number, as the rest. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Of a sample; null where there are less than two numbers. */
  readonly stddev: number | null;
  /** Between two numbers in proportion, as `percentile_cont` of SQL. */
  readonly percentiles: readonly { readonly percentile: number; readonly value: number | null }[];
  /** True where the percentiles are those of a sample. */
  readonly approximate: boolean;
}

export interface FieldStatistics extends FieldNumbers {
  readonly field: string;
  /** By `groupBy`, those with most events first; null where nothing was grouped. */
  readonly groups: readonly (FieldNumbers & { readonly value: GroupValue })[] | null;
}

/**
 * Questions about many events, answered from columns or, where there is no bound, from the index. Each is
 * answered as of the last event that was durable when it began. Two are worked on at a time, others wait
 * (`overloaded` where 100 do); appends of the process go on. All reject with `invalid_query`, with
 * `events_dropped` where `since` reaches into what was dropped, with `aborted`, and with
 * `unprocessable` where there are too many different entities to hold.
 */
export interface Analytics {
  /** How many events, over time. */
  frequency(options?: FrequencyOptions): Promise<Frequency>;
  summary(options?: AnalyticsFilter): Promise<AnalyticsSummary>;
  /** How many events of each type, entity or value of a field; of types and entities at once from the index. */
  counts(options?: CountsOptions): Promise<Counts>;
  /** How often an event of one type has one of another type near it. */
  correlation(options: CorrelationOptions): Promise<Correlation>;
  /** How many entities come how far in a row of steps. */
  funnel(options: FunnelOptions): Promise<Funnel>;
  /** How many entities come back, by when they first came. */
  cohorts(options?: CohortsOptions): Promise<Cohorts>;
  /** What numbers a field of payloads has: its path, as `total` or `lines.0.price`. */
  field(path: string, options?: FieldOptions): Promise<FieldStatistics>;
}
