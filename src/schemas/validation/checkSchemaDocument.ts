import { isJsonObject, jsonFault, pointerOf, type JsonValue } from '../../domain/index.js';
import type { JsonSchema } from '../jsonSchema.js';
import { metaSchemaErrors } from './ajv.js';
import { formats } from './formats.js';
import { applicatorOf, dialectUris, isAssertion, type Dialect } from './document/keywords.js';
import { patternInstructionsMax, schemaBytesMax, uniqueItemsMax } from './limits.js';
import { LinearPattern } from './patterns.js';
import { dialectOf, readSchema } from './document/readSchema.js';
import { checkUnevaluatedItems } from './document/references.js';
import { quote, refuseFor, type Refuse } from './document/refusal.js';
import type { SchemaDocument, Subschema } from './document/schemaDocument.js';

/**
 * Takes a schema of a user, or throws `validation_error` that names field, place in the schema, what was
 * expected, what came and what to do. What it returns is a copy that `compileSchema` compiles in bounded
 * time; try it by `trialCompile` before it is kept.
 */
export function checkSchemaDocument(schema: unknown, field = 'schema'): JsonSchema {
  const refuse = refuseFor(field);
  const copy = copyOf(schema, refuse);
  const dialect = dialectOf(copy, refuse);
  checkMetaSchema(copy, dialect, refuse);
  const { document, references } = readSchema(copy, refuse);
  checkUnevaluatedItems(document, references, refuse);
  const patterns = new PatternCheck(refuse);
  for (const subschema of document.subschemas.values()) {
    checkKeywords(subschema, document, { refuse, patterns });
  }
  return copy;
}

function copyOf(schema: unknown, refuse: Refuse): JsonSchema {
  if (typeof schema !== 'boolean' && !isJsonObject(schema)) {
    const got = Array.isArray(schema) ? 'an array' : schema === null ? 'null' : typeof schema;
    refuse('', `expected a JSON Schema (an object, true or false), got ${got}`);
  }
  const fault = jsonFault(schema);
  if (fault !== undefined) {
    refuse('', `expected JSON, got ${fault.name} at ${quote(fault.path)}; write it as JSON`);
  }
  const text = JSON.stringify(schema);
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > schemaBytesMax) {
    refuse('', `expected at most ${schemaBytesMax} bytes of JSON, got ${bytes}; split the schema`);
  }
  // The text was made of a boolean or an object.
  return JSON.parse(text) as JsonSchema;
}

function checkMetaSchema(schema: JsonSchema, dialect: Dialect, refuse: Refuse): void {
  const [error] = metaSchemaErrors(schema, dialect);
  if (error === undefined) return;
  const { instancePath, keyword, params, message } = error;
  const values = keyword === 'enum' ? `: ${quote(params['allowedValues'])}` : '';
  refuse(instancePath, `expected a valid ${dialect} schema; it ${message ?? 'is not'}${values}`);
}

interface Checks {
  readonly refuse: Refuse;
  readonly patterns: PatternCheck;
}

function checkKeywords(
  { schema, pointer }: Subschema,
  document: SchemaDocument,
  { refuse, patterns }: Checks,
): void {
  if (typeof schema === 'boolean') return;
  const { $schema, format, pattern, patternProperties } = schema;
  if ($schema !== undefined && !isOfDialect($schema, document.dialect)) {
    refuse(
      `${pointer}/$schema`,
      `expected ${document.dialect} as at the root, got ${quote($schema)}`,
    );
  }
  if (typeof format === 'string' && !formats().has(format)) {
    refuse(
      `${pointer}/format`,
      `expected one of ${[...formats().keys()].join(', ')}, got ${quote(format)}; correct it or leave it out`,
    );
  }
  if (typeof pattern === 'string') patterns.take(`${pointer}/pattern`, pattern);
  if (isJsonObject(patternProperties)) {
    for (const name of Object.keys(patternProperties)) {
      patterns.take(pointer + pointerOf(['patternProperties', name]), name);
    }
  }
  checkUniqueItems(schema, pointer, refuse);
  checkDependencies(schema, { pointer, dialect: document.dialect, refuse });
  checkNames(schema.required, `${pointer}/required`, refuse);
}

function isOfDialect(uri: JsonValue, dialect: Dialect): boolean {
  return typeof uri === 'string' && dialectUris.get(uri.replace(/#$/, '')) === dialect;
}

function checkUniqueItems(
  { uniqueItems, maxItems }: Exclude<JsonSchema, boolean>,
  pointer: string,
  refuse: Refuse,
): void {
  if (uniqueItems !== true) return;
  if (typeof maxItems === 'number' && maxItems <= uniqueItemsMax) return;
  const got = maxItems === undefined ? 'none' : quote(maxItems);
  refuse(
    `${pointer}/uniqueItems`,
    `expected a maxItems of at most ${uniqueItemsMax} beside it, got ${got}; add one, or leave uniqueItems out`,
  );
}

/** ajv passes over the name `__proto__` there. */
function checkDependencies(
  schema: Exclude<JsonSchema, boolean>,
  at: { readonly pointer: string; readonly dialect: Dialect; readonly refuse: Refuse },
): void {
  for (const keyword of ['dependencies', 'dependentRequired', 'dependentSchemas']) {
    const map = schema[keyword];
    if (!(isAssertion(keyword, at.dialect) || applicatorOf(keyword, at.dialect))) continue;
    if (!isJsonObject(map)) continue;
    if (Object.hasOwn(map, '__proto__')) {
      at.refuse(`${at.pointer}/${keyword}/__proto__`, 'expected another name; leave it out');
    }
    for (const [name, names] of Object.entries(map)) {
      checkNames(names, at.pointer + pointerOf([keyword, name]), at.refuse);
    }
  }
}

/** To ajv the empty name is none. */
function checkNames(names: JsonValue | undefined, pointer: string, refuse: Refuse): void {
  if (!Array.isArray(names)) return;
  const at = names.indexOf('');
  if (at === -1) return;
  refuse(`${pointer}/${at}`, 'expected a name of one character at least, got ""; leave it out');
}

class PatternCheck {
  #instructions = 0;

  constructor(private readonly refuse: Refuse) {}

  take(pointer: string, pattern: string): void {
    this.#instructions += this.#compile(pointer, pattern).instructions;
    if (this.#instructions <= patternInstructionsMax) return;
    this.refuse(
      pointer,
      `expected patterns of at most ${patternInstructionsMax} instructions in all, got more; ` +
        'repeat less often, or bound a length by maxLength',
    );
  }

  #compile(pointer: string, pattern: string): LinearPattern {
    try {
      return new LinearPattern(pattern);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return this.refuse(
        pointer,
        `expected a pattern for an engine of linear time (no look-ahead, look-behind or back ` +
          `reference), got ${quote(pattern)}: ${quote(reason)}; write it without`,
      );
    }
  }
}
