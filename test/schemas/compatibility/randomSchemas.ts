// Random schemas whose names, numbers and texts are few, so that two of them meet in the same values.
import fc from 'fast-check';
import { isJsonObject } from '../../../src/domain/index.js';
import type { JsonObject, JsonValue } from '../../../src/domain/index.js';
import type { JsonSchema } from '../../../src/schemas/index.js';

export type Draft = 'draft-07' | '2020-12';

const names = ['a', 'b', 'x-1'];
const texts = ['', 'a', 'ab', 'xyz', 'x-1', '2026-01-02'];
const numbers = [-1, 0, 0.5, 1, 2, 2.5, 3, 6];
const types = ['null', 'boolean', 'object', 'array', 'string', 'integer', 'number'];

const name = fc.constantFrom(...names);
const requiredName = fc.oneof(
  { weight: 9, arbitrary: name },
  { weight: 1, arbitrary: fc.constant('') },
);
const number = fc.constantFrom(...numbers);
const count = fc.nat({ max: 3 });
const text = fc.constantFrom(...texts);
const leaf: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, false),
  number,
  text,
  fc.constantFrom<JsonValue>([], [1], ['a', 'a'], {}, { a: 1 }, { a: 'a', b: null }),
);
const type = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...types) },
  {
    weight: 1,
    arbitrary: fc.uniqueArray(fc.constantFrom(...types), { minLength: 2, maxLength: 3 }),
  },
);

type Members = Record<string, fc.Arbitrary<unknown>>;

/** A group of keywords that come together. */
const together = '+';

/** Up to three of the members. */
const sparse = (members: Members): fc.Arbitrary<JsonObject> =>
  fc
    .uniqueArray(fc.constantFrom(...Object.keys(members)), { maxLength: 3 })
    .chain((keys) =>
      fc.record(Object.fromEntries(keys.map((key) => [key, members[key] ?? fc.constant(null)]))),
    )
    .map(({ [together]: group, ...rest }) => ({
      ...rest,
      ...(group as object | undefined),
    })) as fc.Arbitrary<JsonObject>;

const scalarWords: Members = {
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: fc.constantFrom(0.5, 1, 2, 3, 4),
  minLength: count,
  maxLength: count,
  pattern: fc.constantFrom('^a', 'b$', '^x-', '[0-9]'),
  format: fc.constantFrom('date', 'ipv4', 'int32'),
};

const arrayWords = (schema: fc.Arbitrary<JsonSchema>): Members => ({
  items: schema,
  prefixItems: fc.array(schema, { minLength: 1, maxLength: 2 }),
  contains: schema,
  minContains: count,
  maxContains: count,
  minItems: count,
  maxItems: count,
  uniqueItems: fc.boolean(),
  [together]: fc.record({
    prefixItems: fc.array(schema, { minLength: 1, maxLength: 2 }),
    items: schema,
  }),
});

const objectWords = (schema: fc.Arbitrary<JsonSchema>): Members => ({
  properties: fc.dictionary(name, schema, { minKeys: 1, maxKeys: 3 }),
  required: fc.uniqueArray(requiredName, { maxLength: 2 }),
  additionalProperties: fc.oneof(fc.constant(false), schema),
  patternProperties: fc.dictionary(fc.constantFrom('^a', '^x-', '[0-9]'), schema, {
    minKeys: 1,
    maxKeys: 2,
  }),
  propertyNames: fc.oneof(
    schema,
    fc.constantFrom<JsonSchema>({ enum: ['a', 'b'] }, { pattern: '^x-' }, { maxLength: 1 }),
  ),
  minProperties: count,
  maxProperties: count,
  dependentRequired: fc.dictionary(requiredName, fc.uniqueArray(requiredName, { maxLength: 2 }), {
    minKeys: 1,
    maxKeys: 2,
  }),
  dependentSchemas: fc.dictionary(name, schema, { minKeys: 1, maxKeys: 1 }),
});

