// Two schemas and what changes from the first to the second: `backward` where all that is valid under the first is to be
// valid under the second, `forward` the other way round. A finding is its kind and pointer; none is compatible.
import type { JsonSchema } from '../../../src/schemas/index.js';

export interface Case {
  readonly name: string;
  readonly previous: JsonSchema;
  readonly next: JsonSchema;
  readonly backward: readonly string[];
  readonly forward: readonly string[];
}

type Row = readonly [
  name: string,
  previous: JsonSchema,
  next: JsonSchema,
  backward: string,
  forward: string,
];

/** Rows as cases; findings of a row are divided by `, `. */
export const toCases = (rows: readonly Row[]): readonly Case[] =>
  rows.map(([name, previous, next, backward, forward]) => ({
    name,
    previous,
    next,
    backward: listOf(backward),
    forward: listOf(forward),
  }));

function listOf(findings: string): readonly string[] {
  return findings === '' ? [] : findings.split(', ');
}

const object = (properties: Record<string, JsonSchema>, more: object = {}): JsonSchema => ({
  type: 'object',
  properties,
  ...more,
});
const closed = { additionalProperties: false };

// prettier-ignore
export const scalarCases = toCases([
  ['nothing changes', { type: 'string' }, { type: 'string' }, '', ''],
  ['annotations change', { type: 'string', title: 'a' }, { type: 'string', description: 'b', default: 'c' }, '', ''],
  ['a comment comes', { type: 'string' }, { type: 'string', $comment: 'b', examples: ['x'] }, '', ''],
  ['an unknown word comes', { type: 'string' }, { type: 'string', 'x-order': 1 }, '', ''],
  ['true becomes an empty schema', true, {}, '', ''],
  ['anything becomes nothing', true, false, 'value_forbidden ', ''],
  ['anything becomes text', {}, { type: 'string' }, 'type_narrowed /type', ''],
  ['integer becomes number', { type: 'integer' }, { type: 'number' }, '', 'type_widened /type'],
  ['integer becomes text', { type: 'integer' }, { type: 'string' }, 'type_narrowed /type', 'type_widened /type'],
  ['a type joins', { type: 'string' }, { type: ['string', 'null'] }, '', 'type_widened /type'],
  ['types change their order', { type: ['null', 'string'] }, { type: ['string', 'null'] }, '', ''],
  ['integer beside number', { type: ['integer', 'number'] }, { type: 'number' }, '', ''],
  ['a list of one type', { type: ['string'] }, { type: 'string' }, '', ''],
  ['nullable says nothing', { type: 'string' }, { type: 'string', nullable: true }, '', ''],
  ['null becomes nullable', { type: ['string', 'null'] }, { type: 'string', nullable: true }, 'type_narrowed /type', ''],
  ['boolean becomes text', { type: 'boolean' }, { type: 'string' }, 'type_narrowed /type', 'type_widened /type'],
  ['null becomes boolean', { type: 'null' }, { type: 'boolean' }, 'type_narrowed /type', 'type_widened /type'],
  ['array becomes object', { type: 'array' }, { type: 'object' }, 'type_narrowed /type', 'type_widened /type'],
  ['every type is named', {}, { type: ['null', 'boolean', 'object', 'array', 'string', 'number'] }, '', ''],
  ['an enum grows', { enum: ['a'] }, { enum: ['a', 'b'] }, '', 'enum_value_added /enum'],
  ['an enum changes its order', { enum: ['a', 'b'] }, { enum: ['b', 'a'] }, '', ''],
  ['an enum changes a value', { enum: ['a', 'b'] }, { enum: ['a', 'c'] }, 'enum_value_removed /enum', 'enum_value_added /enum'],
  ['an enum of objects, whatever the order of names', { enum: [{ a: 1, b: 2 }] }, { enum: [{ b: 2, a: 1 }] }, '', ''],
  ['an enum joins a type', { type: 'string' }, { type: 'string', enum: ['a'] }, 'values_restricted /enum', ''],
  ['a const joins a type', { type: 'integer' }, { type: 'integer', const: 1 }, 'values_restricted /const', ''],
  ['const becomes an enum of one', { const: 1 }, { enum: [1] }, '', ''],
  ['const becomes an enum of two', { const: 1 }, { enum: [1, 2] }, '', 'enum_value_added /const'],
  ['const changes', { const: 1 }, { const: 2 }, 'enum_value_removed /const', 'enum_value_added /const'],
  ['const becomes its type', { const: 'a' }, { type: 'string' }, '', 'values_freed /const'],
  ['boolean becomes both of its values', { type: 'boolean' }, { enum: [true, false] }, '', ''],
  ['boolean becomes true', { type: 'boolean' }, { const: true }, 'enum_value_removed /const', ''],
  ['null becomes const null', { type: 'null' }, { const: null }, '', ''],
  ['an enum within bounds', { enum: [1, 2] }, { type: 'integer', minimum: 1, maximum: 2 }, '', 'values_freed /enum'],
  ['an enum beyond a bound', { enum: [1, 5] }, { maximum: 4 }, 'enum_value_removed ', 'values_freed /enum'],
  ['an enum with values that its type refuses', { type: 'string', enum: ['a', 1] }, { enum: ['a'] }, '', ''],
  ['an enum matches a plain pattern', { enum: ['x-1', 'x-2'] }, { pattern: '^x-' }, '', 'values_freed /enum'],
  ['an enum and a pattern that is not plain', { enum: ['a1'] }, { type: 'string', pattern: '[0-9]' }, 'undecidable /pattern', 'values_freed /enum'],
  ['1.0 is 1', { const: 1 }, { type: 'integer' }, '', 'values_freed /const'],
  ['a minimum comes', { type: 'number' }, { type: 'number', minimum: 1 }, 'bound_tightened /minimum', ''],
  ['a minimum rises', { type: 'number', minimum: 1 }, { type: 'number', minimum: 2 }, 'bound_tightened /minimum', ''],
  ['a maximum comes', { type: 'number' }, { type: 'number', maximum: 1 }, 'bound_tightened /maximum', ''],
  ['a maximum falls', { type: 'number', maximum: 2 }, { type: 'number', maximum: 1 }, 'bound_tightened /maximum', ''],
  ['an exclusive minimum comes', { type: 'number' }, { type: 'number', exclusiveMinimum: 1 }, 'bound_tightened /exclusiveMinimum', ''],
  ['a minimum becomes exclusive', { type: 'number', minimum: 1 }, { type: 'number', exclusiveMinimum: 1 }, 'bound_tightened /exclusiveMinimum', ''],
  ['a maximum becomes exclusive', { type: 'number', maximum: 1 }, { type: 'number', exclusiveMaximum: 1 }, 'bound_tightened /exclusiveMaximum', ''],
  ['an exclusive maximum falls', { type: 'number', exclusiveMaximum: 2 }, { type: 'number', exclusiveMaximum: 1 }, 'bound_tightened /exclusiveMaximum', ''],
  ['whole numbers above 0 are from 1', { type: 'integer', exclusiveMinimum: 0 }, { type: 'integer', minimum: 1 }, '', ''],
  ['whole numbers below 3 are up to 2', { type: 'integer', exclusiveMaximum: 3 }, { type: 'integer', maximum: 2 }, '', ''],
  ['whole numbers from 0.5 are from 1', { type: 'integer', minimum: 0.5 }, { type: 'integer', minimum: 1 }, '', ''],
  ['numbers above 0 are not from 1', { type: 'number', exclusiveMinimum: 0 }, { type: 'number', minimum: 1 }, 'bound_tightened /minimum', ''],
  ['bounds say nothing of text', { type: 'string' }, { type: 'string', minimum: 3 }, '', ''],
  ['a multiple comes', { type: 'integer' }, { type: 'integer', multipleOf: 2 }, 'bound_tightened /multipleOf', ''],
  ['a multiple of 4 is one of 2', { type: 'integer', multipleOf: 4 }, { type: 'integer', multipleOf: 2 }, '', 'bound_loosened /multipleOf'],
  ['a multiple of 3 is none of 2', { multipleOf: 3 }, { multipleOf: 2 }, 'bound_tightened /multipleOf', 'bound_loosened /multipleOf'],
  ['whole numbers are multiples of 1', { type: 'integer' }, { type: 'number', multipleOf: 1 }, '', ''],
  ['fractions are not divided', { type: 'number', multipleOf: 0.3 }, { type: 'number', multipleOf: 0.1 }, 'undecidable /multipleOf', 'undecidable /multipleOf'],
  ['the same fraction', { type: 'number', multipleOf: 0.1 }, { type: 'number', multipleOf: 0.1, title: 'a' }, '', ''],
  ['a least length comes', { type: 'string' }, { type: 'string', minLength: 1 }, 'bound_tightened /minLength', ''],
  ['a least length of 0 comes', { type: 'string' }, { type: 'string', minLength: 0 }, '', ''],
  ['a least length rises', { type: 'string', minLength: 1 }, { type: 'string', minLength: 2 }, 'bound_tightened /minLength', ''],
  ['a greatest length comes', { type: 'string' }, { type: 'string', maxLength: 9 }, 'bound_tightened /maxLength', ''],
  ['a greatest length falls', { type: 'string', maxLength: 9 }, { type: 'string', maxLength: 8 }, 'bound_tightened /maxLength', ''],
  ['a length says nothing of numbers', { type: 'number' }, { type: 'number', maxLength: 8 }, '', ''],
  ['lengths cross', { type: 'string', minLength: 5, maxLength: 2 }, { type: 'number' }, '', 'type_widened /type'],
  ['a pattern comes', { type: 'string' }, { type: 'string', pattern: '^a' }, 'pattern_added /pattern', ''],
  ['a pattern changes', { type: 'string', pattern: '^a' }, { type: 'string', pattern: '^b' }, 'undecidable /pattern', 'undecidable /pattern'],
  ['a pattern stays', { type: 'string', pattern: '^a', minLength: 1 }, { type: 'string', pattern: '^a' }, '', 'bound_loosened /minLength'],
  ['a pattern says nothing of numbers', { type: 'integer' }, { type: 'integer', pattern: '^a' }, '', ''],
  ['a format comes', { type: 'string' }, { type: 'string', format: 'date' }, 'format_added /format', ''],
  ['a format changes', { type: 'string', format: 'date' }, { type: 'string', format: 'time' }, 'undecidable /format', 'undecidable /format'],
  ['a format of numbers comes', { type: 'integer' }, { type: 'integer', format: 'int32' }, 'format_added /format', ''],
  ['a format of text says nothing of numbers', { type: 'integer' }, { type: 'integer', format: 'date' }, '', ''],
  ['a format of numbers says nothing of text', { type: 'string' }, { type: 'string', format: 'int32' }, '', ''],
  ['an encoding comes', { type: 'string' }, { type: 'string', contentEncoding: 'base64' }, 'undecidable /contentEncoding', ''],
  ['an encoding stays', { type: 'string', contentEncoding: 'base64', maxLength: 2 }, { type: 'string', contentEncoding: 'base64' }, '', 'bound_loosened /maxLength'],
]);

