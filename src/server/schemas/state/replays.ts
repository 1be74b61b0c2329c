import { type Static, Type } from '@sinclair/typebox';
import { batchEventsMax, partitionsMax, workersMax } from '../../../replays/index.js';
import { count, entityId, eventType, tenantId, timestamp } from '../formats.js';

const strict = { additionalProperties: false };

const mode = Type.Union([Type.Literal('clear'), Type.Literal('blue_green')], {
  description:
    '`clear`: states begin empty and are read while they grow. `blue_green`: those before are read ' +
    'until the new ones take their place in one step',
});

export const newReplay = Type.Object(
  {
    tenant_id: Type.Optional(Type.Union([tenantId, Type.Null()])),
    projection_name: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()], {
        description: 'Default: all projections of the tenant that run',
      }),
    ),
    from_timestamp: Type.Optional(Type.Union([timestamp, Type.Null()])),
    to_timestamp: Type.Optional(Type.Union([timestamp, Type.Null()])),
    entity_id: Type.Optional(Type.Union([entityId, Type.Null()])),
    event_type: Type.Optional(Type.Union([eventType, Type.Null()])),
    mode: Type.Optional(mode),
    config: Type.Optional(
      Type.Object(
        {
          batch_size: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: batchEventsMax,
              description: 'Events that are read and handled at a time; default 1 000',
            }),
          ),
          parallel: Type.Optional(
            Type.Boolean({
              description: 'Whether several projections are replayed at once; default false',
            }),
          ),
          workers: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: workersMax,
              description: 'How many at once then; default 4',
            }),
          ),
          partitions: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: partitionsMax,
              description:
                'Threads that fold one projection, each a part of its keys; default none, with ' +
                'parallel as many as there are cores, at most 4',
            }),
          ),
          emit_progress: Type.Optional(
            Type.Boolean({ description: 'Whether progress is told before the end; default true' }),
          ),
          progress_interval: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: Number.MAX_SAFE_INTEGER,
              description: 'Events after which it is told; default 1 000',
            }),
          ),
        },
        strict,
      ),
    ),
  },
  { ...strict, $id: 'NewReplay' },
);

export const replay = Type.Object(
  {
    replay_id: Type.String(),
    tenant_id: tenantId,
    projections: Type.Array(Type.String()),
    mode,
    status: Type.Union([
      Type.Literal('pending'),
      Type.Literal('running'),
      Type.Literal('completed'),
      Type.Literal('failed'),
      Type.Literal('cancelled'),
    ]),
    started_at: timestamp,
    updated_at: timestamp,
    completed_at: Type.Union([timestamp, Type.Null()]),
    total_events: Type.Integer({
      minimum: 0,
      description: 'Events that are selected, counted for each projection',
    }),
    processed_events: count,
    failed_events: count,
    progress_percentage: Type.Number({ minimum: 0, maximum: 100 }),
    events_per_second: Type.Number({ minimum: 0 }),
    remaining_seconds: Type.Union([count, Type.Null()]),
    error_message: Type.Union([Type.String(), Type.Null()]),
  },
  { ...strict, $id: 'Replay' },
);

export const replayList = Type.Object(
  { replays: Type.Array(replay, { description: 'Newest first' }), total: count },
  { ...strict, $id: 'ReplayList' },
);

export const deletedReplay = Type.Object(
  { replay_id: Type.String(), deleted: Type.Literal(true) },
  { ...strict, $id: 'DeletedReplay' },
);

export const replayParams = Type.Object({ replay_id: Type.String({ minLength: 1 }) });

export type NewReplay = Static<typeof newReplay>;

export const replayDocuments = [newReplay, replay, replayList, deletedReplay];
