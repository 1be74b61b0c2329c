import { type HttpCase, arrowType, bodyOf, json, lines, ndjson, newEvent } from './support.js';
import { expect } from 'vitest';

const events = '/api/v1/events';
const batch = '/api/v1/events/batch';
const query = '/api/v1/events/query';
const snapshots = '/api/v1/snapshots';
const eventId = '0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f';
const nobody = '0190b6e8-4f6e-7cc3-98c4-000000000000';

/** An event whose payload is nested `depth` levels deep. */
const nested = (depth: number): string =>
  newEvent({ entity_id: 'deep' }).replace('{}', '['.repeat(depth) + ']'.repeat(depth));

const post = (name: string, body: string | Uint8Array, rest: Partial<HttpCase>): HttpCase => ({
  name,
  path: events,
  headers: json,
  body,
  status: 200,
  ...rest,
});
const refusedEvent = (name: string, fields: object): HttpCase =>
  post(name, newEvent({ ...fields }), { status: 400, code: 'validation_error' });
const brokenJson = (name: string, body: string | Uint8Array): HttpCase =>
  post(name, body, { status: 400, code: 'invalid_json' });
const get = (name: string, path: string, rest: Partial<HttpCase> = {}): HttpCase => ({
  name,
  path,
  status: 200,
  ...rest,
});
const badQuery = (name: string, queryText: string): HttpCase =>
  get(name, `${query}?${queryText}`, { status: 400, code: 'invalid_query' });