// prettier-ignore
export const objectCases = toCases([
  ['a required name comes', object({ a: true }), object({ a: true }, { required: ['a'] }), 'required_added /required/0', ''],
  ['one of two stays required', { required: ['a', 'b'] }, { required: ['b'] }, '', 'required_removed /required/0'],
  ['required changes its order', { required: ['a', 'b'] }, { required: ['b', 'a'] }, '', ''],
  ['required says nothing of text', { type: 'string' }, { type: 'string', required: ['a'] }, '', ''],
  ['an optional property comes into an open object', object({}), object({ a: { type: 'string' } }), 'property_constrained /properties/a', ''],
  ['a free property comes into an open object', object({}), object({ a: {} }), '', ''],
  ['an optional property comes into a closed object', object({}, closed), object({ a: { type: 'string' } }, closed), '', 'property_added /additionalProperties'],
  ['a required property comes into a closed object', object({}, closed), object({ a: true }, { ...closed, required: ['a'] }), 'required_added /required/0', 'property_added /additionalProperties'],
  ['a property goes from a closed object', object({ a: true, b: true }, closed), object({ a: true }, closed), 'property_removed /additionalProperties', ''],
  ['a property goes from an open object', object({ a: { type: 'string' } }), object({}), '', 'property_freed /properties/a'],
  ['a property that can not be there goes', object({ a: false }, closed), object({}, closed), '', ''],
  ['a property gets another name in a closed object', object({ a: true }, closed), object({ b: true }, closed), 'property_removed /additionalProperties', 'property_added /additionalProperties'],
  ['an object is closed', object({ a: true }), object({ a: true }, closed), 'property_closed /additionalProperties', ''],
  ['an object stays closed', object({ a: true }, closed), object({ a: {} }, closed), '', ''],
  ['a property is widened', object({ a: { type: 'integer' } }), object({ a: { type: 'number' } }), '', 'type_widened /properties/a/type'],
  ['a property is forbidden', object({ a: { type: 'integer' } }), object({ a: false }), 'value_forbidden /properties/a', ''],
  ['a property with a slash and a tilde', object({ 'a/b~c': { type: 'integer' } }), object({ 'a/b~c': { type: 'number' } }), '', 'type_widened /properties/a~1b~0c/type'],
  ['a property of an object within', object({ a: object({ b: { minimum: 1 } }) }), object({ a: object({ b: { minimum: 2 } }) }), 'bound_tightened /properties/a/properties/b/minimum', ''],
  ['a required name of an object within', object({ a: object({}) }), object({ a: object({}, { required: ['b'] }) }), 'required_added /properties/a/required/0', ''],
  ['other properties get a schema', object({}), object({}, { additionalProperties: { type: 'string' } }), 'property_constrained /additionalProperties', ''],
  ['other properties are widened', { additionalProperties: { type: 'integer' } }, { additionalProperties: { type: 'number' } }, '', 'type_widened /additionalProperties/type'],
  ['other properties become listed', { additionalProperties: { type: 'integer' } }, object({ a: { type: 'integer' } }, { type: ['object'], additionalProperties: { type: 'integer' } }), 'type_narrowed /type', ''],
  ['a listed property is among other properties', { type: 'object', additionalProperties: { type: 'integer' } }, object({ a: { type: 'integer' } }, { additionalProperties: { type: 'integer' } }), '', ''],
  ['a listed property differs from other properties', object({}, { additionalProperties: { type: 'string' } }), object({ a: { type: 'integer' } }, { additionalProperties: { type: 'string' } }), 'type_narrowed /properties/a/type', 'type_widened /additionalProperties/type'],
  ['a pattern of names comes', object({}), object({}, { patternProperties: { '^x-': { type: 'string' } } }), 'property_constrained /patternProperties/^x-', ''],
  ['a pattern of names stays', { patternProperties: { '^x-': { type: 'integer' } } }, { patternProperties: { '^x-': { type: 'number' } } }, '', 'type_widened /patternProperties/^x-/type'],
  ['a pattern of names changes', { type: 'object', patternProperties: { '[0-9]': { type: 'string' } } }, { type: 'object', patternProperties: { '[1-9]': { type: 'string' } } }, 'property_constrained /patternProperties/[1-9]', 'property_freed /patternProperties/[0-9]'],
  ['a pattern of names, closed', { type: 'object', patternProperties: { '^x-': { type: 'string' } }, ...closed }, { type: 'object', patternProperties: { '^x-': { type: 'string' } } }, '', 'property_opened /additionalProperties'],
  ['a listed name matches a plain pattern', object({ 'x-a': { type: 'string' } }, closed), { type: 'object', patternProperties: { '^x-': { type: 'string' } }, ...closed }, '', 'undecidable /additionalProperties'],
  ['a listed name and a pattern that is not plain', object({ a1: { type: 'string' } }, closed), { type: 'object', patternProperties: { '[0-9]': { type: 'integer' } } }, 'undecidable /patternProperties/[0-9]', 'property_freed /properties/a1, property_opened /additionalProperties'],
  ['other properties hold beside a pattern', { type: 'object', patternProperties: { '^x-': { type: 'integer' } }, additionalProperties: { type: 'number' } }, { type: 'object', additionalProperties: { type: 'number' } }, '', 'type_widened /patternProperties/^x-/type'],
  ['names get a bound', { type: 'object' }, { type: 'object', propertyNames: { maxLength: 3 } }, 'names_restricted /propertyNames', ''],
  ['the bound of names is loosened', { propertyNames: { maxLength: 3 } }, { propertyNames: { maxLength: 4 } }, '', 'names_freed /propertyNames'],
  ['listed names of a closed object are within a bound', object({ a: true, bc: true }, closed), { type: 'object', propertyNames: { maxLength: 2 } }, '', 'property_opened /additionalProperties'],
  ['listed names by propertyNames', { type: 'object', propertyNames: { enum: ['a', 'b'] } }, object({ a: {}, b: {} }, closed), '', ''],
  ['the pattern of names changes in propertyNames', { type: 'object', propertyNames: { pattern: '[0-9]' } }, { type: 'object', propertyNames: { pattern: '[1-9]' } }, 'undecidable /propertyNames', 'undecidable /propertyNames'],
  ['a least number of members comes', { type: 'object' }, { type: 'object', minProperties: 1 }, 'bound_tightened /minProperties', ''],
  ['a required name is a member', { type: 'object', required: ['a'] }, { type: 'object', minProperties: 1 }, '', 'required_removed /required/0'],
  ['a greatest number of members comes', { type: 'object' }, { type: 'object', maxProperties: 1 }, 'bound_tightened /maxProperties', ''],
  ['a closed object has no more members than names', object({ a: true, b: true }, closed), { type: 'object', maxProperties: 2 }, '', 'property_opened /additionalProperties'],
  ['a closed object has more names', object({ a: true, b: true }, closed), object({ a: true, b: true }, { ...closed, maxProperties: 1 }), 'bound_tightened /maxProperties', ''],
  ['a dependency comes', { type: 'object' }, { type: 'object', dependentRequired: { a: ['b'] } }, 'dependency_added /dependentRequired/a', ''],
  ['a dependency stays', { dependentRequired: { a: ['b', 'c'] } }, { dependentRequired: { a: ['b'] } }, '', 'dependency_removed /dependentRequired/a'],
  ['what depends is required', { type: 'object', required: ['b'] }, { type: 'object', dependentRequired: { a: ['b'] } }, '', 'required_removed /required/0'],
  ['what it depends on can not be there', object({ b: true }, closed), object({ b: true }, { ...closed, dependentRequired: { a: ['b'] } }), '', ''],
  ['a required name brings another', { type: 'object', required: ['a'], dependentRequired: { a: ['b'] } }, { type: 'object', required: ['a', 'b'] }, '', ''],
  ['a dependent schema comes', { type: 'object' }, { type: 'object', dependentSchemas: { a: { required: ['b'] } } }, 'required_added /dependentSchemas/a/required/0', ''],
  ['a dependent schema holds', { type: 'object', required: ['b'] }, { type: 'object', dependentSchemas: { a: { required: ['b'] } } }, '', 'required_removed /required/0'],
  ['unevaluatedProperties comes', object({ a: true }), object({ a: true }, { unevaluatedProperties: false }), 'undecidable /unevaluatedProperties', ''],
  ['unevaluatedProperties stays the same', object({ a: true }, { unevaluatedProperties: false }), object({ a: true }, { unevaluatedProperties: false, title: 'a' }), '', ''],
  ['unevaluatedProperties beside a change', object({ a: { minimum: 2 } }, { unevaluatedProperties: false }), object({ a: { minimum: 1 } }, { unevaluatedProperties: false }), 'undecidable /unevaluatedProperties', 'bound_loosened /properties/a/minimum, undecidable /unevaluatedProperties'],
  ['a member that is required can not be there', object({ a: false }, { required: ['a'] }), { type: 'string' }, '', 'type_widened /type'],
]);
