import { Type } from '@sinclair/typebox';
import { errorTable } from '../../domain/index.js';
import {
  count,
  entityId,
  eventType,
  position,
  tags,
  tenantId,
  timestamp,
  uuid,
} from './formats.js';
import { eventMatches } from './matches.js';

const strict = { additionalProperties: false };
const json = Type.Unknown({ description: 'Any JSON value, up to 128 levels deep' });
const jsonObject = Type.Record(Type.String(), Type.Unknown());
const version = Type.Integer({ minimum: 1, description: 'Number within the entity, from 1' });
const nextCursor = Type.Union([Type.String(), Type.Null()], {
  description: '`cursor` of the next page; null on the last one',
});
const durability = Type.Union(
  [Type.Literal('sync'), Type.Literal('async'), Type.Literal('memory')],
  { description: 'When the append was acknowledged: synced, written, or in memory only' },
);
const expectedVersion = Type.Union(
  [Type.Integer({ minimum: 0 }), Type.Literal('any'), Type.Literal('exists'), Type.Literal('none')],
  { description: 'What the version of the entity must be; default `any`' },
);

export const newEvent = Type.Object(
  {
    event_type: eventType,
    entity_id: entityId,
    payload: json,
    metadata: Type.Optional(Type.Union([jsonObject, Type.Null()])),
    tenant_id: Type.Optional(Type.Union([tenantId, Type.Null()])),
    event_id: Type.Optional(Type.Union([uuid, Type.Null()])),
    tags: Type.Optional(Type.Union([tags, Type.Null()])),
    expected_version: Type.Optional(Type.Union([expectedVersion, Type.Null()])),
  },
  { ...strict, $id: 'NewEvent' },
);

const result = {
  event_id: uuid,
  timestamp,
  version,
  position,
  deduplicated: Type.Boolean({ description: 'True where the event was there before' }),
};

export const appendResult = Type.Object(
  { ...result, durability },
  { ...strict, $id: 'AppendResult' },
);

export const newBatch = Type.Union(
  [
    Type.Array(newEvent),
    Type.Object(
      {
        events: Type.Array(newEvent),
        atomic: Type.Optional(Type.Literal(true)),
        conditions: Type.Optional(Type.Record(Type.String(), expectedVersion)),
        fail_if_events_match: Type.Optional(eventMatches),
        after: Type.Optional(
          Type.Integer({
            minimum: 0,
            description: 'Only events behind this position count; default 0, all do',
          }),
        ),
      },
      strict,
    ),
  ],
  { $id: 'NewBatch' },
);

export const batchResult = Type.Object(
  {
    ingested: count,
    first_position: count,
    last_position: count,
    durability,
    results: Type.Optional(Type.Array(Type.Object(result, strict))),
  },
  { ...strict, $id: 'BatchResult' },
);

const schemaVersion = Type.Integer({
  minimum: 1,
  description: 'Of the schema that the payload was checked against; absent where there was none',
});

export const storedEvent = Type.Object(
  {
    id: uuid,
    event_type: eventType,
    entity_id: entityId,
    tenant_id: tenantId,
    tags,
    payload: json,
    metadata: Type.Union([jsonObject, Type.Null()]),
    timestamp,
    version,
    position,
    partition: Type.Integer({ minimum: 0, maximum: 31 }),
    schema_version: Type.Optional(schemaVersion),
  },
  { ...strict, $id: 'Event' },
);

export const eventPage = Type.Object(
  { events: Type.Array(storedEvent), count, next_cursor: nextCursor },
  { ...strict, $id: 'EventPage' },
);

const times = { first_timestamp: timestamp, last_timestamp: timestamp };

export const entityPage = Type.Object(
  {
    entities: Type.Array(
      Type.Object(
        { entity_id: entityId, event_count: count, current_version: version, ...times },
        strict,
      ),
    ),
    next_cursor: nextCursor,
  },
  { ...strict, $id: 'EntityPage' },
);

export const eventTypePage = Type.Object(
  {
    event_types: Type.Array(
      Type.Object({ event_type: eventType, event_count: count, ...times }, strict),
    ),
    next_cursor: nextCursor,
  },
  { ...strict, $id: 'EventTypePage' },
);

export const entityState = Type.Object(
  {
    entity_id: entityId,
    last_updated: timestamp,
    event_count: count,
    as_of: Type.Union([timestamp, Type.Null()]),
    version,
    current_state: jsonObject,
    history: Type.Array(
      Type.Object({ event_id: uuid, type: eventType, timestamp, version, payload: json }, strict),
    ),
  },
  { ...strict, $id: 'EntityState' },
);

export const entitySnapshot = Type.Object(
  { entity_id: entityId, snapshot: jsonObject, from_projection: Type.String() },
  { ...strict, $id: 'EntitySnapshot' },
);

const hash = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256' });

export const stats = Type.Object(
  {
    total_events: count,
    total_entities: count,
    total_event_types: count,
    total_ingested: count,
    watermark: count,
    storage_bytes: count,
    segments: count,
    first_position: count,
    tree_size: Type.Union([count, Type.Null()]),
    root_hash: Type.Union([hash, Type.Null()]),
  },
  { ...strict, $id: 'Stats' },
);

const path = Type.Array(hash, { description: 'Nodes of the tree, from the bottom up' });

export const treeHead = Type.Object(
  { tree_size: count, root_hash: hash },
  { ...strict, $id: 'TreeHead' },
);

export const eventProof = Type.Object(
  {
    position,
    tree_size: count,
    leaf: Type.String({ description: 'Base64 of the bytes that the leaf hash is of' }),
    path,
  },
  { ...strict, $id: 'EventProof' },
);

export const consistencyProof = Type.Object(
  { first_size: count, second_size: count, path },
  { ...strict, $id: 'ConsistencyProof' },
);

export const health = Type.Object(
  { status: Type.String(), service: Type.Literal('allsource-core'), version: Type.String() },
  { ...strict, $id: 'Health' },
);

export const readiness = Type.Object(
  { status: Type.Literal('ready'), read_only: Type.Boolean() },
  { ...strict, $id: 'Readiness' },
);

export const problem = Type.Object(
  {
    error: Type.String({ description: 'A sentence that a person can act on' }),
    code: Type.Union(Object.keys(errorTable).map((code) => Type.Literal(code))),
    request_id: Type.String(),
    details: Type.Optional(
      Type.Array(
        Type.Object(
          {
            field: Type.Optional(Type.String()),
            line: Type.Optional(Type.Integer()),
            event: Type.Optional(count),
            subject: Type.Optional(Type.String()),
            version: Type.Optional(schemaVersion),
            pointer: Type.Optional(Type.String()),
            rule: Type.Optional(Type.String()),
            reason: Type.String(),
          },
          strict,
        ),
      ),
    ),
    entity_id: Type.Optional(Type.String()),
    expected_version: Type.Optional(expectedVersion),
    current_version: Type.Optional(count),
    event_id: Type.Optional(Type.String()),
    events: Type.Optional(Type.Array(storedEvent)),
    position: Type.Optional(count),
  },
  { ...strict, $id: 'Problem' },
);

/** An Arrow IPC stream. */
export const arrowStream = Type.String({ format: 'binary' });

/** Schemas that the document names once, under `components`. */
export const namedDocuments = [
  newEvent,
  appendResult,
  newBatch,
  batchResult,
  storedEvent,
  eventPage,
  entityPage,
  eventTypePage,
  entityState,
  entitySnapshot,
  stats,
  treeHead,
  eventProof,
  consistencyProof,
  health,
  readiness,
  problem,
];
