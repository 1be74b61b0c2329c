import { Type } from '@sinclair/typebox';
import { compatibilityModes } from '../../schemas/index.js';
import {
  descriptionCharactersMax,
  enforcements,
  tagCharactersMax,
  tagsMax,
} from '../../schemaRegistry/index.js';
import { count, eventType, tenantId, timestamp, uuid } from './formats.js';

const strict = { additionalProperties: false };

const subject = Type.String({ description: 'An event type, or a prefix such as `order.*`' });
const version = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Number of a version of the schema, from 1',
});
// What a schema may be is checked by the registry, which says where it is wrong.
const schema = Type.Unknown({ description: 'JSON Schema, draft-07 or 2020-12' });
const json = Type.Unknown({ description: 'Any JSON value' });
const compatibility = Type.Union(compatibilityModes.map((mode) => Type.Literal(mode)));
const enforcement = Type.Union(
  enforcements.map((mode) => Type.Literal(mode)),
  { description: 'Refuse what breaks the schema, count it, or do not look' },
);
const description = Type.Union([Type.String(), Type.Null()], {
  description: `Up to ${descriptionCharactersMax} characters`,
});
const tagList = Type.Array(Type.String(), {
  description: `Up to ${tagsMax} texts of 1-${tagCharactersMax} characters`,
});

export const newSchema = Type.Object(
  {
    subject,
    schema,
    description: Type.Optional(description),
    tags: Type.Optional(Type.Union([tagList, Type.Null()])),
  },
  { ...strict, $id: 'NewSchema' },
);

const schemaFields = {
  id: uuid,
  subject,
  tenant_id: tenantId,
  version,
  schema,
  description: Type.Union([Type.String(), Type.Null()]),
  tags: Type.Array(Type.String()),
  created_at: timestamp,
  compatibility,
  enforcement,
};

export const schemaVersion = Type.Object(schemaFields, { ...strict, $id: 'SchemaVersion' });

export const registeredSchema = Type.Object(
  {
    schema_id: uuid,
    ...schemaFields,
    is_new: Type.Boolean({ description: 'False where the subject had the same schema already' }),
    latest_version: Type.Integer({
      ...{ minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
      description: 'The version that payloads are checked against; may be a later one',
    }),
  },
  { ...strict, $id: 'RegisteredSchema' },
);

export const schemaSubject = Type.Object(
  {
    subject,
    tenant_id: tenantId,
    latest_version: version,
    compatibility,
    enforcement,
    violations: Type.Object(
      { refused: count, warned: count },
      { ...strict, description: 'Payloads that broke the schema since the store was opened' },
    ),
  },
  { ...strict, $id: 'SchemaSubject' },
);

export const schemaList = Type.Object(
  {
    subjects: Type.Array(Type.String(), { description: 'Sorted' }),
    details: Type.Array(schemaSubject, { description: 'In the same order' }),
    total: count,
  },
  { ...strict, $id: 'SchemaList' },
);

export const schemaVersions = Type.Object(
  { subject, versions: Type.Array(version, { description: 'Rising' }) },
  { ...strict, $id: 'SchemaVersions' },
);

export const newValidation = Type.Object(
  { subject, version: Type.Optional(Type.Union([version, Type.Null()])), payload: json },
  { ...strict, $id: 'NewValidation' },
);

export const validation = Type.Object(
  {
    valid: Type.Boolean(),
    errors: Type.Array(
      Type.Object(
        {
          pointer: Type.String({ description: 'JSON pointer into the payload' }),
          rule: Type.String({ description: 'The keyword that is broken' }),
          message: Type.String(),
        },
        strict,
      ),
    ),
    schema_version: version,
  },
  { ...strict, $id: 'Validation' },
);

export const newCompatibilityCheck = Type.Object(
  { schema },
  { ...strict, $id: 'NewCompatibilityCheck' },
);

const breakingChange = Type.Object(
  {
    version: Type.Integer({ minimum: 1, description: 'The earlier version that it is against' }),
    pointer: Type.String({
      description: 'JSON pointer: into the next schema, or backwards into the earlier one',
    }),
    kind: Type.String(),
    direction: Type.Union([Type.Literal('backward'), Type.Literal('forward')]),
    was: Type.Optional(json),
    is: Type.Optional(json),
    advice: Type.String({ description: 'How to make it compatible' }),
  },
  strict,
);

export const compatibilityCheck = Type.Object(
  {
    compatible: Type.Boolean(),
    compatibility,
    breaking_changes: Type.Array(breakingChange),
  },
  { ...strict, $id: 'CompatibilityCheck' },
);

export const newCompatibility = Type.Object(
  {
    compatibility: Type.String({
      description: `${compatibilityModes.join(', ')}, in upper or lower case`,
    }),
  },
  { ...strict, $id: 'NewCompatibility' },
);

export const newEnforcement = Type.Object(
  { enforcement: Type.String({ description: enforcements.join(', ') }) },
  { ...strict, $id: 'NewEnforcement' },
);

const mappingVersion = Type.Integer({
  minimum: 0,
  maximum: 4_294_967_295,
  description: 'Version of the schema; 0 is of events without one',
});

/** What each operation is made of is checked with the rest, so that all that is wrong is told at once. */
const operations = Type.Array(
  Type.Record(Type.String(), Type.Unknown(), {
    description: '`op` is rename, copy, add, set, remove or transform',
  }),
);

export const newUpcaster = Type.Object(
  {
    event_type: Type.String(),
    from_version: mappingVersion,
    to_version: Type.Optional(
      Type.Union([mappingVersion, Type.Null()], { description: 'Default the next one' }),
    ),
    operations,
  },
  { ...strict, $id: 'NewUpcaster' },
);

export const upcaster = Type.Object(
  { event_type: eventType, from_version: mappingVersion, to_version: mappingVersion, operations },
  { ...strict, $id: 'Upcaster' },
);

export const upcasterList = Type.Object(
  { upcasters: Type.Array(upcaster), total: count },
  { ...strict, $id: 'UpcasterList' },
);

export const versionQuery = Type.Object(
  { tenant_id: Type.Optional(tenantId), version: Type.Optional(version) },
  strict,
);

export const subjectParams = Type.Object({ subject: Type.String({ minLength: 1 }) });

export const upcasterParams = Type.Object({
  event_type: Type.String({ minLength: 1 }),
  from_version: Type.String({
    pattern: '^(0|[1-9][0-9]{0,9})$',
    description: 'A whole number from 0',
  }),
});

export const registryDocuments = [
  newSchema,
  schemaVersion,
  registeredSchema,
  schemaSubject,
  schemaList,
  schemaVersions,
  newValidation,
  validation,
  newCompatibilityCheck,
  compatibilityCheck,
  newCompatibility,
  newEnforcement,
  newUpcaster,
  upcaster,
  upcasterList,
];
