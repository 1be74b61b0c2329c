import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../src/domain/index.js';
import type { JsonSchema } from '../../../src/schemas/index.js';

/**
 * Every object of the samples has the member `k`, and every object schema knows it: TypeScript refuses
 * what shares no member with a type whose members are all optional, though it is in the type.
 */
const shared = 'k';

const names = fc.constantFrom('a', 'b', 'x-1', 'in valid', "it's");
const scalars = fc.constantFrom<JsonValue>(
  null,
  true,
  false,
  0,
  1,
  -2.5,
  1e21,
  '',
  'x',
  "it's",
  '"',
);

const tree = fc.letrec<{ value: JsonValue; schema: JsonSchema }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalars,
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .dictionary(names, tie('value'), { maxKeys: 3 })
      .map((members): JsonObject => ({ ...members, [shared]: null })),
  ),
  schema: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<JsonSchema>(true, {}, { type: 'string' }, { type: 'integer' }),
    fc.constantFrom<JsonSchema>(
      { type: ['string', 'null'], title: 'A title' },
      { $ref: '#/$defs/one' },
      { $ref: '#/$defs/two' },
      { $ref: '#' },
      { not: { type: 'string' } },
    ),
    fc.record({ enum: fc.array(tie('value'), { minLength: 1, maxLength: 4 }) }),
    fc.record({ const: tie('value') }),
    fc.record(
      {
        type: fc.constantFrom('array', ['array', 'object'], ['array', 'null']),
        items: tie('schema'),
        prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }),
        minItems: fc.integer({ min: 0, max: 3 }),
        maxItems: fc.integer({ min: 1, max: 4 }),
      },
      { requiredKeys: [] },
    ),
    objectSchema(tie('schema')),
    fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc
      .tuple(
        objectSchema(tie('schema')),
        fc.constantFrom('anyOf', 'oneOf', 'allOf'),
        fc.array(tie('schema'), { minLength: 1, maxLength: 3 }),
      )
      .map(([schema, keyword, branches]) => ({ ...schema, [keyword]: branches })),
  ),
}));

function objectSchema(schema: fc.Arbitrary<JsonSchema>): fc.Arbitrary<JsonObject> {
  return fc
    .record(
      {
        type: fc.constantFrom('object', ['object', 'null']),
        description: fc.constantFrom('Says\nmuch */ here', ''),
        properties: fc.dictionary(names, schema, { maxKeys: 4 }),
        required: fc.uniqueArray(names, { maxLength: 2 }),
        additionalProperties: fc.oneof(fc.constant(false), schema),
        patternProperties: fc.dictionary(fc.constant('^x-'), schema, { maxKeys: 1 }),
      },
      { requiredKeys: [] },
    )
    .map(({ properties = {}, ...rest }): JsonObject => ({
      ...rest,
      properties: { ...properties, [shared]: {} },
    }));
}

/** Schemas of 2020-12 with two definitions, which may refer to each other and to the whole. */
export const document: fc.Arbitrary<JsonObject> = fc
  .record({ root: objectSchema(tree.schema), one: tree.schema, two: tree.schema })
  .map(({ root, one, two }) => ({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...root,
    $defs: { one, two },
  }));

export const values: fc.Arbitrary<readonly JsonValue[]> = fc.array(tree.value, {
  minLength: 20,
  maxLength: 20,
});
