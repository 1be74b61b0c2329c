import { type Static, Type } from '@sinclair/typebox';
import { columnNames, fieldsMax } from '../../columnar/index.js';
import {
  pageEventsDefault,
  pageEventsMax,
  stateHistoryDefault,
  tagsMax,
} from '../../domain/index.js';
import {
  entityId,
  eventType,
  eventTypePrefix,
  position,
  tag,
  tags,
  tenantId,
  timestamp,
  uuid,
} from './formats.js';
import { eventMatches, matchParameter } from './matches.js';

/** What an Arrow stream has: `name=path:type`, or `path:type`. */
export const fieldPattern = /^(?:([^=]+)=)?([^=]+):(float64|int64|bool|utf8|json)$/;
const fieldCharactersMax = 600;

const strict = { additionalProperties: false };

const limit = Type.Integer({
  minimum: 1,
  maximum: pageEventsMax,
  description: `Rows on one page, default ${pageEventsDefault}`,
});
const cursor = Type.String({ description: '`next_cursor` of the page before', maxLength: 256 });
const order = Type.Union([Type.Literal('asc'), Type.Literal('desc')], {
  description: 'By position; default `asc`',
});

const tagParameter = Type.Array(tag, {
  maxItems: tagsMax,
  description: 'May be given several times: events that have all of these tags',
});

/** No route without parameters takes any: a misspelt one would change nothing, unnoticed. */
export const noQuery = Type.Object({}, strict);

const upcast = Type.Literal('latest', {
  description: 'Makes payloads of older versions of their schema those of the newest, by upcasters',
});

export const eventQuery = Type.Object(
  { tenant_id: Type.Optional(tenantId), upcast: Type.Optional(upcast) },
  strict,
);

export const tenantQuery = Type.Object({ tenant_id: Type.Optional(tenantId) }, strict);

export const batchQuery = Type.Object(
  {
    tenant_id: Type.Optional(tenantId),
    return: Type.Optional(
      Type.Union([Type.Literal('full'), Type.Literal('summary')], {
        description: '`summary` leaves `results` out; default `full`',
      }),
    ),
  },
  strict,
);

export const eventsQuery = Type.Object(
  {
    entity_id: Type.Optional(entityId),
    event_type: Type.Optional(eventType),
    event_type_prefix: Type.Optional(eventTypePrefix),
    tag: Type.Optional(tagParameter),
    match: Type.Optional(matchParameter),
    tenant_id: Type.Optional(tenantId),
    as_of: Type.Optional(timestamp),
    since: Type.Optional(timestamp),
    until: Type.Optional(timestamp),
    from_position: Type.Optional(position),
    order: Type.Optional(order),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description:
          `Events at most. JSON: default ${pageEventsDefault}, at most ${pageEventsMax}; ` +
          'NDJSON: default all',
      }),
    ),
    cursor: Type.Optional(cursor),
    upcast: Type.Optional(upcast),
    column: Type.Optional(
      Type.Array(Type.Union(columnNames.map((name) => Type.Literal(name))), {
        maxItems: columnNames.length,
        description: 'Of an Arrow stream; may be given several times; default all columns',
      }),
    ),
    field: Type.Optional(
      Type.Array(Type.String({ pattern: fieldPattern.source, maxLength: fieldCharactersMax }), {
        maxItems: fieldsMax,
        description:
          'Of an Arrow stream; may be given several times: a field of payloads as a column, as ' +
          '`total:float64` or, with a name of its own, `net=total.net:float64`',
      }),
    ),
  },
  strict,
);

export const listQuery = Type.Object(
  {
    tenant_id: Type.Optional(tenantId),
    prefix: Type.Optional(Type.String({ format: 'entity-id-prefix' })),
    limit: Type.Optional(limit),
    cursor: Type.Optional(cursor),
  },
  strict,
);

export const stateQuery = Type.Object(
  {
    tenant_id: Type.Optional(tenantId),
    as_of: Type.Optional(timestamp),
    version: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'The entity as it was at this version; not together with `as_of`',
      }),
    ),
    merge: Type.Optional(
      Type.Union([Type.Literal('shallow'), Type.Literal('deep')], {
        description: 'Key by key, the default, or by RFC 7396',
      }),
    ),
    history_limit: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: pageEventsMax,
        description: `Newest events in \`history\`, default ${stateHistoryDefault}`,
      }),
    ),
  },
  strict,
);

const treeSize = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Events in the tree, at most the watermark; default the watermark',
});

export const treeHeadQuery = Type.Object({ tree_size: Type.Optional(treeSize) }, strict);

export const proofQuery = Type.Object(
  { tenant_id: Type.Optional(tenantId), tree_size: Type.Optional(treeSize) },
  strict,
);

export const consistencyQuery = Type.Object(
  {
    first_size: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Events in the older tree',
    }),
    second_size: Type.Optional(treeSize),
  },
  strict,
);

const topic = Type.String({
  pattern: '^[A-Za-z0-9._-]{1,64}$',
  description:
    'A topic of 1-64 letters, digits, `.`, `_` and `-`: its messages in the place of events',
});

export const streamQuery = Type.Object(
  {
    tenant_id: Type.Optional(tenantId),
    entity_id: Type.Optional(entityId),
    event_type: Type.Optional(eventType),
    event_type_prefix: Type.Optional(eventTypePrefix),
    tag: Type.Optional(tagParameter),
    match: Type.Optional(matchParameter),
    topic: Type.Optional(topic),
    from_position: Type.Optional(position),
    from_timestamp: Type.Optional(timestamp),
    upcast: Type.Optional(upcast),
    access_token: Type.Optional(Type.String({ description: 'Credentials; never logged' })),
  },
  strict,
);

const eventCount = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/** A text frame of a WebSocket client: with `type`, or the bare filter of the reference system. */
export const subscribeFrame = Type.Object(
  {
    type: Type.Optional(Type.Literal('subscribe')),
    entity_id: Type.Optional(Type.Union([entityId, Type.Null()])),
    event_type: Type.Optional(Type.Union([eventType, Type.Null()])),
    event_type_prefix: Type.Optional(Type.Union([eventTypePrefix, Type.Null()])),
    tags: Type.Optional(Type.Union([tags, Type.Null()])),
    match: Type.Optional(Type.Union([eventMatches, Type.Null()])),
    topic: Type.Optional(Type.Union([topic, Type.Null()])),
    from_position: Type.Optional(Type.Union([position, Type.Null()])),
    from_timestamp: Type.Optional(Type.Union([timestamp, Type.Null()])),
    upcast: Type.Optional(Type.Union([upcast, Type.Null()])),
    batch: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    credit: Type.Optional(Type.Union([eventCount, Type.Null()])),
  },
  strict,
);

/** A text frame that asks for more events of a subscription that was given `credit`. */
export const creditFrame = Type.Object(
  { type: Type.Literal('credit'), events: eventCount },
  strict,
);

export const eventParams = Type.Object({ event_id: uuid });
export const entityParams = Type.Object({ entity_id: entityId });

export type EventsQuery = Static<typeof eventsQuery>;
export type StreamQuery = Static<typeof streamQuery>;
export type SubscribeFrame = Static<typeof subscribeFrame>;