export const appendCases: readonly HttpCase[] = [
  post('appends an event', newEvent({ payload: { total: 3 } }), {
    check: (answer) => {
      expect(bodyOf(answer)).toMatchObject({ version: 1, position: 1, deduplicated: false });
    },
  }),
  post('takes null for what is optional', newEvent({ metadata: null, event_id: null }), {}),
  post('takes an id of the client', newEvent({ event_id: eventId, payload: { a: 1 } }), {
    check: (answer) => expect(bodyOf(answer)['event_id']).toBe(eventId),
  }),
  post('knows the id again', newEvent({ event_id: eventId, payload: { a: 1 } }), {
    check: (answer) => expect(bodyOf(answer)).toMatchObject({ version: 3, deduplicated: true }),
  }),
  post('refuses the id for other content', newEvent({ event_id: eventId, payload: { a: 2 } }), {
    status: 409,
    code: 'event_id_conflict',
    check: (answer) => expect(bodyOf(answer)['event_id']).toBe(eventId),
  }),
  post('refuses a stale version', newEvent({ expected_version: 1 }), {
    status: 409,
    code: 'version_conflict',
    check: (answer) => {
      const conflict = { entity_id: 'order-1', expected_version: 1, current_version: 3 };
      expect(bodyOf(answer)).toMatchObject(conflict);
    },
  }),
  post('takes the right version', newEvent({ expected_version: 3 }), {}),
  post('takes another tenant', newEvent({ tenant_id: 'acme' }), {
    check: (answer) => expect(bodyOf(answer)['version']).toBe(1),
  }),
  post('takes charset=UTF-8', newEvent(), {
    headers: { 'content-type': 'Application/JSON; charset="UTF-8"' },
  }),
  post('takes identity as an encoding', newEvent(), {
    headers: { ...json, 'content-encoding': 'identity' },
  }),
  post('keeps the given request id', newEvent(), {
    headers: { ...json, 'x-request-id': 'mine-1' },
    check: (answer) => expect(answer.headers['x-request-id']).toBe('mine-1'),
  }),
  post('replaces a request id that is too long', newEvent(), {
    headers: { ...json, 'x-request-id': 'x'.repeat(129) },
    check: (answer) => expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/),
  }),
  post('takes an entity id of 256 bytes', newEvent({ entity_id: 'e'.repeat(256) }), {}),
  post('takes a payload 128 levels deep', nested(128), {}),
  refusedEvent('refuses an entity id of 257 bytes', { entity_id: 'é'.repeat(128) + 'e' }),
  refusedEvent('refuses a control character in an entity id', { entity_id: 'a\u0007b' }),
  refusedEvent('refuses white space at the end of an entity id', { entity_id: 'a ' }),
  refusedEvent('refuses an empty entity id', { entity_id: '' }),
  refusedEvent('refuses upper case in a type', { event_type: 'Order' }),
  refusedEvent('refuses two dots in a type', { event_type: 'a..b' }),
  refusedEvent('refuses a type of 129 bytes', { event_type: 't'.repeat(129) }),
  refusedEvent('refuses a number as a type', { event_type: 5 }),
  refusedEvent('refuses a tenant of the system', { tenant_id: '$system' }),
  refusedEvent('refuses an array as metadata', { metadata: [] }),
  refusedEvent('refuses a negative version', { expected_version: -1 }),
  refusedEvent('refuses a version that is no number', { expected_version: 'some' }),
  refusedEvent('refuses an id that is no UUID', { event_id: 'event-1' }),
  {
    ...refusedEvent('refuses an unknown field by name', { entityId: 'x' }),
    check: (answer) => expect(bodyOf(answer)['error']).toContain('entityId'),
  },
  post('refuses a field that is given twice', newEvent().replace('{', '{"entity_id":"x",'), {
    status: 400,
    code: 'validation_error',
  }),
  post('refuses a missing field by name', '{"event_type":"a","payload":1}', {
    status: 400,
    code: 'validation_error',
    check: (answer) => expect(bodyOf(answer)['error']).toContain('entity_id'),
  }),
  post('refuses an array of events', `[${newEvent()}]`, { status: 400, code: 'validation_error' }),
  brokenJson('refuses an empty body', ''),
  brokenJson('refuses white space', ' \n '),
  brokenJson('refuses half an object', '{"event_type":"a"'),
  brokenJson('refuses a misspelt literal', newEvent().replace('{}', 'truu')),
  brokenJson('refuses a leading zero', newEvent().replace('{}', '01')),
  brokenJson('refuses NaN', newEvent().replace('{}', 'NaN')),
  brokenJson('refuses two documents', newEvent() + newEvent()),
  brokenJson('refuses broken UTF-8', Buffer.from(newEvent({ entity_id: 'a\u00ff' }), 'latin1')),
  brokenJson('refuses a payload 129 levels deep', nested(129)),
  brokenJson('refuses a payload 100 000 levels deep', nested(100_000)),
  post('refuses a body over its limit', Buffer.alloc(2 * 1024 * 1024 + 1, 0x20), {
    status: 413,
    code: 'payload_too_large',
  }),
  post('refuses a chunked body over its limit', Buffer.alloc(2 * 1024 * 1024 + 1, 0x20), {
    headers: { ...json, 'transfer-encoding': 'chunked' },
    status: 413,
    code: 'payload_too_large',
  }),
  post('refuses plain text', newEvent(), {
    headers: { 'content-type': 'text/plain' },
    status: 415,
    code: 'unsupported_media_type',
  }),
  post('refuses NDJSON for one event', newEvent(), {
    headers: ndjson,
    status: 415,
    code: 'unsupported_media_type',
  }),
  post('refuses a body without a type', newEvent(), {
    headers: {},
    status: 415,
    code: 'unsupported_media_type',
  }),
  post('refuses another charset', newEvent(), {
    headers: { 'content-type': 'application/json; charset=utf-16' },
    status: 415,
    code: 'unsupported_media_type',
  }),
  post('refuses a compressed body', newEvent(), {
    headers: { ...json, 'content-encoding': 'gzip' },
    status: 415,
    code: 'unsupported_media_type',
  }),
  post('refuses a query parameter', newEvent(), {
    path: `${events}?tenant=x`,
    status: 400,
    code: 'invalid_query',
  }),
];

const postBatch = (name: string, body: string, rest: Partial<HttpCase> = {}): HttpCase =>
  post(name, body, { path: batch, ...rest });
const refusedBatch = (name: string, body: string, code = 'validation_error'): HttpCase =>
  postBatch(name, body, { status: 400, code });
const pair = `${newEvent({ entity_id: 'b-1' })},${newEvent({ entity_id: 'b-2' })}`;

