export {
  compatibilityFindings,
  compatibilityModes,
  findingsAgainst,
  isTransitive,
  undecidedVersion,
} from './compatibility/compatibility.js';
export type { EarlierVersion, VersionFinding } from './compatibility/compatibility.js';
export type {
  CompatibilityDirection,
  CompatibilityMode,
  CompatibilityOptions,
  Finding,
  FindingKind,
  PairMode,
  PatternMatcher,
} from './compatibility/types.js';
export { mappingOperationsMax } from './evolution/mapping.js';
export type { MappingOperation } from './evolution/mapping.js';
export { upcastBytesMax } from './evolution/payloadExtent.js';
export { checkUpcaster, defineUpcaster, upcasterToWire } from './evolution/upcaster.js';
export type { Upcaster, UpcasterDefinition } from './evolution/upcaster.js';
export { Upcasters, upcastStepsMax } from './evolution/upcasters.js';
export type { UpcastersOptions, VersionedEvent } from './evolution/upcasters.js';
export { schemaSha256 } from './jsonSchema.js';
export type { JsonSchema } from './jsonSchema.js';
export { checkSchemaDocument } from './validation/checkSchemaDocument.js';
export { compileSchema, type Validator } from './validation/compileSchema.js';
export { appendStepsMax } from './validation/limits.js';
export { linearMatcher } from './validation/linearMatcher.js';
export type { StepAllowance } from './validation/stepBudget.js';
export { compareVersions } from './thread/compareVersions.js';
export { trialCompile, type TrialOptions } from './thread/trialCompile.js';
export type { SchemaViolation } from './validation/violations.js';
export { eventTypesSource } from './types/eventTypesSource.js';
export type { SubjectSchema } from './types/eventTypesSource.js';
