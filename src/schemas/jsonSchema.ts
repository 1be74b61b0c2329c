import { createHash } from 'node:crypto';
import { canonicalText, isJsonObject } from '../domain/index.js';
import type { JsonObject, JsonValue } from '../domain/index.js';

/** A schema as a value: JSON Schema draft-07 or 2020-12. */
export type JsonSchema = boolean | JsonObject;

export function isSchema(value: JsonValue | undefined): value is JsonSchema {
  return typeof value === 'boolean' || isJsonObject(value);
}

/** In hex; equal for schemas that differ in the order of members only. */
export function schemaSha256(schema: JsonValue): string {
  // What is nested too deeply for a canonical text is equal where it is written the same.
  const text = canonicalText(schema) ?? JSON.stringify(schema);
  return createHash('sha256').update(text).digest('hex');
}
