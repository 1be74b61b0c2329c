import type { JsonObject } from '../domain/index.js';

/** A schema as a value: JSON Schema draft-07 or 2020-12. */
export type JsonSchema = boolean | JsonObject;
