/** The two drafts; a schema without `$schema` is 2020-12. */
export type Dialect = 'draft-07' | '2020-12';

export const dialectUris: ReadonlyMap<string, Dialect> = new Map([
  ['http://json-schema.org/draft-07/schema', 'draft-07'],
  ['https://json-schema.org/draft-07/schema', 'draft-07'],
  ['https://json-schema.org/draft/2020-12/schema', '2020-12'],
]);

/** How a keyword holds subschemas. */
type Shape = 'one' | 'list' | 'map' | 'oneOrList';

/** Which values they look at: the one that the keyword does, a part, each of many parts, or none. */
type Place = 'same' | 'part' | 'each' | 'none';

export interface Applicator {
  readonly shape: Shape;
  readonly place: Place;
  /** Both drafts where it is left out. */
  readonly dialect?: Dialect;
}

export const applicators: ReadonlyMap<string, Applicator> = new Map<string, Applicator>([
  ['$defs', { shape: 'map', place: 'none' }],
  ['definitions', { shape: 'map', place: 'none' }],
  ['contentSchema', { shape: 'one', place: 'none', dialect: '2020-12' }],
  ['allOf', { shape: 'list', place: 'same' }],
  ['anyOf', { shape: 'list', place: 'same' }],
  ['oneOf', { shape: 'list', place: 'same' }],
  ['not', { shape: 'one', place: 'same' }],
  ['if', { shape: 'one', place: 'same' }],
  ['then', { shape: 'one', place: 'same' }],
  ['else', { shape: 'one', place: 'same' }],
  ['dependentSchemas', { shape: 'map', place: 'same', dialect: '2020-12' }],
  // Of draft-07, and still common in 2020-12; a value that is a list of names is no schema.
  ['dependencies', { shape: 'map', place: 'same' }],
  ['properties', { shape: 'map', place: 'part' }],
  ['patternProperties', { shape: 'map', place: 'each' }],
  ['additionalProperties', { shape: 'one', place: 'each' }],
  ['propertyNames', { shape: 'one', place: 'each' }],
  ['unevaluatedProperties', { shape: 'one', place: 'each', dialect: '2020-12' }],
  ['prefixItems', { shape: 'list', place: 'part', dialect: '2020-12' }],
  ['items', { shape: 'oneOrList', place: 'each' }],
  ['additionalItems', { shape: 'one', place: 'each', dialect: 'draft-07' }],
  ['contains', { shape: 'one', place: 'each' }],
  ['unevaluatedItems', { shape: 'one', place: 'each', dialect: '2020-12' }],
]);

const assertions: ReadonlyMap<string, Dialect | 'both'> = new Map<string, Dialect | 'both'>([
  ['type', 'both'],
  ['enum', 'both'],
  ['const', 'both'],
  ['multipleOf', 'both'],
  ['maximum', 'both'],
  ['exclusiveMaximum', 'both'],
  ['minimum', 'both'],
  ['exclusiveMinimum', 'both'],
  ['maxLength', 'both'],
  ['minLength', 'both'],
  ['pattern', 'both'],
  ['format', 'both'],
  ['maxItems', 'both'],
  ['minItems', 'both'],
  ['uniqueItems', 'both'],
  ['maxContains', '2020-12'],
  ['minContains', '2020-12'],
  ['maxProperties', 'both'],
  ['minProperties', 'both'],
  ['required', 'both'],
  ['dependentRequired', '2020-12'],
]);

/** Whether a keyword asserts something by itself in this draft. */
export function isAssertion(keyword: string, dialect: Dialect): boolean {
  const known = assertions.get(keyword);
  return known === 'both' || known === dialect;
}

/** The applicator of this name in this draft. */
export function applicatorOf(keyword: string, dialect: Dialect): Applicator | undefined {
  const applicator = applicators.get(keyword);
  return applicator?.dialect === undefined || applicator.dialect === dialect
    ? applicator
    : undefined;
}