export const batchCases: readonly HttpCase[] = [
  postBatch('appends an array', `[${pair}]`, {
    check: (answer) => {
      const body = bodyOf(answer);
      expect(body).toMatchObject({ ingested: 2, results: [{ version: 1 }, { version: 1 }] });
      expect(Number(body['last_position']) - Number(body['first_position'])).toBe(1);
    },
  }),
  postBatch('appends an object', `{"events":[${pair}],"atomic":true,"conditions":{"b-1":1}}`),
  postBatch('leaves results out', `[${pair}]`, {
    path: `${batch}?return=summary`,
    check: (answer) => expect(bodyOf(answer)).not.toHaveProperty('results'),
  }),
  postBatch('appends NDJSON', `${lines(3)}\n\n`, {
    headers: ndjson,
    check: (answer) => expect(bodyOf(answer)['ingested']).toBe(3),
  }),
  postBatch('names the bad line', `${lines(2)}\n{"event_type":"a"}`, {
    headers: ndjson,
    status: 400,
    code: 'validation_error',
    check: (answer) => expect(bodyOf(answer)['error']).toContain('line 3'),
  }),
  postBatch('names the line that is no JSON', `${lines(1)}\n{`, {
    headers: ndjson,
    status: 400,
    code: 'invalid_json',
    check: (answer) => expect(bodyOf(answer)['error']).toContain('line 2'),
  }),
  postBatch('refuses a stale condition', `{"events":[${pair}],"conditions":{"b-1":1}}`, {
    status: 409,
    code: 'version_conflict',
    check: (answer) => expect(bodyOf(answer)).toMatchObject({ entity_id: 'b-1' }),
  }),
  refusedBatch('refuses an empty array', '[]'),
  refusedBatch('refuses an object without events', '{}'),
  refusedBatch('refuses atomic: false', `{"events":[${pair}],"atomic":false}`),
  refusedBatch('refuses an unknown field', `{"events":[${pair}],"mode":1}`),
  refusedBatch('refuses a number', '7'),
  refusedBatch('refuses broken JSON', `[${pair}`, 'invalid_json'),
  postBatch('refuses an unknown form of answer', `[${pair}]`, {
    path: `${batch}?return=all`,
    status: 400,
    code: 'invalid_query',
  }),
  postBatch('refuses CSV', 'a,b', {
    headers: { 'content-type': 'text/csv' },
    status: 415,
    code: 'unsupported_media_type',
  }),
];

export const queryCases: readonly HttpCase[] = [
  get('answers a page', query, {
    check: (answer) => {
      const { events: list, count } = bodyOf(answer);
      expect(list).toHaveLength(Number(count));
    },
  }),
  get('combines all filters', `${query}?entity_id=order-1&event_type=order.placed&limit=2`, {
    check: (answer) => expect(bodyOf(answer)['count']).toBe(2),
  }),
  get('filters by prefix', `${query}?event_type_prefix=order.&order=desc&limit=1`),
  get('filters by tenant', `${query}?tenant_id=acme`, {
    check: (answer) => expect(bodyOf(answer)).toMatchObject({ count: 1, next_cursor: null }),
  }),
  get('filters by time', `${query}?since=2020-01-01T00:00:00%2B02:00&until=2020-01-02T00:00:00Z`, {
    check: (answer) => expect(bodyOf(answer)['count']).toBe(0),
  }),
  get('takes as_of', `${query}?as_of=1969-12-31T23:59:59.123456789Z`, {
    check: (answer) => expect(bodyOf(answer)['count']).toBe(0),
  }),
  get('begins at a position', `${query}?from_position=3&limit=1`, {
    check: (answer) => expect(bodyOf(answer)).toMatchObject({ events: [{ position: 3 }] }),
  }),
  get('decodes parameters', `${query}?entity%5Fid=order%2d1&limit=1`, {
    check: (answer) => expect(bodyOf(answer)['count']).toBe(1),
  }),
  get('streams NDJSON', `${query}?entity_id=b-1`, {
    headers: { accept: 'application/x-ndjson' },
    check: (answer) => {
      expect(answer.headers['content-type']).toBe('application/x-ndjson');
      expect(answer.text.trimEnd().split('\n')).toHaveLength(3);
    },
  }),
  get('streams nothing where nothing matches', `${query}?entity_id=nobody`, {
    headers: { accept: 'application/json;q=0.5, application/x-ndjson' },
    check: (answer) => expect(answer.text).toBe(''),
  }),
  get('streams Arrow', `${query}?entity_id=b-1`, {
    headers: { accept: arrowType },
    check: (answer) => {
      expect(answer.headers['content-type']).toBe(arrowType);
      expect(answer.text.split('\n')).toHaveLength(3);
    },
  }),
  get('answers HEAD without a body', query, {
    method: 'HEAD',
    check: (answer) => expect(answer.text).toBe(''),
  }),
  badQuery('refuses an unknown parameter', 'entity=x'),
  badQuery('refuses a prototype', '__proto__=x'),
  badQuery('refuses a parameter that comes twice', 'limit=1&limit=2'),
  badQuery('refuses a limit of 0', 'limit=0'),
  badQuery('refuses a negative limit', 'limit=-1'),
  badQuery('refuses half an event', 'limit=1.5'),
  badQuery('refuses a limit that is no number', 'limit=ten'),
  badQuery('refuses an empty limit', 'limit='),
  badQuery('refuses a page that is too long', 'limit=10001'),
  badQuery('refuses a cursor that is none', 'cursor=abc'),
  badQuery('refuses a time that is none', 'since=yesterday'),
  badQuery('refuses an order that is none', 'order=up'),
  badQuery('refuses position 0', 'from_position=0'),
  badQuery('refuses a position past 2^53', 'from_position=9007199254740993'),
  badQuery('refuses an entity id that is too long', `entity_id=${'e'.repeat(257)}`),
  badQuery('refuses a type that is none', 'event_type=A'),
  badQuery('refuses a tenant of the system', 'tenant_id=$system'),
  badQuery('refuses broken percent-encoding', 'entity_id=%E0%A4%A'),
  badQuery('refuses too many parameters', 'a&'.repeat(40)),
];

