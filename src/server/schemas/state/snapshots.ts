import { Type } from '@sinclair/typebox';
import { pageEventsDefault, pageEventsMax } from '../../../domain/index.js';
import { entityId, tenantId, timestamp, uuid } from '../formats.js';

const strict = { additionalProperties: false };

export const newSnapshot = Type.Object(
  { entity_id: entityId, tenant_id: Type.Optional(Type.Union([tenantId, Type.Null()])) },
  { ...strict, $id: 'NewSnapshot' },
);

export const snapshotsQuery = Type.Object(
  {
    tenant_id: Type.Optional(tenantId),
    entity_id: Type.Optional(entityId),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: pageEventsMax,
        description: `Snapshots on one page at most, default ${pageEventsDefault}`,
      }),
    ),
    cursor: Type.Optional(
      Type.String({ description: '`next_cursor` of the page before', maxLength: 256 }),
    ),
  },
  strict,
);

const eventCount = Type.Integer({
  minimum: 1,
  description: 'Events that it has: it is the state at this version',
});
const sizeBytes = Type.Integer({ minimum: 0, description: 'Of the state as JSON' });

const described = {
  entity_id: entityId,
  created_at: timestamp,
  as_of: Type.String({ format: 'date-time', description: 'Time of the last event that it has' }),
  event_count: eventCount,
  size_bytes: sizeBytes,
  snapshot_type: Type.Union(
    [Type.Literal('manual'), Type.Literal('automatic'), Type.Literal('ondemand')],
    {
      description:
        'Asked for, made at a threshold, or made after a state that took many events to make',
    },
  ),
  state_of: Type.String({
    description: '`shallow` or `deep` merge, or a reducer with its version: `order.2`',
  }),
};
const fields = { id: uuid, ...described };

const snapshotInfo = Type.Object(fields, { ...strict, $id: 'SnapshotInfo' });

export const snapshot = Type.Object(
  { ...fields, state: Type.Unknown({ description: 'The state: any JSON value' }) },
  { ...strict, $id: 'Snapshot' },
);

export const createdSnapshot = Type.Object(
  { snapshot_id: uuid, ...described },
  { ...strict, $id: 'CreatedSnapshot' },
);

export const snapshotPage = Type.Object(
  {
    snapshots: Type.Array(snapshotInfo, { description: 'Newest first' }),
    total: Type.Integer({ minimum: 0, description: 'Snapshots on this page' }),
    next_cursor: Type.Union([Type.String(), Type.Null()], {
      description: '`cursor` of the next page; null on the last one',
    }),
  },
  { ...strict, $id: 'SnapshotPage' },
);

/** Schemas that the document names once. */
export const snapshotDocuments = [
  newSnapshot,
  snapshotInfo,
  snapshot,
  createdSnapshot,
  snapshotPage,
];
