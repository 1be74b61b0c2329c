import type { ErrorCode, JsonObject, NewEvent } from '../../../domain/index.js';
import {
  type EmbeddedPipelines,
  type OfTenant,
  droppedDocument,
  pipelineDocument,
  statisticsDocument,
  testDocument,
} from '../../../pipelineRuns/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  parseQueryText,
} from '../../http/index.js';
import { noQuery, paramsReader, pipelines as schemas, queryReader } from '../../schemas/index.js';
import {
  type ControlRoute,
  bodyErrors,
  bodyReader,
  controlRoute,
  queryErrors,
  tenantIn,
  writeErrors,
} from '../control.js';

const path = '/api/v1/pipelines';
const onePath = `${path}/:id`;
const tag = 'pipelines';

const readNoQuery = queryReader(noQuery);
const readParams = paramsReader(schemas.pipelineParams);
const readNewPipeline = bodyReader(schemas.newPipeline);
const readTest = bodyReader(schemas.pipelineTest);

const oneErrors: readonly ErrorCode[] = [...queryErrors, 'pipeline_not_found'];
const deleteErrors: readonly ErrorCode[] = [...oneErrors, ...writeErrors];
/** `unprocessable`: its record can't be used. */
const changeErrors: readonly ErrorCode[] = [...deleteErrors, 'unprocessable'];

interface OneRoute extends Pick<ControlRoute, 'method' | 'id' | 'summary' | 'answer' | 'errors'> {
  /** Behind the path of the pipeline. */
  readonly part: string;
  readonly answerOf: (pipelines: EmbeddedPipelines, id: string, of: OfTenant) => Promise<object>;
}

/** A route about one pipeline, without a body. */
function ofOne({ part, answerOf, ...route }: OneRoute): Route {
  return controlRoute({
    ...route,
    pattern: onePath + part,
    tag,
    params: schemas.pipelineParams,
    handle: async (exchange) => {
      const { id } = readParams(exchange.params);
      const { pipelines } = exchange.runtime.store;
      return jsonReply(await answerOf(pipelines, id, { tenantId: tenantIn(exchange) }));
    },
  });
}

const ofOneRoutes: readonly Route[] = [
  ofOne({
    method: 'GET',
    part: '',
    id: 'getPipeline',
    summary: 'One pipeline: its definition, and whether it runs',
    answer: schemas.pipeline,
    errors: oneErrors,
    answerOf: async (pipelines, id, of) => pipelineDocument(await pipelines.get(id, of)),
  }),
  ofOne({
    method: 'GET',
    part: '/stats',
    id: 'getPipelineStats',
    summary: 'What a pipeline has done since it was made or reset',
    answer: schemas.pipelineStats,
    errors: oneErrors,
    answerOf: async (pipelines, id, of) => statisticsDocument(await pipelines.get(id, of)),
  }),
  ofOne({
    method: 'GET',
    part: '/dropped',
    id: 'listDroppedEvents',
    summary: 'The last events that failed or came too late',
    answer: schemas.droppedEvents,
    errors: oneErrors,
    answerOf: async (pipelines, id, of) => {
      const dropped = (await pipelines.dropped(id, of)).map(droppedDocument);
      return { dropped, total: dropped.length };
    },
  }),
  ofOne({
    method: 'DELETE',
    part: '',
    id: 'deletePipeline',
    summary: 'Delete a pipeline',
    answer: schemas.removedPipeline,
    errors: deleteErrors,
    answerOf: async (pipelines, id, of) => {
      await pipelines.delete(id, of);
      return { pipeline_id: id, removed: true };
    },
  }),
  ofOne({
    method: 'PUT',
    part: '/reset',
    id: 'resetPipeline',
    summary: 'Forget groups, panes and statistics; go on with the events that follow',
    answer: schemas.resetPipeline,
    errors: changeErrors,
    answerOf: async (pipelines, id, of) => {
      await pipelines.reset(id, of);
      return { pipeline_id: id, reset: true };
    },
  }),
  ofOne({
    method: 'POST',
    part: '/pause',
    id: 'pausePipeline',
    summary: 'Process nothing until it is resumed',
    answer: schemas.pipeline,
    errors: changeErrors,
    answerOf: async (pipelines, id, of) => pipelineDocument(await pipelines.pause(id, of)),
  }),
  ofOne({
    method: 'POST',
    part: '/resume',
    id: 'resumePipeline',
    summary: 'Go on where it was paused',
    answer: schemas.pipeline,
    errors: changeErrors,
    answerOf: async (pipelines, id, of) => pipelineDocument(await pipelines.resume(id, of)),
  }),
];

