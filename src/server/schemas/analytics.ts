import { Type } from '@sinclair/typebox';
import {
  bucketSizeMax,
  cohortPeriodsDefault,
  cohortPeriodsMax,
  correlationWindowDefault,
  countsDefault,
  countsMax,
  funnelConditionsMax,
  funnelStepsMax,
  funnelWindowDefault,
  percentilesMax,
  windowSecondsMax,
} from '../../analytics/index.js';
import {
  count,
  entityId,
  eventType,
  eventTypePrefix,
  tag,
  tenantId,
  timestamp,
  uuid,
  orNull,
} from './formats.js';
import { matchParameter } from './matches.js';
import { tagsMax } from '../../domain/index.js';

const strict = { additionalProperties: false };

const time = (description: string) => Type.String({ format: 'date-time', description });
const since = time('First time of events, inclusive: RFC 3339 with any offset');
const until = time('Last time of events, inclusive; not before `since`');

const range = {
  tenant_id: Type.Optional(tenantId),
  since: Type.Optional(since),
  until: Type.Optional(until),
};
const filter = {
  ...range,
  entity_id: Type.Optional(entityId),
  event_type: Type.Optional(eventType),
  event_type_prefix: Type.Optional(eventTypePrefix),
  tag: Type.Optional(
    Type.Array(tag, {
      maxItems: tagsMax,
      description: 'May be given several times: events that have all of these tags',
    }),
  ),
  match: Type.Optional(matchParameter),
};

const literals = <T extends string>(names: readonly T[], description: string) =>
  Type.Union(
    names.map((name) => Type.Literal(name)),
    { description },
  );
const groupBy = Type.String({
  pattern: '^(event_type|entity_id|payload\\..+)$',
  maxLength: 264,
  description: '`event_type`, `entity_id`, or a field such as `payload.country`',
});
const seconds = (description: string) =>
  Type.Integer({ minimum: 1, maximum: windowSecondsMax, description });

export const frequencyQuery = Type.Object(
  {
    ...filter,
    window: Type.Optional(
      literals(
        ['minute', 'hour', 'day', 'week', 'month'],
        'Of UTC, weeks from Monday; default `day`',
      ),
    ),
    bucket_size: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: bucketSizeMax,
        description: 'Seconds of a bucket, in the place of `window`; one of them begins with 1970',
      }),
    ),
  },
  strict,
);
export const summaryQuery = Type.Object(filter, strict);
export const countsQuery = Type.Object(
  {
    ...filter,
    by: Type.Optional(groupBy),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: countsMax,
        description: `Counts that are listed, the highest ones; default ${countsDefault}`,
      }),
    ),
  },
  strict,
);
export const correlationQuery = Type.Object(
  {
    ...range,
    event_type_a: Type.Optional(eventType),
    event_a: Type.Optional(eventType),
    event_type_b: Type.Optional(eventType),
    event_b: Type.Optional(eventType),
    time_window_seconds: Type.Optional(
      seconds(`From an A to a B, before or after it; default ${correlationWindowDefault}`),
    ),
  },
  strict,
);
export const cohortsQuery = Type.Object(
  {
    ...range,
    period: Type.Optional(
      literals(['day', 'week', 'month'], 'Of UTC, weeks from Monday; default `week`'),
    ),
    first_event_type: Type.Optional(eventType),
    return_event_type: Type.Optional(eventType),
    periods: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: cohortPeriodsMax,
        description: `Later periods to look at; default ${cohortPeriodsDefault}`,
      }),
    ),
  },
  strict,
);
export const fieldQuery = Type.Object(
  {
    ...filter,
    path: Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'Path of a field of payloads, as `total` or `lines.0.price`',
    }),
    percentiles: Type.Optional(
      Type.String({
        pattern: '^(\\d{1,3}(\\.\\d{1,6})?(,\\d{1,3}(\\.\\d{1,6})?)*)?$',
        maxLength: 256,
        description: `Numbers from 0 to 100 with commas, ${percentilesMax} at most; default \`50,90,95,99\``,
      }),
    ),
    group_by: Type.Optional(groupBy),
  },
  strict,
);

const scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);

