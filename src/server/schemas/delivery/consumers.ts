import { type Static, Type } from '@sinclair/typebox';
import { consumerLimits, consumerNamePattern } from '../../../consumers/index.js';
import { pageEventsDefault, pageEventsMax, partitionCount } from '../../../domain/index.js';
import { storedEvent } from '../documents.js';
import {
  count,
  entityId,
  eventType,
  eventTypePrefix,
  position,
  tags,
  tenantId,
  timestamp,
  uuid,
} from '../formats.js';
import { eventMatches } from '../matches.js';

const strict = { additionalProperties: false };
const { maxInFlight, ackTimeoutMs, maxAttempts } = consumerLimits;

/** Positions in one request. */
const positionsMax = 10_000;
const waitSecondsMax = 60;

/** Of a refusal that gives none. */
export const usualReason = 'refused by its member';

export const name = Type.String({
  pattern: consumerNamePattern,
  description: '1-128 letters, digits, `.`, `_` and `-`',
});
const member = Type.String({
  pattern: '^[\\x21-\\x7e]{1,128}$',
  description: 'Who it is, 1-128 visible ASCII characters; default `default`',
});
export const filter = Type.Object(
  {
    entity_id: Type.Optional(Type.Union([entityId, Type.Null()])),
    event_type: Type.Optional(Type.Union([eventType, Type.Null()])),
    event_type_prefix: Type.Optional(Type.Union([eventTypePrefix, Type.Null()])),
    tags: Type.Optional(Type.Union([tags, Type.Null()])),
    match: Type.Optional(Type.Union([eventMatches, Type.Null()])),
  },
  strict,
);
export const start = Type.Union(
  [Type.Literal('beginning'), Type.Literal('now'), position, timestamp],
  {
    description: '`beginning`, `now`, the first position wanted, or the first time',
  },
);
const positions = Type.Array(position, { minItems: 1, maxItems: positionsMax });

export function numberIn(range: { min: number; max: number; default: number }, unit: number) {
  return Type.Number({
    minimum: range.min / unit,
    maximum: range.max / unit,
    default: range.default / unit,
  });
}

export const newConsumer = Type.Object(
  {
    name,
    tenant_id: Type.Optional(Type.Union([tenantId, Type.Null()])),
    filter: Type.Optional(Type.Union([filter, Type.Null()])),
    start: Type.Optional(Type.Union([start, Type.Null()])),
    max_in_flight: Type.Optional(Type.Integer({ ...numberIn(maxInFlight, 1), type: 'integer' })),
    ack_timeout_seconds: Type.Optional(numberIn(ackTimeoutMs, 1000)),
    max_attempts: Type.Optional(Type.Integer({ ...numberIn(maxAttempts, 1), type: 'integer' })),
  },
  { ...strict, $id: 'NewConsumer' },
);

export const acknowledgement = Type.Object(
  { member: Type.Optional(member), positions },
  { ...strict, $id: 'Acknowledgement' },
);

const refusalFields = {
  reason: Type.Optional(Type.String({ maxLength: 1000 })),
  delay_seconds: Type.Optional(
    Type.Number({ minimum: 0, maximum: 3600, description: 'Before the next delivery' }),
  ),
};

export const refusal = Type.Object(
  { member: Type.Optional(member), positions, ...refusalFields },
  { ...strict, $id: 'Refusal' },
);

/** Frames of a member on a WebSocket; `credit` is that of streams. */
export const memberFrame = Type.Object({
  type: Type.Union([Type.Literal('credit'), Type.Literal('ack'), Type.Literal('nack')]),
});
export const ackFrame = Type.Object({ type: Type.Literal('ack'), positions }, strict);
export const nackFrame = Type.Object(
  { type: Type.Literal('nack'), positions, ...refusalFields },
  strict,
);

export const pushQuery = Type.Object(
  {
    tenant_id: Type.Optional(tenantId),
    member: Type.Optional(member),
    access_token: Type.Optional(Type.String({ description: 'Credentials; never logged' })),
  },
  strict,
);

export const seekRequest = Type.Object({ to: start }, { ...strict, $id: 'Seek' });

export const replayRequest = Type.Object(
  { positions: Type.Optional(positions) },
  { ...strict, $id: 'ReplayDeadLetters' },
);

export const consumerParams = Type.Object({ name });
export const memberParams = Type.Object({ name, member });

export const pullQuery = Type.Object(
  {
    tenant_id: Type.Optional(tenantId),
    member: Type.Optional(member),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: pageEventsMax,
        description: `Events at most, default ${pageEventsDefault}`,
      }),
    ),
    wait_seconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: waitSecondsMax,
        description: 'How long to wait where there is none, default 0',
      }),
    ),
  },
  strict,
);

