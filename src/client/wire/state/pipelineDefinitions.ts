import { isJsonObject, setMember } from '../../../domain/index.js';
import type { JsonObject, JsonValue } from '../../../domain/index.js';
import type { PipelineDefinition } from '../../../pipelines/index.js';
import { toApiName } from '../documents.js';

// A definition has the same members on the wire and in the API, under other names.

/** What belongs to whoever wrote the definition, and stays as it is. */
const ownValues: ReadonlySet<string> = new Set(['value', 'set', 'table']);
/** An object whose names are values of a field, each with an output. */
const ownNames: ReadonlySet<string> = new Set(['branches']);

/** A definition of the builder, or the JSON of the wire as it is. */
export function toWireDefinition(definition: PipelineDefinition | JsonObject): JsonObject {
  // Only a definition has the names of the API.
  if (!('sourceEventTypes' in definition)) return definition;
  // It is data.
  return renamed(definition as unknown as JsonObject, toWireName) as JsonObject;
}

/** The server checked it, and filled in all defaults. */
export function toDefinition(wire: JsonObject): PipelineDefinition {
  return renamed(wire, toApiName) as unknown as PipelineDefinition;
}

type Rename = (name: string) => string;

function renamed(value: JsonValue, rename: Rename): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => renamed(item, rename));
  if (!isJsonObject(value)) return value;
  return mapped(value, (name, member) => [rename(name), memberOf(name, member, rename)]);
}

function memberOf(name: string, member: JsonValue, rename: Rename): JsonValue {
  if (ownValues.has(name)) return member;
  if (!ownNames.has(name) || !isJsonObject(member)) return renamed(member, rename);
  return mapped(member, (key, output) => [key, renamed(output, rename)]);
}

function mapped(
  object: JsonObject,
  map: (name: string, member: JsonValue) => readonly [string, JsonValue],
): JsonObject {
  const result: Record<string, JsonValue> = {};
  for (const [name, member] of Object.entries(object)) {
    // JSON leaves out what is undefined.
    if (member !== undefined) setMember(result, ...map(name, member));
  }
  return result;
}

function toWireName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
