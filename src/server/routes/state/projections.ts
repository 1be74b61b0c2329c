import { AllSourceError, type ErrorCode } from '../../../domain/index.js';
import {
  type ProjectionDeclaration,
  type ProjectionHandle,
  projectionDocument,
} from '../../../projections/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  noContent,
  parseQueryText,
} from '../../http/index.js';
import {
  type NewProjection,
  noQuery,
  paramsReader,
  projections as schemas,
  queryReader,
} from '../../schemas/index.js';
import {
  type ControlRoute,
  bodyErrors,
  bodyReader,
  controlRoute,
  queryErrors,
  tenantIn,
  writeErrors,
} from '../control.js';

const path = '/api/v1/projections';
const onePath = `${path}/:name`;
const tag = 'projections';
const waitSecondsDefault = 5;

const readNoQuery = queryReader(noQuery);
const readStateQuery = queryReader(schemas.stateQuery);
const readStateListQuery = queryReader(schemas.stateListQuery);
const readParams = paramsReader(schemas.projectionParams);
const readStateParams = paramsReader(schemas.stateParams);
const readNewProjection = bodyReader(schemas.newProjection);

const params = schemas.projectionParams;
const oneErrors: readonly ErrorCode[] = [...queryErrors, 'projection_not_found'];
const changeErrors: readonly ErrorCode[] = [...oneErrors, ...writeErrors, 'unprocessable'];
const rebuildErrors: readonly ErrorCode[] = [
  'projection_stopped',
  'replay_running',
  'events_dropped',
];
const waitErrors: readonly ErrorCode[] = [...oneErrors, 'projection_stopped', 'overloaded'];
/** A state of `entity_snapshots` is made of its events. */
const stateErrors: readonly ErrorCode[] = [...waitErrors, 'events_dropped'];

/** A route that changes one projection and answers with it. */
function change(
  verb: 'pause' | 'resume' | 'rebuild',
  { id, summary }: Pick<ControlRoute, 'id' | 'summary'>,
): Route {
  return controlRoute({
    method: 'POST',
    pattern: `${onePath}/${verb}`,
    id,
    summary,
    tag,
    params,
    answer: schemas.projection,
    errors: verb === 'rebuild' ? [...changeErrors, ...rebuildErrors] : changeErrors,
    handle: async (exchange) => {
      const handle = await projectionIn(exchange, tenantIn(exchange));
      await (verb === 'rebuild' ? handle.beginRebuild() : handle[verb]());
      return jsonReply(projectionDocument(await handle.info()));
    },
  });
}

export const projectionRoutes: readonly Route[] = [
  controlRoute({
    method: 'GET',
    pattern: path,
    id: 'listProjections',
    summary: 'Projections of a tenant by name, the built-in ones first',
    tag,
    answer: schemas.projectionList,
    errors: ['invalid_query'],
    handle: listProjections,
  }),
  controlRoute({
    method: 'POST',
    pattern: path,
    id: 'createProjection',
    summary: 'Keep states up to date with the log, or a new version of them',
    tag,
    query: noQuery,
    request: schemas.newProjection,
    status: 201,
    answer: schemas.projection,
    errors: [
      ...queryErrors,
      ...bodyErrors,
      ...writeErrors,
      'projection_conflict',
      'events_dropped',
    ],
    handle: createProjection,
  }),
  controlRoute({
    method: 'GET',
    pattern: onePath,
    id: 'getProjection',
    summary: 'One projection',
    tag,
    params,
    query: schemas.stateQuery,
    answer: schemas.projection,
    errors: waitErrors,
    handle: getProjection,
  }),
  controlRoute({
    method: 'DELETE',
    pattern: onePath,
    id: 'deleteProjection',
    summary: 'Delete a projection; its states are not read any more',
    tag,
    params,
    errors: [...oneErrors, ...writeErrors],
    handle: deleteProjection,
  }),
  change('pause', { id: 'pauseProjection', summary: 'Do nothing until it is resumed' }),
  change('resume', {
    id: 'resumeProjection',
    summary: 'Go on; where an event failed it is tried again',
  }),
  change('rebuild', {
    id: 'rebuildProjection',
    summary: 'Build all states anew beside those that are read, then swap them in one step',
  }),
  controlRoute({
    method: 'GET',
    pattern: `${onePath}/parked`,
    id: 'listParkedEvents',
    summary: 'Events that were left out because they failed',
    tag,
    params,
    answer: schemas.parkedEvents,
    errors: [...oneErrors, 'projection_stopped'],
    handle: listParked,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${onePath}/state`,
    id: 'listProjectedStates',
    summary: 'States of a projection, in the order in which their keys first appeared',
    tag,
    queryType: 'projection_states',
    params,
    query: schemas.stateListQuery,
    answer: schemas.projectedStates,
    errors: stateErrors,
    handle: listStates,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${onePath}/state/:key`,
    id: 'getProjectedState',
    summary: 'The state of a key',
    tag,
    queryType: 'projection_state',
    params: schemas.stateParams,
    query: schemas.stateQuery,
    answer: schemas.projectedState,
    errors: [...stateErrors, 'projection_state_not_found'],
    handle: getState,
  }),
];