export const funnelBody = Type.Object(
  {
    tenant_id: Type.Optional(Type.Union([tenantId, Type.Null()])),
    since: Type.Optional(Type.Union([since, Type.Null()])),
    until: Type.Optional(Type.Union([until, Type.Null()])),
    steps: Type.Array(
      Type.Object(
        {
          event_type: eventType,
          where: Type.Optional(
            Type.Union(
              [
                Type.Record(Type.String(), scalar, { maxProperties: funnelConditionsMax }),
                Type.Null(),
              ],
              { description: 'What fields of the payload must be, by their paths' },
            ),
          ),
        },
        strict,
      ),
      { minItems: 2, maxItems: funnelStepsMax },
    ),
    window_seconds: Type.Optional(
      Type.Union([
        seconds(`From the first step to the last one that counts; default ${funnelWindowDefault}`),
        Type.Null(),
      ]),
    ),
  },
  { ...strict, $id: 'FunnelQuestion' },
);

const percentage = Type.Number({ minimum: 0, maximum: 100 });
const timeRange = Type.Object(
  { from: orNull(timestamp), to: orNull(timestamp) },
  {
    ...strict,
    description: 'What was asked for; where a bound was left out, the first or last event',
  },
);

export const frequency = Type.Object(
  {
    buckets: Type.Array(
      Type.Object(
        {
          timestamp,
          count,
          event_types: Type.Record(Type.String(), count),
        },
        strict,
      ),
      { description: 'In the order of time, the empty ones among them' },
    ),
    total_events: count,
    window: orNull(Type.String()),
    bucket_size: orNull(Type.Integer()),
    time_range: timeRange,
  },
  { ...strict, $id: 'Frequency' },
);
export const summary = Type.Object(
  {
    total_events: count,
    unique_entities: count,
    unique_event_types: count,
    time_range: timeRange,
    events_per_day: Type.Number({ minimum: 0 }),
    top_event_types: Type.Array(Type.Object({ event_type: eventType, count, percentage }, strict)),
    top_entities: Type.Array(Type.Object({ entity_id: entityId, count, percentage }, strict)),
    first_event: orNull(timestamp),
    last_event: orNull(timestamp),
  },
  { ...strict, $id: 'AnalyticsSummary' },
);
export const counts = Type.Object(
  {
    total_events: count,
    distinct: Type.Integer({ minimum: 0, description: 'Different values, listed or not' }),
    counts: Type.Array(Type.Object({ value: scalar, count, percentage }, strict)),
  },
  { ...strict, $id: 'Counts' },
);
const exampleEvent = Type.Object({ id: uuid, timestamp }, strict);
export const correlation = Type.Object(
  {
    event_type_a: eventType,
    event_type_b: eventType,
    total_a: count,
    total_b: count,
    correlated_pairs: count,
    correlation_percentage: percentage,
    avg_time_between_seconds: orNull(Type.Number({ minimum: 0 })),
    examples: Type.Array(
      Type.Object(
        {
          entity_id: entityId,
          event_a: exampleEvent,
          event_b: exampleEvent,
          time_between_seconds: Type.Number({ minimum: 0 }),
        },
        strict,
      ),
    ),
  },
  { ...strict, $id: 'Correlation' },
);
export const funnel = Type.Object(
  {
    steps: Type.Array(
      Type.Object(
        {
          event_type: eventType,
          entities: count,
          percentage,
          percentage_of_previous: percentage,
          median_seconds: orNull(Type.Number({ minimum: 0 })),
        },
        strict,
      ),
    ),
    window_seconds: Type.Integer(),
    approximate: Type.Boolean({ description: 'True where medians are those of a sample' }),
  },
  { ...strict, $id: 'Funnel' },
);
export const cohorts = Type.Object(
  {
    period: Type.String(),
    cohorts: Type.Array(
      Type.Object(
        {
          timestamp,
          entities: count,
          retention: Type.Array(
            Type.Object({ period: Type.Integer(), entities: count, percentage }, strict),
          ),
        },
        strict,
      ),
    ),
    total_entities: count,
    time_range: timeRange,
  },
  { ...strict, $id: 'Cohorts' },
);
const number = orNull(Type.Number());
const numbers = {
  count,
  nulls: Type.Integer({ minimum: 0, description: 'Events where it is missing or no number' }),
  sum: Type.Number(),
  min: number,
  max: number,
  mean: number,
  stddev: number,
  percentiles: Type.Array(Type.Object({ percentile: percentage, value: number }, strict)),
  approximate: Type.Boolean({ description: 'True where percentiles are those of a sample' }),
};
export const field = Type.Object(
  {
    field: Type.String(),
    ...numbers,
    groups: orNull(Type.Array(Type.Object({ value: scalar, ...numbers }, strict))),
  },
  { ...strict, $id: 'FieldStatistics' },
);

/** Schemas that the document names once. */
export const analyticsDocuments = [
  funnelBody,
  frequency,
  summary,
  counts,
  correlation,
  funnel,
  cohorts,
  field,
];