export const otherCases: readonly HttpCase[] = [
  get('gives an event', `${events}/${eventId}`, {
    check: (answer) => expect(bodyOf(answer)).toMatchObject({ id: eventId, payload: { a: 1 } }),
  }),
  get('takes an id in upper case', `${events}/${eventId.toUpperCase()}`),
  get('has no other event', `${events}/${nobody}`, { status: 404, code: 'event_not_found' }),
  get('hides events of other tenants', `${events}/${eventId}?tenant_id=acme`, {
    status: 404,
    code: 'event_not_found',
  }),
  get('refuses an id that is no UUID', `${events}/event-1`, {
    status: 400,
    code: 'validation_error',
  }),
  get('refuses an id as long as a UUID', `${events}/${'x'.repeat(36)}`, {
    status: 400,
    code: 'validation_error',
  }),
  get('gives a state', '/api/v1/entities/order-1/state?history_limit=1', {
    check: (answer) => {
      const state = { entity_id: 'order-1', as_of: null, history: [{ type: 'order.placed' }] };
      expect(bodyOf(answer)).toMatchObject(state);
    },
  }),
  get(
    'has no state before the first event',
    '/api/v1/entities/order-1/state?as_of=2000-01-01T00:00:00Z',
    {
      status: 404,
      code: 'entity_not_found',
    },
  ),
  get('has no state of nobody', '/api/v1/entities/a%2Fb/state', {
    status: 404,
    code: 'entity_not_found',
    check: (answer) => expect(bodyOf(answer)['error']).toContain('a/b'),
  }),
  get('refuses a path that is not UTF-8', '/api/v1/entities/%FF/state', {
    status: 400,
    code: 'validation_error',
  }),
  get('refuses a long entity id', `/api/v1/entities/${'e'.repeat(257)}/state`, {
    status: 400,
    code: 'validation_error',
  }),
  get('refuses an unknown parameter of a state', '/api/v1/entities/order-1/state?depth=1', {
    status: 400,
    code: 'invalid_query',
  }),
  get('gives a snapshot', '/api/v1/entities/order-1/snapshot', {
    check: (answer) => {
      const snapshot = { entity_id: 'order-1', from_projection: 'entity_snapshots' };
      expect(bodyOf(answer)).toMatchObject(snapshot);
    },
  }),
  get('has no snapshot of nobody', '/api/v1/entities/nobody/snapshot', {
    status: 404,
    code: 'entity_not_found',
  }),
  get('merges deep at a version', '/api/v1/entities/order-1/state?merge=deep&version=2', {
    check: (answer) => expect(bodyOf(answer)).toMatchObject({ version: 2, as_of: null }),
  }),
  get('has no such version', '/api/v1/entities/order-1/state?version=9999', {
    status: 404,
    code: 'entity_not_found',
  }),
  post('keeps the state of an entity', '{"entity_id":"order-1"}', {
    path: snapshots,
    check: (answer) => {
      expect(bodyOf(answer)).toMatchObject({ entity_id: 'order-1', snapshot_type: 'manual' });
    },
  }),
  post('keeps no state of nobody', '{"entity_id":"nobody"}', {
    path: snapshots,
    status: 404,
    code: 'entity_not_found',
  }),
  get('lists snapshots', snapshots, {
    check: (answer) => expect(bodyOf(answer)).toMatchObject({ total: 1, next_cursor: null }),
  }),
  get('gives the latest snapshot', `${snapshots}/order-1/latest`, {
    check: (answer) => expect(bodyOf(answer)['state']).toBeTypeOf('object'),
  }),
  get('lists entities', '/api/v1/entities?prefix=b-&limit=1', {
    check: (answer) => {
      const entity = { entity_id: 'b-1', event_count: 3, current_version: 3 };
      expect(bodyOf(answer)).toMatchObject({ entities: [entity] });
      expect(bodyOf(answer)['next_cursor']).toBeTypeOf('string');
    },
  }),
  get('refuses an unknown parameter of the list', '/api/v1/entities?offset=1', {
    status: 400,
    code: 'invalid_query',
  }),
  get('lists event types', '/api/v1/event-types', {
    check: (answer) => {
      const listed = { event_types: [{ event_type: 'order.placed' }], next_cursor: null };
      expect(bodyOf(answer)).toMatchObject(listed);
    },
  }),
  get('gives stats', '/api/v1/stats?tenant_id=acme', {
    check: (answer) => expect(bodyOf(answer)).toMatchObject({ total_events: 1 }),
  }),
  get('gives the root of the tree over the log', '/api/v1/integrity/root?tree_size=2', {
    check: (answer) => {
      expect(bodyOf(answer)).toMatchObject({ tree_size: 2 });
      expect(bodyOf(answer)['root_hash']).toMatch(/^[0-9a-f]{64}$/);
    },
  }),
  get('refuses a tree that is larger than the log', '/api/v1/integrity/root?tree_size=100000', {
    status: 400,
    code: 'invalid_query',
  }),
  get('proves an event', `/api/v1/integrity/proof/${eventId}`, {
    check: (answer) => expect(bodyOf(answer)['path']).toBeInstanceOf(Array),
  }),
  get('proves no event to another tenant', `/api/v1/integrity/proof/${eventId}?tenant_id=acme`, {
    status: 404,
    code: 'event_not_found',
  }),
  get('proves no event that is not there', `/api/v1/integrity/proof/${nobody}`, {
    status: 404,
    code: 'event_not_found',
  }),
  get('refuses an id that is none', '/api/v1/integrity/proof/17', {
    status: 400,
    code: 'validation_error',
  }),
  get('proves that the log grew', '/api/v1/integrity/consistency?first_size=2', {
    check: (answer) => expect(bodyOf(answer)).toMatchObject({ first_size: 2 }),
  }),
  get('needs the older size', '/api/v1/integrity/consistency', {
    status: 400,
    code: 'invalid_query',
  }),
  get('is healthy', '/health', {
    check: (answer) => {
      expect(bodyOf(answer)).toMatchObject({ status: 'healthy', service: 'allsource-core' });
    },
  }),
  get('is ready', '/ready'),
  get('describes itself', '/openapi.json'),
  get('refuses a parameter of health', '/health?verbose', { status: 400, code: 'invalid_query' }),
  get('has no other route', '/api/v2/events', { status: 404, code: 'route_not_found' }),
  get('has no root', '/', { status: 404, code: 'route_not_found' }),
  get('has no route with a slash behind it', `${query}/`, { status: 404, code: 'route_not_found' }),
  get('has no route in upper case', '/API/v1/stats', { status: 404, code: 'route_not_found' }),
  get('cuts the fragment off', `${query}#x?limit=0`),
  get('refuses another method and names the right ones', events, {
    method: 'DELETE',
    status: 405,
    code: 'method_not_allowed',
    check: (answer) => expect(answer.headers.allow).toBe('POST, OPTIONS'),
  }),
  get('refuses to read the batch', batch, { status: 405, code: 'method_not_allowed' }),
  get('refuses to write a query', query, {
    method: 'PUT',
    status: 405,
    code: 'method_not_allowed',
    check: (answer) => expect(answer.headers.allow).toBe('GET, HEAD, OPTIONS'),
  }),
  get('names the methods', events, {
    method: 'OPTIONS',
    status: 204,
    check: (answer) => expect(answer.headers.allow).toBe('POST, OPTIONS'),
  }),
  get('refuses a stream as JSON', '/api/v1/events/stream', {
    headers: { accept: 'application/json' },
    status: 422,
    code: 'unprocessable',
  }),
];
