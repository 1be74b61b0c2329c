import { Type } from '@sinclair/typebox';
import { retentionRanges } from '../../domain/index.js';
import { count, timestamp, orNull } from './formats.js';

const strict = { additionalProperties: false };

function limit(name: 'keepDays' | 'keepEvents' | 'keepBytes', description: string) {
  const { min, max } = retentionRanges[name];
  return Type.Integer({ minimum: min, maximum: max, description });
}

const keepDays = limit('keepDays', 'Age in days of 24 hours');
const keepEvents = limit('keepEvents', 'Newest events of each tenant');
const keepBytes = limit('keepBytes', 'The same in bytes of payloads and metadata');

/** What names may be, the store checks. */
export const newPolicy = Type.Object(
  {
    name: Type.String({ description: '1-64 letters, digits, - or _' }),
    tenant_id: Type.Optional(orNull(Type.String({ description: 'Default all tenants' }))),
    event_type: Type.Optional(orNull(Type.String({ description: 'Default all types' }))),
    keep_days: Type.Optional(orNull(keepDays)),
    keep_events: Type.Optional(orNull(keepEvents)),
    keep_bytes: Type.Optional(orNull(keepBytes)),
  },
  { ...strict, $id: 'NewRetentionPolicy' },
);

export const policy = Type.Object(
  {
    name: Type.String(),
    tenant_id: orNull(Type.String()),
    event_type: orNull(Type.String()),
    keep_days: orNull(Type.Integer()),
    keep_events: orNull(Type.Integer()),
    keep_bytes: orNull(Type.Integer()),
    updated_at: timestamp,
  },
  { ...strict, $id: 'RetentionPolicy' },
);

export const policyList = Type.Object(
  { policies: Type.Array(policy, { description: 'By name' }), total: count },
  { ...strict, $id: 'RetentionPolicyList' },
);

export const deletedPolicy = Type.Object(
  { name: Type.String(), deleted: Type.Literal(true) },
  { ...strict, $id: 'DeletedRetentionPolicy' },
);

export const policyParams = Type.Object({ name: Type.String() }, strict);

export const newRun = Type.Object(
  { dry_run: Type.Optional(Type.Boolean({ description: 'Only say what would go' })) },
  { ...strict, $id: 'NewRetentionRun' },
);

export const report = Type.Object(
  {
    dry_run: Type.Boolean(),
    first_position: count,
    new_first_position: count,
    segments: count,
    events: count,
    policies: Type.Array(
      Type.Object({ policy: Type.String(), events: count, bytes: count }, strict),
    ),
    kept: Type.Union([
      Type.Object(
        {
          first_position: count,
          tenant_id: Type.String(),
          event_type: Type.String(),
          policy: orNull(Type.String()),
        },
        strict,
      ),
      Type.Null(),
    ]),
    duration_ms: Type.Number({ minimum: 0 }),
  },
  { ...strict, $id: 'RetentionReport' },
);

export const retentionDocuments = [newPolicy, policy, policyList, deletedPolicy, newRun, report];
