export {
  checkDocument,
  mappingDocument,
  registeredDocument,
  schemaDocument,
  subjectDocument,
  validationDocument,
} from './documents.js';
export { descriptionCharactersMax, tagCharactersMax, tagsMax } from './input.js';
export { enforcements } from './types.js';
export { SchemaRegistry } from './registry.js';
export { checkedUpcasters } from './evolution.js';
export {
  isUpcast,
  upcastAll,
  upcastDocument,
  upcastEvents,
  upcastLines,
  upcastPage,
} from './upcasting.js';
export { UpcastDeliveries, upcastSubscription } from './upcastFollowing.js';
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
  ViolationCounts,
} from './types.js';