export const pipelineRoutes: readonly Route[] = [
  controlRoute({
    method: 'POST',
    pattern: path,
    id: 'createPipeline',
    summary: 'Process events behind the log, from now on or from its beginning',
    tag,
    query: noQuery,
    request: schemas.newPipeline,
    answer: schemas.createdPipeline,
    errors: [...queryErrors, ...bodyErrors, ...writeErrors, 'pipeline_exists', 'webhook_exists'],
    handle: createPipeline,
  }),
  controlRoute({
    method: 'GET',
    pattern: path,
    id: 'listPipelines',
    summary: 'Pipelines of a tenant by id',
    tag,
    answer: schemas.pipelineList,
    errors: ['invalid_query'],
    handle: listPipelines,
  }),
  // Before the path that a pipeline of this id would have.
  controlRoute({
    method: 'GET',
    pattern: `${path}/stats`,
    id: 'listPipelineStats',
    summary: 'What the pipelines of a tenant have done',
    tag,
    answer: schemas.pipelineStatsList,
    errors: ['invalid_query'],
    handle: listStats,
  }),
  ...ofOneRoutes,
  controlRoute({
    method: 'POST',
    pattern: `${onePath}/test`,
    id: 'testPipeline',
    summary: 'What would come of some events; nothing is stored',
    tag,
    params: schemas.pipelineParams,
    request: schemas.pipelineTest,
    bodyLimit: 'batch',
    answer: schemas.testedPipeline,
    errors: [...oneErrors, ...bodyErrors, 'unprocessable'],
    handle: testPipeline,
  }),
];

async function createPipeline(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const { id, from, tenant_id: tenantId, ...definition } = readNewPipeline(exchange);
  // Checked by the schema, and by the store.
  const input = { ...definition, tenant_id: exchange.tenantOf(tenantId) } as JsonObject;
  const options = { id: id ?? undefined, from: from ?? undefined };
  const info = await exchange.runtime.store.pipelines.create(input, options);
  const { webhooks } = info;
  return jsonReply({
    pipeline_id: info.id,
    name: info.name,
    enabled: info.status !== 'paused',
    ...(webhooks.length > 0 && { webhooks }),
  });
}

async function listPipelines(exchange: Exchange): Promise<Reply> {
  const infos = await exchange.runtime.store.pipelines.list({ tenantId: tenantIn(exchange) });
  return jsonReply({ pipelines: infos.map(pipelineDocument), total: infos.length });
}

async function listStats(exchange: Exchange): Promise<Reply> {
  const infos = await exchange.runtime.store.pipelines.list({ tenantId: tenantIn(exchange) });
  return jsonReply({ stats: infos.map(statisticsDocument), total: infos.length });
}

async function testPipeline(exchange: Exchange): Promise<Reply> {
  const { id } = readParams(exchange.params);
  const tenantId = tenantIn(exchange);
  const events = readTest(exchange).events.map((event) => ({
    eventType: event.event_type,
    entityId: event.entity_id,
    tenantId: exchange.tenantOf(event.tenant_id ?? tenantId),
    payload: event.payload,
    metadata: event.metadata,
  }));
  // What came as JSON is JSON.
  const given = events as NewEvent[];
  const tested = await exchange.runtime.store.pipelines.test(id, given, { tenantId });
  return jsonReply(testDocument(tested));
}