const combinations = (schema: fc.Arbitrary<JsonSchema>): Members => {
  const list = fc.array(schema, { minLength: 1, maxLength: 3 });
  return {
    anyOf: list,
    allOf: list,
    oneOf: list,
    not: schema,
    if: schema,
    then: schema,
    else: schema,
  };
};

const otherWords = (schema: fc.Arbitrary<JsonSchema>): Members => ({
  unevaluatedProperties: schema,
  unevaluatedItems: schema,
  title: text,
  nullable: fc.constant(true),
});

const reference = fc.constantFrom('#', '#/$defs/one', '#/$defs/one');

const withType = (members: Members, names: readonly string[]): fc.Arbitrary<JsonObject> =>
  fc
    .tuple(sparse(members), fc.constantFrom(...names))
    .map(([schema, typeName]) => ({ type: typeName, ...schema }));

const besideReference = (schema: fc.Arbitrary<JsonSchema>): fc.Arbitrary<JsonObject> =>
  fc
    .tuple(
      reference,
      sparse({ ...scalarWords, ...objectWords(schema), ...combinations(schema), type }),
    )
    .map(([$ref, words]) => ({ $ref, ...words }));

const { schema } = fc.letrec<{ schema: JsonSchema }>((tie) => {
  const inner = tie('schema');
  return {
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 1, arbitrary: fc.boolean() },
      { weight: 2, arbitrary: type.map((one) => ({ type: one })) },
      {
        weight: 2,
        arbitrary: fc.oneof(
          leaf.map((value) => ({ const: value })),
          fc
            .uniqueArray(leaf, { minLength: 1, maxLength: 3, comparator: 'SameValueZero' })
            .map((values) => ({
              enum: values.filter(
                (one, at) =>
                  values.findIndex((other) => JSON.stringify(other) === JSON.stringify(one)) === at,
              ),
            })),
        ),
      },
      { weight: 3, arbitrary: withType(scalarWords, ['string', 'number', 'integer']) },
      { weight: 4, arbitrary: withType(objectWords(inner), ['object']) },
      { weight: 3, arbitrary: withType(arrayWords(inner), ['array']) },
      { weight: 3, arbitrary: sparse(combinations(inner)) },
      { weight: 2, arbitrary: reference.map(($ref) => ({ $ref })) },
      { weight: 1, arbitrary: besideReference(inner) },
      {
        weight: 1,
        arbitrary: type.map((one) => ({ type: one, nullable: true })),
      },
      {
        weight: 2,
        arbitrary: sparse({
          ...scalarWords,
          ...arrayWords(inner),
          ...objectWords(inner),
          ...combinations(inner),
          ...otherWords(inner),
          type,
        }),
      },
    ),
  };
});

export { schema as schemas };

/** A document of a draft: with `$defs/one`, which references may lead to, and keywords of the draft. */
export function documentOf(schema: JsonSchema, one: JsonSchema, draft: Draft): JsonObject {
  const root = typeof schema === 'boolean' ? { allOf: [schema] } : schema;
  const document = bounded({ ...root, $defs: { one } }) as JsonObject;
  if (draft === '2020-12') return document;
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...(older(document) as JsonObject) };
}

/** With the `maxItems` that `uniqueItems` needs. */
function bounded(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((one: JsonValue) => bounded(one) ?? null);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([key, one]) => [key, bounded(one)]);
  const inside = Object.fromEntries(members) as JsonObject;
  return inside['uniqueItems'] === true ? { maxItems: 4, ...inside } : inside;
}

/** Says in keywords of draft-07 what a schema of 2020-12 says. */
function older(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((one: JsonValue) => older(one) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  const { prefixItems, items, dependentRequired, dependentSchemas, ...rest } = value as JsonObject;
  const kept = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, older(one)]));
  const dependencies = { ...(dependentRequired as object), ...(older(dependentSchemas) as object) };
  return {
    ...kept,
    ...(prefixItems === undefined ? {} : { items: older(prefixItems) }),
    ...(items === undefined
      ? {}
      : { [prefixItems === undefined ? 'items' : 'additionalItems']: older(items) }),
    ...(Object.keys(dependencies).length === 0 ? {} : { dependencies }),
  };
}
