import type { Static } from '@sinclair/typebox';
import {
  cohortsDocument,
  correlationDocument,
  countsDocument,
  fieldDocument,
  frequencyDocument,
  funnelDocument,
  summaryDocument,
} from '../../analytics/index.js';
import type { AnalyticsFilter, FunnelStep, GroupBy } from '../../analytics/index.js';
import { AllSourceError } from '../../domain/index.js';
import type { ErrorCode } from '../../domain/index.js';
import { type Exchange, type Reply, type Route, jsonReply, parseQueryText } from '../http/index.js';
import { analytics as schemas, matchesOfText, noQuery, queryReader } from '../schemas/index.js';
import { bodyErrors, bodyReader, controlRoute } from './control.js';

const path = '/api/v1/analytics';
const tag = 'analytics';

const readNoQuery = queryReader(noQuery);
const readFrequency = queryReader(schemas.frequencyQuery);
const readSummary = queryReader(schemas.summaryQuery);
const readCounts = queryReader(schemas.countsQuery);
const readCorrelation = queryReader(schemas.correlationQuery);
const readCohorts = queryReader(schemas.cohortsQuery);
const readField = queryReader(schemas.fieldQuery);
const readFunnel = bodyReader(schemas.funnelBody);

const errors: readonly ErrorCode[] = [
  'invalid_query',
  'events_dropped',
  'unprocessable',
  'overloaded',
];

export const analyticsRoutes: readonly Route[] = [
  controlRoute({
    method: 'GET',
    pattern: `${path}/frequency`,
    id: 'getFrequency',
    summary: 'How many events, over time',
    tag,
    queryType: 'analytics_frequency',
    query: schemas.frequencyQuery,
    answer: schemas.frequency,
    errors,
    handle: getFrequency,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${path}/summary`,
    id: 'getSummary',
    summary: 'How many events, entities and types, and which have most events',
    tag,
    queryType: 'analytics_summary',
    query: schemas.summaryQuery,
    answer: schemas.summary,
    errors,
    handle: getSummary,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${path}/counts`,
    id: 'getCounts',
    summary: 'How many events of each type, entity or value of a field',
    tag,
    queryType: 'analytics_counts',
    query: schemas.countsQuery,
    answer: schemas.counts,
    errors,
    handle: getCounts,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${path}/correlation`,
    id: 'getCorrelation',
    summary: 'How often an event of one type has one of another type near it',
    tag,
    queryType: 'analytics_correlation',
    query: schemas.correlationQuery,
    answer: schemas.correlation,
    errors,
    handle: getCorrelation,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${path}/cohorts`,
    id: 'getCohorts',
    summary: 'How many entities come back, by when they first came',
    tag,
    queryType: 'analytics_cohorts',
    query: schemas.cohortsQuery,
    answer: schemas.cohorts,
    errors,
    handle: getCohorts,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${path}/field`,
    id: 'getFieldStatistics',
    summary: 'What numbers a field of payloads has',
    tag,
    queryType: 'analytics_field',
    query: schemas.fieldQuery,
    answer: schemas.field,
    errors,
    handle: getField,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${path}/funnel`,
    id: 'getFunnel',
    summary: 'How many entities come how far in a row of steps',
    tag,
    queryType: 'analytics_funnel',
    query: noQuery,
    request: schemas.funnelBody,
    answer: schemas.funnel,
    errors: ['validation_error', ...bodyErrors.filter((code) => code !== 'overloaded'), ...errors],
    handle: getFunnel,
  }),
];

async function getFrequency(exchange: Exchange): Promise<Reply> {
  const { window, bucket_size: bucketSize, ...query } = readFrequency(queryOf(exchange));
  const options = { ...filterOf(exchange, query), window, bucketSize };
  const answer = await exchange.runtime.store.analytics.frequency(options);
  exchange.resultCount = answer.buckets.length;
  return jsonReply(frequencyDocument(answer));
}

async function getSummary(exchange: Exchange): Promise<Reply> {
  const options = filterOf(exchange, readSummary(queryOf(exchange)));
  const answer = await exchange.runtime.store.analytics.summary(options);
  exchange.resultCount = 1;
  return jsonReply(summaryDocument(answer));
}

