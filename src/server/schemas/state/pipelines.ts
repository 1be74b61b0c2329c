import { type Static, Type } from '@sinclair/typebox';
import { testEventsMax } from '../../../pipelineRuns/index.js';
import { newEvent } from '../documents.js';
import { count, tenantId, timestamp } from '../formats.js';

const strict = { additionalProperties: false };

const id = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  description: '1-64 letters, digits, `.`, `_` and `-`',
});
const operator = Type.Record(Type.String(), Type.Unknown(), {
  description:
    '`type` is filter, map, reduce, window, enrich or branch; see the guide to pipelines',
});
const output = Type.Record(Type.String(), Type.Unknown(), {
  description: '`type` is event, topic or webhook; see the guide to pipelines',
});

const definitionFields = {
  name: Type.String({ minLength: 1, maxLength: 64 }),
  description: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  source_event_types: Type.Optional(
    Type.Array(Type.String(), { description: 'Event types, or `order.*`; empty: all' }),
  ),
  operators: Type.Array(operator),
  output: Type.Optional(Type.Union([output, Type.Null()])),
};

/** What each operator is made of is checked with the rest, so that all that is wrong is told at once. */
export const newPipeline = Type.Object(
  {
    id: Type.Optional(Type.Union([id, Type.Null()], { description: 'Default a UUID' })),
    tenant_id: Type.Optional(Type.Union([tenantId, Type.Null()])),
    from: Type.Optional(
      Type.Union([Type.Literal('beginning'), Type.Literal('now'), Type.Null()], {
        description: 'Which events: all that the log has too, or from now on, which is the default',
      }),
    ),
    enabled: Type.Optional(Type.Boolean({ description: 'Default true' })),
    ...definitionFields,
  },
  { ...strict, $id: 'NewPipeline' },
);

export const createdPipeline = Type.Object(
  {
    pipeline_id: id,
    name: Type.String(),
    enabled: Type.Boolean(),
    webhooks: Type.Optional(
      Type.Array(
        Type.Object({ name: Type.String(), url: Type.String(), secret: Type.String() }, strict),
        { description: 'Made for its outputs; secrets are told this once' },
      ),
    ),
  },
  { ...strict, $id: 'CreatedPipeline' },
);

const counts = {
  events_processed: count,
  events_filtered: count,
  events_failed: count,
  events_late: count,
  events_emitted: count,
  groups_evicted: count,
  open_panes: count,
  last_position: Type.Integer({ minimum: 0, description: 'Of the last event that was taken' }),
};
const lastProcessed = Type.Union([timestamp, Type.Null()]);
const place = {
  position: Type.Integer({ minimum: 0, description: 'All events up to here were processed' }),
  lag: Type.Integer({ minimum: 0, description: 'Positions between it and the end of the log' }),
};

export const pipeline = Type.Object(
  {
    id,
    tenant_id: tenantId,
    enabled: Type.Boolean(),
    status: Type.Union([Type.Literal('running'), Type.Literal('paused'), Type.Literal('failed')]),
    failure: Type.Union([Type.String(), Type.Null()], {
      description: 'Why it does not go on now; it tries again, or when it is resumed',
    }),
    ...place,
    stats: Type.Object({ ...counts, last_processed: lastProcessed }, strict),
    ...definitionFields,
    operators: Type.Union([Type.Array(operator), Type.Null()], {
      description: 'Null where this version of the server can not read the definition: see failure',
    }),
  },
  { ...strict, $id: 'Pipeline' },
);

export const pipelineList = Type.Object(
  { pipelines: Type.Array(pipeline), total: count },
  { ...strict, $id: 'PipelineList' },
);

export const pipelineStats = Type.Object(
  {
    pipeline_id: id,
    ...counts,
    last_processed: lastProcessed,
    ...place,
  },
  { ...strict, $id: 'PipelineStats' },
);

export const pipelineStatsList = Type.Object(
  { stats: Type.Array(pipelineStats), total: count },
  { ...strict, $id: 'PipelineStatsList' },
);

export const removedPipeline = Type.Object(
  { pipeline_id: id, removed: Type.Literal(true) },
  { ...strict, $id: 'RemovedPipeline' },
);

export const resetPipeline = Type.Object(
  { pipeline_id: id, reset: Type.Literal(true) },
  { ...strict, $id: 'ResetPipeline' },
);

export const pipelineTest = Type.Object(
  { events: Type.Array(newEvent, { maxItems: testEventsMax }) },
  { ...strict, $id: 'PipelineTest' },
);

const emission = Type.Object(
  {
    key: Type.String({ description: 'Unique in the pipeline' }),
    output,
    value: Type.Unknown(),
    order_key: Type.String({ description: 'Results with the same one are in order' }),
    time: timestamp,
  },
  strict,
);

export const testedPipeline = Type.Object(
  {
    emissions: Type.Array(emission),
    dropped: Type.Array(Type.Object({ outcome: Type.String(), reason: Type.String() }, strict)),
    stats: Type.Object(counts, strict),
  },
  { ...strict, $id: 'TestedPipeline' },
);

export const droppedEvents = Type.Object(
  {
    dropped: Type.Array(
      Type.Object({ position: count, outcome: Type.String(), reason: Type.String() }, strict),
      { description: 'Newest first, at most 100, since the store was opened' },
    ),
    total: count,
  },
  { ...strict, $id: 'DroppedEvents' },
);

/** Of a topic, in live streams. */
const topicMessage = Type.Object(
  {
    topic: Type.String(),
    pipeline: Type.String({ description: 'Id of the pipeline that it came out of' }),
    id: Type.String({ description: 'The same however often it was made' }),
    value: Type.Unknown(),
    time: Type.String({ format: 'date-time', description: 'Of the event, or the end of the pane' }),
    position: Type.Integer({ minimum: 1, description: 'Where it is in the log' }),
  },
  { ...strict, $id: 'TopicMessage' },
);

export const pipelineParams = Type.Object({ id: Type.String({ minLength: 1 }) });

export type NewPipeline = Static<typeof newPipeline>;

export const pipelineDocuments = [
  newPipeline,
  createdPipeline,
  pipeline,
  pipelineList,
  pipelineStats,
  pipelineStatsList,
  removedPipeline,
  resetPipeline,
  pipelineTest,
  testedPipeline,
  droppedEvents,
  topicMessage,
];