async function listProjections(exchange: Exchange): Promise<Reply> {
  const { projections } = exchange.runtime.store;
  const infos = await projections.list({ tenantId: tenantIn(exchange) });
  return jsonReply({ projections: infos.map(projectionDocument), total: infos.length });
}

async function createProjection(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const wanted = readNewProjection(exchange);
  const tenantId = exchange.tenantOf(wanted.tenant_id);
  const { projections } = exchange.runtime.store;
  const handle = await projections.declare(declarationOf(wanted), { tenantId });
  return { ...jsonReply(projectionDocument(await handle.info())), status: 201 };
}

function declarationOf(wanted: NewProjection): ProjectionDeclaration {
  const { name, version, source_event_types: sourceEventTypes, key, fields, on_error } = wanted;
  return { name, version, sourceEventTypes, key, fields, onError: on_error };
}

function projectionIn(exchange: Exchange, tenantId: string): Promise<ProjectionHandle> {
  const { name } = readParams(exchange.params);
  return exchange.runtime.store.projections.get(name, { tenantId });
}

async function getProjection(exchange: Exchange): Promise<Reply> {
  const query = readStateQuery(parseQueryText(exchange.queryText));
  const handle = await projectionIn(exchange, exchange.tenantOf(query.tenant_id));
  await waitedFor(exchange, handle, query);
  return jsonReply(projectionDocument(await handle.info()));
}

async function deleteProjection(exchange: Exchange): Promise<Reply> {
  const { name } = readParams(exchange.params);
  await exchange.runtime.store.projections.delete(name, { tenantId: tenantIn(exchange) });
  return noContent;
}

async function listParked(exchange: Exchange): Promise<Reply> {
  const handle = await projectionIn(exchange, tenantIn(exchange));
  const parked = await handle.parked();
  return jsonReply({ parked, total: parked.length });
}

async function getState(exchange: Exchange): Promise<Reply> {
  const { name, key } = readStateParams(exchange.params);
  const query = readStateQuery(parseQueryText(exchange.queryText));
  const handle = await projectionIn(exchange, exchange.tenantOf(query.tenant_id));
  await waitedFor(exchange, handle, query);
  const read = await handle.get(key);
  if (read === undefined) {
    const message = `projection ${name} has no state of ${JSON.stringify(key)}`;
    throw new AllSourceError('projection_state_not_found', message);
  }
  exchange.resultCount = 1;
  return jsonReply({ projection: name, ...read });
}

async function listStates(exchange: Exchange): Promise<Reply> {
  const { name } = readParams(exchange.params);
  const query = readStateListQuery(parseQueryText(exchange.queryText));
  const handle = await projectionIn(exchange, exchange.tenantOf(query.tenant_id));
  await waitedFor(exchange, handle, query);
  const { prefix, limit, cursor } = query;
  const page = await handle.list({ prefix, limit, cursor });
  exchange.resultCount = page.states.length;
  const { states, position, nextCursor: next_cursor } = page;
  return jsonReply({ projection: name, states, position, next_cursor });
}

interface Wait {
  readonly wait_for_position?: number;
  readonly wait_seconds?: number;
}

async function waitedFor(exchange: Exchange, handle: ProjectionHandle, wait: Wait): Promise<void> {
  const { wait_for_position: position, wait_seconds: seconds = waitSecondsDefault } = wait;
  if (position === undefined) return;
  const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(seconds * 1000)]);
  try {
    await handle.waitFor(position, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    const { position: at } = await handle.info();
    const message = `${handle.name} is at ${at}, and did not come to ${position} in ${seconds} s`;
    throw new AllSourceError('overloaded', message);
  }
}
