import { describe, expect, it } from 'vitest';
import { AllSourceError } from '../../src/domain/index.js';
import { checkSchemaDocument, compileSchema } from '../../src/schemas/index.js';
import { chain, nested, refusalOf } from './support.js';

const draft07 = 'http://json-schema.org/draft-07/schema#';
const self = { $ref: '#/$defs/a' };

const refused: readonly [string, unknown, string][] = [
  ['a text', 'object', 'schema: expected a JSON Schema (an object, true or false), got string'],
  ['null', null, 'schema: expected a JSON Schema (an object, true or false), got null'],
  ['an array', [], 'schema: expected a JSON Schema (an object, true or false), got an array'],
  ['a Date inside', { const: new Date(0) }, 'schema: expected JSON, got a Date at ".const"'],
  ['an unknown type', { type: 'strin' }, 'schema at /type: expected a valid 2020-12 schema'],
  [
    'a keyword of another draft with a bad value',
    { $schema: draft07, properties: { a: { minimum: 'x' } } },
    'schema at /properties/a/minimum: expected a valid draft-07 schema; it must be number',
  ],
  [
    'a draft other than the two',
    { $schema: 'http://json-schema.org/draft-04/schema#' },
    'schema at /$schema: expected "http://json-schema.org/draft-07/schema#"',
  ],
  [
    'an inner schema of the other draft',
    { properties: { a: { $schema: draft07 } } },
    'schema at /properties/a/$schema: expected 2020-12 as at the root',
  ],
  ['too many bytes', { const: 'x'.repeat(64 * 1024) }, 'schema: expected at most 65536 bytes'],
  ['too many levels', nested(17), 'expected at most 16 levels of subschemas'],
  [
    'too many subschemas',
    { allOf: Array.from({ length: 1_000 }, () => true) },
    'schema: expected at most 1000 subschemas',
  ],
  ['too many that a $ref names', chain(300), 'expected at most 256 subschemas that a $ref names'],
  [
    'a reference to the outside',
    { properties: { a: { $ref: 'https://example.com/a.json' } } },
    'schema at /properties/a/$ref: expected a subschema of this document, as "#/$defs/name", got ' +
      '"https://example.com/a.json"',
  ],
  ['a reference to a file', { $ref: 'file:///etc/passwd' }, 'nothing is fetched'],
  ['a reference to nothing', { $ref: '#/$defs/a' }, 'expected a subschema of this document'],
  [
    'a reference to what is no subschema',
    { examples: [{ type: 'string' }], $ref: '#/examples/0' },
    'expected a subschema of this document',
  ],
  ['a broken fragment', { $ref: '#/%E0%A4%A' }, 'expected a subschema of this document'],
  ['a reference to itself', { $ref: '#' }, 'expected references that end'],
  [
    'references in a ring',
    { $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { not: self } }, ...self },
    'expected references that end',
  ],
  [
    'references that double on each level',
    {
      $defs: Object.fromEntries(
        Array.from({ length: 20 }, (_, i) => {
          const next = i < 19 ? { $ref: `#/$defs/d${i + 1}` } : true;
          return [`d${i}`, { allOf: [next, next] }];
        }),
      ),
      $ref: '#/$defs/d0',
    },
    'expected at most 10000 subschemas that look at one value',
  ],
  ['the same anchor twice', { $defs: { a: { $anchor: 'x' }, b: { $anchor: 'x' } } }, 'rename one'],
  ['an id that is no URI', { $id: 'http://[' }, 'schema at /$id: expected a URI'],
  [
    'a dynamic reference in several resources',
    { $id: 'http://a.example/', $defs: { b: { $id: 'b' } }, items: { $dynamicRef: '#' } },
    'schema at /items/$dynamicRef: expected no $dynamicRef',
  ],
  ['uniqueItems alone', { uniqueItems: true }, 'schema at /uniqueItems: expected a maxItems of at'],
  ['uniqueItems of many', { uniqueItems: true, maxItems: 101 }, 'got 101; add one'],
  [
    'unevaluatedItems beside contains',
    { contains: { const: 1 }, unevaluatedItems: false },
    'schema at /unevaluatedItems: expected no contains beside it',
  ],
  ['an unknown format', { format: 'datetime' }, 'got "datetime"; correct it or leave it out'],
  ['look-ahead', { pattern: '^(?=a)' }, 'schema at /pattern: expected a pattern for an engine of'],
  ['look-behind', { pattern: '(?<=a)b' }, 'no look-ahead, look-behind or back reference'],
  ['a back reference', { pattern: String.raw`(a)\1` }, 'expected a pattern for an engine'],
  ...[String.raw`\Aa`, String.raw`a\z`, String.raw`\Q.\E`, String.raw`[\a]`, String.raw`\pL`].map(
    (pattern): [string, unknown, string] => [
      `an escape of other engines: ${pattern}`,
      { pattern },
      'is no escape of ECMAScript',
    ],
  ),
  ['a script without its property', { pattern: String.raw`^\p{Greek}` }, 'is no escape of'],
  ['a flag of other engines', { pattern: '(?i)a' }, 'expected a pattern for an engine'],
  ['a pattern that is none', { pattern: '(' }, 'expected a pattern for an engine'],
  [
    'look-ahead in the name of a pattern',
    { patternProperties: { '^(?!a)/': true } },
    'schema at /patternProperties/^(?!a)~1: expected a pattern',
  ],
  ['a long pattern', { pattern: 'a'.repeat(1_025) }, 'it has more than 1024 characters'],
  ['a large pattern', { pattern: 'a{1,1000}b{1,500}' }, 'at most 2000 instructions in all'],
  [
    'a name that is passed over there',
    JSON.parse('{"dependentRequired":{"__proto__":["a"]}}'),
    'schema at /dependentRequired/__proto__: expected another name',
  ],
  [
    'an empty name that is required',
    { items: { required: ['a', ''] } },
    'schema at /items/required/1: expected a name of one character at least, got ""; leave it out',
  ],
  ...['dependentRequired', 'dependencies'].map((keyword): [string, unknown, string] => [
    `an empty name in ${keyword}`,
    { [keyword]: { 'a/b': [''] } },
    `schema at /${keyword}/a~1b/0: expected a name of one character at least`,
  ]),
];

