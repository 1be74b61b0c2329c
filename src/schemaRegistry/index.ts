export { SchemaRegistry } from './registry.js';
export { isUpcast, upcastDocument, upcastEvents, upcastLines, upcastPage } from './upcasting.js';
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
