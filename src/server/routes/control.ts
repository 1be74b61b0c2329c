import type { Static, TObject, TSchema } from '@sinclair/typebox';
import type { ConsumerOptions } from '../../consumers/index.js';
import { AllSourceError, toMatches } from '../../domain/index.js';
import type { ErrorCode, SubscriptionFilter } from '../../domain/index.js';
import { type Exchange, type Route, jsonType, parseQueryText } from '../http/index.js';
import {
  type Start,
  type WireFilter,
  frameReader,
  queryReader,
  tenantQuery,
} from '../schemas/index.js';

// What routes that control something by JSON bodies have in common.

const control = { kind: 'service' } as const;

export interface ControlRoute extends Pick<Route, 'method' | 'pattern' | 'handle'> {
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  /** What it is counted as where it is a query. */
  readonly queryType?: string;
  readonly params?: TObject;
  /** Default: the tenant. */
  readonly query?: TObject;
  /** The body that it takes, as JSON. */
  readonly request?: TObject;
  /** How large that may be; default as a single event. */
  readonly bodyLimit?: 'batch' | 'event';
  /** True where it may be left out. */
  readonly optionalBody?: true;
  /** Default 200, or 204 where there is no answer. */
  readonly status?: 201;
  /** Of the same answer where nothing had to be made. */
  readonly unchangedStatus?: 200;
  /** What it answers where all went well, as JSON. */
  readonly answer?: TSchema;
  readonly errors: readonly ErrorCode[];
}

/** A route that takes JSON or nothing, and answers with JSON or nothing. */
export function controlRoute(route: ControlRoute): Route {
  const { method, pattern, handle, queryType, request, answer, status, ...rest } = route;
  const { bodyLimit, optionalBody, ...operation } = rest;
  const isOptional = optionalBody === true;
  const body = { mediaTypes: [jsonType], limit: bodyLimit ?? 'event', isOptional };
  return {
    method,
    pattern,
    purpose: queryType === undefined ? control : { kind: 'query', queryType },
    ...(request !== undefined && { body }),
    operation: {
      query: tenantQuery,
      ...operation,
      ...(request !== undefined && { bodies: { [jsonType]: request } }),
      status: answer === undefined ? 204 : (status ?? 200),
      answers: answer === undefined ? {} : { [jsonType]: answer },
    },
    handle,
  };
}

export const queryErrors: readonly ErrorCode[] = ['validation_error', 'invalid_query'];
export const bodyErrors: readonly ErrorCode[] = [
  'invalid_json',
  'payload_too_large',
  'unsupported_media_type',
  'overloaded',
];
export const writeErrors: readonly ErrorCode[] = [
  'storage_unavailable',
  'append_outcome_unknown',
  'storage_full',
];

/** Reads the body as JSON of a schema; throws `invalid_json` and `validation_error`. */
export function bodyReader<T extends TObject>(schema: T): (exchange: Exchange) => Static<T> {
  const read = frameReader(schema);
  return ({ body: bytes }) => {
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString('utf8'));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new AllSourceError('invalid_json', `body: not JSON: ${reason}`);
    }
    return read(value);
  };
}

export function filterOf(filter: WireFilter): SubscriptionFilter {
  return {
    entityId: filter.entity_id ?? undefined,
    eventType: filter.event_type ?? undefined,
    eventTypePrefix: filter.event_type_prefix ?? undefined,
    tags: filter.tags ?? undefined,
    match: toMatches(filter.match),
  };
}

export function fromOf(start: Start): NonNullable<ConsumerOptions['from']> {
  if (typeof start === 'number' || start === 'beginning' || start === 'now') return start;
  return { timestamp: start };
}

const readTenantQuery = queryReader(tenantQuery);

/** The tenant that the query names, and nothing else; throws `forbidden`. */
export function tenantIn(exchange: Exchange): string {
  return exchange.tenantOf(readTenantQuery(parseQueryText(exchange.queryText)).tenant_id);
}