async function getCounts(exchange: Exchange): Promise<Reply> {
  const { by, limit, ...query } = readCounts(queryOf(exchange));
  const options = { ...filterOf(exchange, query), by: groupByOf(by), limit };
  const answer = await exchange.runtime.store.analytics.counts(options);
  exchange.resultCount = answer.counts.length;
  return jsonReply(countsDocument(answer));
}

async function getCorrelation(exchange: Exchange): Promise<Reply> {
  const query = readCorrelation(queryOf(exchange));
  const answer = await exchange.runtime.store.analytics.correlation({
    ...rangeOf(exchange, query),
    eventTypeA: eitherOf('event_type_a', query.event_type_a, query.event_a),
    eventTypeB: eitherOf('event_type_b', query.event_type_b, query.event_b),
    timeWindowSeconds: query.time_window_seconds,
  });
  exchange.resultCount = 1;
  return jsonReply(correlationDocument(answer));
}

async function getCohorts(exchange: Exchange): Promise<Reply> {
  const query = readCohorts(queryOf(exchange));
  const answer = await exchange.runtime.store.analytics.cohorts({
    ...rangeOf(exchange, query),
    period: query.period,
    firstEventType: query.first_event_type,
    returnEventType: query.return_event_type,
    periods: query.periods,
  });
  exchange.resultCount = answer.cohorts.length;
  return jsonReply(cohortsDocument(answer));
}

async function getField(exchange: Exchange): Promise<Reply> {
  const {
    path: fieldPath,
    percentiles,
    group_by: groupBy,
    ...query
  } = readField(queryOf(exchange));
  const answer = await exchange.runtime.store.analytics.field(fieldPath, {
    ...filterOf(exchange, query),
    percentiles: percentiles === '' ? [] : percentiles?.split(',').map(Number),
    groupBy: groupByOf(groupBy),
  });
  exchange.resultCount = 1;
  return jsonReply(fieldDocument(answer));
}

async function getFunnel(exchange: Exchange): Promise<Reply> {
  readNoQuery(queryOf(exchange));
  const { steps, window_seconds: windowSeconds, ...body } = readFunnel(exchange);
  const answer = await exchange.runtime.store.analytics.funnel({
    ...rangeOf(exchange, body),
    steps: steps.map(({ event_type: eventType, where }): FunnelStep => {
      return { eventType, where: where ?? undefined };
    }),
    windowSeconds: windowSeconds ?? undefined,
  });
  exchange.resultCount = answer.steps.length;
  return jsonReply(funnelDocument(answer));
}

function queryOf({ queryText }: Exchange) {
  return parseQueryText(queryText);
}

interface WireRange {
  readonly tenant_id?: string | null;
  readonly since?: string | null;
  readonly until?: string | null;
}

/** The work ends with the client's wish for its answer. */
function rangeOf(exchange: Exchange, { tenant_id: tenantId, since, until }: WireRange) {
  return {
    tenantId: exchange.tenantOf(tenantId),
    since: since ?? undefined,
    until: until ?? undefined,
    signal: exchange.signal,
  };
}

function filterOf(exchange: Exchange, query: Static<typeof schemas.summaryQuery>): AnalyticsFilter {
  return {
    ...rangeOf(exchange, query),
    entityId: query.entity_id,
    eventType: query.event_type,
    eventTypePrefix: query.event_type_prefix,
    tags: query.tag,
    match: matchesOfText(query.match),
  };
}

function groupByOf(text: string | undefined): GroupBy | undefined {
  if (text === 'event_type') return 'eventType';
  if (text === 'entity_id') return 'entityId';
  // The schema of the parameter says so.
  return text as `payload.${string}` | undefined;
}

/** A parameter that has two names. */
function eitherOf(field: string, one: string | undefined, other: string | undefined): string {
  const value = one ?? other;
  if (value !== undefined && (one === undefined || other === undefined)) return value;
  const reason = value === undefined ? 'expected an event type' : 'given by both of its names';
  throw new AllSourceError('invalid_query', `query parameter ${field}: ${reason}`, {
    details: [{ field, reason }],
  });
}