export const deadLettersQuery = Type.Object(
  {
    tenant_id: Type.Optional(tenantId),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
    from_position: Type.Optional(position),
  },
  strict,
);

export const filterDocument = Type.Object(
  {
    entity_id: Type.Union([entityId, Type.Null()]),
    event_type: Type.Union([eventType, Type.Null()]),
    event_type_prefix: Type.Union([eventTypePrefix, Type.Null()]),
    tags,
    match: Type.Union([eventMatches, Type.Null()]),
  },
  strict,
);

const milliseconds = Type.Number({ minimum: 0 });
const partition = Type.Integer({ minimum: 0, maximum: partitionCount - 1 });
const memberState = Type.Object(
  {
    member: Type.String(),
    partitions: Type.Array(partition),
    in_flight: count,
    oldest_delivery_ms: Type.Union([milliseconds, Type.Null()]),
    stuck: Type.Boolean({ description: 'Holds an event for longer than ack_timeout_seconds' }),
    idle_ms: milliseconds,
  },
  strict,
);

/** A counter. */
export function sinceOpened(what: string) {
  return Type.Integer({ minimum: 0, description: `${what}, since the store was opened` });
}

export const consumer = Type.Object(
  {
    name,
    tenant_id: tenantId,
    filter: filterDocument,
    start_position: position,
    max_in_flight: Type.Integer(),
    ack_timeout_seconds: Type.Number(),
    max_attempts: Type.Integer(),
    cursor: Type.Integer({ minimum: 0, description: 'All matching events up to here are done' }),
    lag: Type.Integer({
      minimum: 0,
      description: 'Positions between the cursor and the watermark',
    }),
    in_flight: count,
    dead_letters: count,
    last_delivery_at: Type.Union([timestamp, Type.Null()]),
    delivered: sinceOpened('Events given to members, those given again among them'),
    redelivered: sinceOpened('Events given to members again'),
    acknowledged: sinceOpened('Events that members acknowledged'),
    members: Type.Array(memberState),
    failure: Type.Union([Type.Object({ code: Type.String(), error: Type.String() }), Type.Null()]),
  },
  { ...strict, $id: 'Consumer' },
);

export const consumerList = Type.Object(
  { consumers: Type.Array(consumer), total: count },
  { ...strict, $id: 'ConsumerList' },
);

export const deliveries = Type.Object(
  {
    deliveries: Type.Array(
      Type.Object({ attempt: Type.Integer({ minimum: 1 }), event: storedEvent }, strict),
    ),
    count,
  },
  { ...strict, $id: 'Deliveries' },
);

export const acknowledged = Type.Object(
  {
    acknowledged: count,
    stale: Type.Array(position, { description: 'Not in flight with this member (any more)' }),
  },
  { ...strict, $id: 'Acknowledged' },
);

/** What a webhook of a pipeline posts. */
const pipelineResult = Type.Object(
  {
    id: uuid,
    pipeline_id: Type.String(),
    time: timestamp,
    position,
    value: Type.Unknown(),
  },
  { ...strict, $id: 'PipelineResult' },
);

export const deadLetters = Type.Object(
  {
    dead_letters: Type.Array(
      Type.Object(
        {
          position,
          partition,
          attempts: count,
          reason: Type.String(),
          failed_at: timestamp,
          replayed: Type.Boolean({ description: 'It is being delivered again' }),
          event: Type.Union([storedEvent, pipelineResult, Type.Null()], {
            description: 'As it was to be delivered; null where it was dropped from the log',
          }),
        },
        strict,
      ),
    ),
    total: count,
    next_position: Type.Union([position, Type.Null()], {
      description: '`from_position` of the next page; null on the last one',
    }),
  },
  { ...strict, $id: 'DeadLetters' },
);

export const replayed = Type.Object({ replayed: count }, { ...strict, $id: 'Replayed' });

/** Schemas that `/openapi.json` names once. */
export const consumerDocuments = [
  newConsumer,
  acknowledgement,
  refusal,
  seekRequest,
  replayRequest,
  consumer,
  consumerList,
  deliveries,
  acknowledged,
  pipelineResult,
  deadLetters,
  replayed,
];

export type NewConsumer = Static<typeof newConsumer>;
export type DeadLettersQuery = Static<typeof deadLettersQuery>;
export type Start = Static<typeof start>;
export type ConsumerDocument = Static<typeof consumer>;
export type WireFilter = Static<typeof filter>;
