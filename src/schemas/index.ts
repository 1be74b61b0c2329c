export { checkUpcaster, defineUpcaster, upcasterToWire } from './evolution/upcaster.js';
export type { Upcaster, UpcasterDefinition } from './evolution/upcaster.js';
export { Upcasters } from './evolution/upcasters.js';
export type { UpcastersOptions, VersionedEvent } from './evolution/upcasters.js';
export { mappingOperationsMax } from './evolution/mapping.js';
export type { MappingOperation } from './evolution/mapping.js';
export type { JsonSchema } from './jsonSchema.js';
