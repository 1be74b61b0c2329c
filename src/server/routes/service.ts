import { Type } from '@sinclair/typebox';
import { AllSourceError, isStoreAdmin } from '../../domain/index.js';
import { buildOpenApi } from '../openapi.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  jsonType,
  parseQueryText,
} from '../http/index.js';
import { documents, noQuery, queryReader, tenantQuery } from '../schemas/index.js';
import { packageVersion } from '../../eventStore/index.js';

const readNoQuery = queryReader(noQuery);
const readTenantQuery = queryReader(tenantQuery);
const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

export const healthRoute: Route = {
  method: 'GET',
  pattern: '/health',
  purpose: { kind: 'service' },
  whileStopping: true,
  operation: {
    id: 'getHealth',
    summary: 'Says that the process answers',
    tag: 'service',
    query: noQuery,
    answers: { [jsonType]: documents.health },
    errors: ['invalid_query'],
  },
  handle: (exchange) => {
    readNoQuery(parseQueryText(exchange.queryText));
    return jsonReply({ status: 'healthy', service: 'allsource-core', version: packageVersion });
  },
};

export const readyRoute: Route = {
  method: 'GET',
  pattern: '/ready',
  purpose: { kind: 'service' },
  operation: {
    id: 'getReadiness',
    summary: 'Says whether requests should be sent here',
    tag: 'service',
    query: noQuery,
    answers: { [jsonType]: documents.readiness },
    errors: ['invalid_query', 'shutting_down'],
  },
  handle: (exchange) => {
    readNoQuery(parseQueryText(exchange.queryText));
    if (exchange.runtime.phase !== 'serving') {
      throw new AllSourceError('shutting_down', 'the server is draining; send requests elsewhere');
    }
    return jsonReply({ status: 'ready', read_only: exchange.runtime.store.readOnly });
  },
};

export const metricsRoute: Route = {
  method: 'GET',
  pattern: '/metrics',
  purpose: { kind: 'service' },
  whileStopping: true,
  operation: {
    id: 'getMetrics',
    summary: 'Counters for Prometheus',
    tag: 'service',
    query: noQuery,
    answers: { 'text/plain': Type.String() },
    errors: ['invalid_query'],
  },
  handle: async (exchange) => {
    readNoQuery(parseQueryText(exchange.queryText));
    const body = await exchange.runtime.metrics.registry.metrics();
    return { status: 200, contentType: metricsType, body };
  },
};

export const statsRoute: Route = {
  method: 'GET',
  pattern: '/api/v1/stats',
  purpose: { kind: 'query', queryType: 'stats' },
  operation: {
    id: 'getStats',
    summary: 'Counts of the whole store, or of one tenant',
    tag: 'service',
    query: tenantQuery,
    answers: { [jsonType]: documents.stats },
    errors: ['invalid_query'],
  },
  handle: getStats,
};

/** The route of the document that describes all routes, itself included. */
export function openApiRoute(others: readonly Route[]): Route {
  const operation = {
    id: 'getOpenApi',
    summary: 'This document',
    tag: 'service',
    query: noQuery,
    answers: { [jsonType]: Type.Object({}) },
    errors: ['invalid_query'],
  } as const;
  const route: Route = {
    method: 'GET',
    pattern: '/openapi.json',
    purpose: { kind: 'service' },
    operation,
    handle: (exchange) => {
      readNoQuery(parseQueryText(exchange.queryText));
      return { status: 200, contentType: jsonType, body };
    },
  };
  const body = JSON.stringify(buildOpenApi([...others, route], packageVersion));
  return route;
}

async function getStats(exchange: Exchange): Promise<Reply> {
  const { tenant_id: named } = readTenantQuery(parseQueryText(exchange.queryText));
  // Of the whole store where its administrator names none.
  const isOfAll = named === undefined && isStoreAdmin(exchange.principal);
  const tenantId = isOfAll ? undefined : exchange.tenantOf(named);
  exchange.resultCount = 1;
  return jsonReply(await exchange.runtime.store.wire.stats(tenantId));
}
