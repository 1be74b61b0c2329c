export { SchemaRegistry } from './registry.js';
export type {
  CompatibilityCheck,
  EmbeddedSchemas,
  Enforcement,
  MappingInfo,
  NewMapping,
  RegisterOptions,
  RegisteredSchema,
  SchemaInfo,
  Schemas,
  SubjectInfo,
  Validation,
  VersionOptions,
} from './types.js';