const taken: readonly [string, unknown][] = [
  ['true', true],
  ['false', false],
  ['nothing', {}],
  ['unknown keywords', { 'x-owner': 'sales', tsAdditionalProperties: false, deprecated: true }],
  ['keywords that ajv has of its own', { id: 'a', nullable: 1, $async: true, discriminator: {} }],
  ['$data as a name', { properties: { $data: { type: 'string' } } }],
  ['a definition that nothing names', { $defs: { a: { type: 'string' } } }],
  ['an absolute id', { $id: 'https://example.com/a', $defs: { b: { $id: 'b' } }, $ref: 'b' }],
  ['a URN', { $id: 'urn:uuid:deadbeef-1234-0000-0000-4321feebdaed', items: { $ref: '#' } }],
  ['recursion into the value', { properties: { next: { $ref: '#' } } }],
  ['an escape of another flag', { pattern: String.raw`^[\w\-]+\_$` }],
  ['an empty name of a property', { properties: { '': { type: 'string' } } }],
  [
    'an empty name in what another draft requires',
    { $schema: draft07, dependentRequired: { a: [''] } },
  ],
  [
    'all escapes of ECMAScript',
    { pattern: String.raw`\d\D\w\W\s\S\b\B\f\n\r\t\v\cA\x41\u0041\p{L}\P{L}\\A\-` },
  ],
  ['uniqueItems with a bound', { uniqueItems: true, maxItems: 100 }],
  ['16 levels', nested(16)],
  ['references in any order', chain(60)],
];

describe('checkSchemaDocument', () => {
  it.each(refused)('refuses %s', (_, schema, sentence) => {
    expect(refusalOf(() => checkSchemaDocument(schema)).message).toContain(sentence);
  });

  it.each(taken)('takes %s, and it compiles', (_, schema) => {
    const checked = checkSchemaDocument(schema);
    expect(checked).toEqual(schema);
    expect(compileSchema(checked).validate(null)).toHaveLength(schema === false ? 1 : 0);
  });

  it('names the field that was asked for', () => {
    const refusal = refusalOf(() => checkSchemaDocument({ type: 1 }, 'schemas[3]'));
    expect(refusal).toBeInstanceOf(AllSourceError);
    expect(refusal.code).toBe('validation_error');
    expect(refusal.message).toMatch(/^schemas\[3\] at \/type: expected/);
    expect(refusal.details?.[0]?.field).toBe('schemas[3]/type');
  });

  it('returns a copy, which later changes do not reach', () => {
    const schema = { required: ['a'] };
    const checked = checkSchemaDocument(schema);
    schema.required.push('b');
    expect(checked).toEqual({ required: ['a'] });
  });

  it('leaves no trace of a schema that names __proto__', () => {
    const schema: unknown = JSON.parse('{"properties":{"__proto__":{"const":{"polluted":1}}}}');
    compileSchema(checkSchemaDocument(schema)).validate({ a: 1 });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
