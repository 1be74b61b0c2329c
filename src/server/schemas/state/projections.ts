import { type Static, Type } from '@sinclair/typebox';
import { pageEventsMax } from '../../../domain/index.js';
import { count, tenantId } from '../formats.js';

const strict = { additionalProperties: false };
const waitSecondsMax = 60;

const name = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  description: '1-64 letters, digits, `.`, `_` and `-`',
});
const path = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'From the payload on, such as `customer.id`',
});
const errorPolicy = Type.Union(
  [Type.Literal('stop'), Type.Literal('park'), Type.Literal('retry')],
  { description: 'What becomes of an event that fails; default `stop`' },
);
const fieldFold = Type.Object(
  {
    fold: Type.Union([
      Type.Literal('count'),
      Type.Literal('sum'),
      Type.Literal('min'),
      Type.Literal('max'),
      Type.Literal('last'),
      Type.Literal('merge'),
    ]),
    field: Type.Optional(path),
  },
  strict,
);

export const newProjection = Type.Object(
  {
    name,
    version: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    tenant_id: Type.Optional(Type.Union([tenantId, Type.Null()])),
    source_event_types: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 130 }), {
        maxItems: 100,
        description: 'Event types, or `order.*`; default all',
      }),
    ),
    key: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description:
          'Path from the payload on, `$entity_id` or `$event_type`; default `$entity_id`',
      }),
    ),
    fields: Type.Record(Type.String({ minLength: 1, maxLength: 128 }), fieldFold),
    on_error: Type.Optional(errorPolicy),
  },
  { ...strict, $id: 'NewProjection' },
);

const failure = Type.Object(
  { position: Type.Integer({ minimum: 0 }), reason: Type.String() },
  strict,
);

export const projection = Type.Object(
  {
    name,
    tenant_id: tenantId,
    version: Type.Integer({ minimum: 1 }),
    kind: Type.Union([Type.Literal('code'), Type.Literal('declarative'), Type.Literal('built_in')]),
    status: Type.Union([
      Type.Literal('created'),
      Type.Literal('running'),
      Type.Literal('paused'),
      Type.Literal('stopped'),
      Type.Literal('failed'),
      Type.Literal('rebuilding'),
    ]),
    position: Type.Integer({ minimum: 0, description: 'All events up to here are in the states' }),
    lag: Type.Integer({ minimum: 0, description: 'Positions between it and the end of the log' }),
    stats: Type.Object(
      { events_processed: count, events_failed: count, events_parked: count },
      strict,
    ),
    failure: Type.Union([failure, Type.Null()]),
    rebuild: Type.Union([
      Type.Object(
        {
          version: Type.Integer({ minimum: 1 }),
          position: Type.Integer({ minimum: 0 }),
          goal: Type.Integer({ minimum: 0 }),
        },
        strict,
      ),
      Type.Null(),
    ]),
  },
  { ...strict, $id: 'Projection' },
);

export const projectionList = Type.Object(
  { projections: Type.Array(projection), total: count },
  { ...strict, $id: 'ProjectionList' },
);

const wait = {
  wait_for_position: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Answer once all events up to here are in the states: read your own writes',
    }),
  ),
  wait_seconds: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: waitSecondsMax,
      description: 'How long that may take; default 5. Then the answer is `overloaded`',
    }),
  ),
};

export const stateQuery = Type.Object({ tenant_id: Type.Optional(tenantId), ...wait }, strict);

export const stateListQuery = Type.Object(
  {
    tenant_id: Type.Optional(tenantId),
    prefix: Type.Optional(Type.String({ maxLength: 256 })),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: pageEventsMax, description: 'Default 100' }),
    ),
    cursor: Type.Optional(
      Type.String({ description: '`next_cursor` of the page before', maxLength: 512 }),
    ),
    ...wait,
  },
  strict,
);

const state = Type.Unknown({ description: 'The state: any JSON value' });
const key = Type.String();
const position = Type.Integer({ minimum: 0, description: 'All events up to here are in it' });

export const projectedState = Type.Object(
  { projection: name, key, state, position },
  { ...strict, $id: 'ProjectedState' },
);

export const projectedStates = Type.Object(
  {
    projection: name,
    states: Type.Array(Type.Object({ key, state }, strict)),
    position,
    next_cursor: Type.Union([Type.String(), Type.Null()]),
  },
  { ...strict, $id: 'ProjectedStates' },
);

export const parkedEvents = Type.Object(
  { parked: Type.Array(failure, { description: 'Oldest first' }), total: count },
  { ...strict, $id: 'ParkedEvents' },
);

export const projectionParams = Type.Object({ name: Type.String({ minLength: 1 }) });
export const stateParams = Type.Object({
  name: Type.String({ minLength: 1 }),
  key: Type.String({ minLength: 1 }),
});

export type NewProjection = Static<typeof newProjection>;

export const projectionDocuments = [
  newProjection,
  projection,
  projectionList,
  projectedState,
  projectedStates,
  parkedEvents,
];
