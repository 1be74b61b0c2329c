/** Keywords that say nothing about what is valid. */
export const annotations: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$anchor',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
]);

/** Keywords that have a schema. */
export const schemaWords: ReadonlySet<string> = new Set([
  'not',
  'if',
  'then',
  'else',
  'items',
  'additionalItems',
  'unevaluatedItems',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'propertyNames',
  'contentSchema',
]);

/** Keywords that have a list of schemas; `items` may. */
export const schemaLists: ReadonlySet<string> = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  'prefixItems',
  'items',
]);

/** Keywords that have schemas by name. */
export const schemaMaps: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  'dependencies',
]);

/** Keywords whose list has no order. */
export const setWords: ReadonlySet<string> = new Set(['required', 'enum', 'type']);

/** Keywords that are compared by what they say, and not reasoned about. */
export const opaqueWords: ReadonlySet<string> = new Set([
  'contentSchema',
  'contentEncoding',
  'contentMediaType',
  'formatMinimum',
  'formatMaximum',
  'formatExclusiveMinimum',
  'formatExclusiveMaximum',
]);

/** The same, but what they say depends on the keywords around them. */
export const contextWords: ReadonlySet<string> = new Set([
  'unevaluatedProperties',
  'unevaluatedItems',
  '$dynamicRef',
  '$recursiveRef',
]);
