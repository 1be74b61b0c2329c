import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/domain/index.js';
import { checkSchemaDocument, compileSchema } from '../../src/schemas/index.js';

const validate = (schema: unknown, payload: JsonValue) =>
  compileSchema(checkSchemaDocument(schema)).validate(payload);

const draft07 = 'http://json-schema.org/draft-07/schema#';

/** Name, schema, payload, and what is expected: pointer, rule, message. */
const cases: readonly [string, unknown, JsonValue, [string, string, string]][] = [
  ['type', { type: 'string' }, 5, ['', 'type', 'expected a string, got a number']],
  [
    'one of several types',
    { properties: { a: { type: ['integer', 'null'] } } },
    { a: 'x' },
    ['/a', 'type', 'expected an integer or null, got a string of 1 characters'],
  ],
  [
    'a missing property',
    { properties: { customer: { required: ['email'] } } },
    { customer: { id: 1 } },
    ['/customer/email', 'required', 'expected a property "email", got none'],
  ],
  [
    'a property that others need',
    { dependentRequired: { card: ['cvc'] } },
    { card: 1 },
    ['/cvc', 'dependentRequired', 'expected a property "cvc", got none'],
  ],
  [
    'a property too many',
    { additionalProperties: false },
    { 'a/b~c': 1 },
    ['/a~1b~0c', 'additionalProperties', 'expected no property of this name, got one'],
  ],
  [
    'an unevaluated property',
    { allOf: [{ properties: { a: true } }], unevaluatedProperties: false },
    { a: 1, b: 2 },
    ['/b', 'unevaluatedProperties', 'expected no property of this name, got one'],
  ],
  [
    'the name of a property',
    { propertyNames: { maxLength: 2 } },
    { abc: 1 },
    ['', 'propertyNames', 'expected other property names, got "abc"'],
  ],
  [
    'a minimum',
    { items: { minimum: 2 } },
    [3, 1],
    ['/1', 'minimum', 'expected at least 2, got a number'],
  ],
  [
    'a length',
    { maxLength: 2 },
    '𝒳𝒳𝒳',
    ['', 'maxLength', 'expected at most 2 characters, got a string of 3 characters'],
  ],
  [
    'items',
    { minItems: 2 },
    [1],
    ['', 'minItems', 'expected at least 2 items, got an array of 1 items'],
  ],
  [
    'items behind the last',
    { $schema: draft07, items: [{}], additionalItems: false },
    [1, 2],
    ['', 'additionalItems', 'expected at most 1 items, got an array of 2 items'],
  ],
  [
    'properties',
    { maxProperties: 0 },
    { a: 1 },
    ['', 'maxProperties', 'expected at most 0 properties, got an object of 1 properties'],
  ],
  [
    'an enum',
    { enum: ['EUR', 'USD'] },
    'GBP',
    ['', 'enum', 'expected one of ["EUR","USD"], got another value (a string of 3 characters)'],
  ],
  ['a const', { const: 1 }, null, ['', 'const', 'expected 1, got another value (null)']],
  [
    'a multiple',
    { multipleOf: 5 },
    3,
    ['', 'multipleOf', 'expected a multiple of 5, got another number'],
  ],
  [
    'a pattern',
    { pattern: '^a+$' },
    'b',
    [
      '',
      'pattern',
      'expected a text that matches "^a+$", got a string of 1 characters that does not',
    ],
  ],
  [
    'a format',
    { format: 'date-time' },
    'today',
    ['', 'format', 'expected the format date-time, got a string of 5 characters of another form'],
  ],
  [
    'items that differ',
    { uniqueItems: true, maxItems: 100 },
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    ['', 'uniqueItems', 'expected items that differ, got the same one twice'],
  ],
  [
    'an item that must be there',
    { contains: { const: 1 } },
    [2],
    ['', 'contains', 'expected at least 1 items that fit "contains", got another number'],
  ],
  [
    'alternatives of which several fit',
    { oneOf: [true, { type: 'number' }] },
    1,
    ['', 'oneOf', 'expected a value that fits one alternative, got one that fits several'],
  ],
  [
    'alternatives of which none fits',
    { anyOf: [false, false] },
    1,
    [
      '',
      'anyOf',
      'expected a value that fits one of the alternatives, got a number that fits none',
    ],
  ],
  [
    'not',
    { not: { type: 'object' } },
    {},
    [
      '',
      'not',
      'expected a value that does not fit the schema under "not", got an object of 0 properties that does',
    ],
  ],
  [
    'false',
    { properties: { a: false } },
    { a: [] },
    ['/a', 'false', 'expected nothing here, got an array of 0 items'],
  ],
];

describe('violations', () => {
  it.each(cases)('tell of %s', (_, schema, payload, [pointer, rule, message]) => {
    expect(validate(schema, payload)).toContainEqual({ pointer, rule, message });
  });

  it('tell all that is wrong, in one answer', () => {
    const schema = { properties: { a: { type: 'string' } }, required: ['b'], maxProperties: 1 };
    const rules = validate(schema, { a: 1, c: 2 }).map(({ rule }) => rule);
    expect(rules.sort()).toEqual(['maxProperties', 'required', 'type']);
  });

  it('are twenty at most', () => {
    const payload = Array.from({ length: 1_000 }, (_, i) => i);
    expect(validate({ items: { type: 'string' } }, payload)).toHaveLength(20);
  });

  it('begin with the alternatives that do not fit', () => {
    const schema = { oneOf: [{ required: ['a'] }, { required: ['b'] }] };
    const rules = validate(schema, {}).map(({ rule }) => rule);
    expect(rules).toEqual(['oneOf', 'required', 'required']);
  });

  it('never show a value of the payload', () => {
    const schema = {
      properties: {
        a: { enum: [1] },
        b: { const: 'x' },
        c: { pattern: '^z' },
        d: { format: 'date' },
      },
    };
    const secret = 'geheim-4711';
    const violations = validate(schema, { a: secret, b: secret, c: secret, d: secret });
    expect(violations).toHaveLength(4);
    expect(JSON.stringify(violations)).not.toContain(secret);
  });

  it('cut the pointer of a name that is as long as a payload', () => {
    const [violation] = validate({ additionalProperties: false }, { ['x'.repeat(100_000)]: 1 });
    expect(violation?.pointer).toHaveLength(1_024);
  });
});

describe('names that every object of JavaScript has', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length'])('%s', (name) => {
    const schema: unknown = JSON.parse(
      `{"properties":{"${name}":{"type":"number"}},"required":["${name}"],"additionalProperties":false}`,
    );
    const { validate: run } = compileSchemaBound(schema);
    const payload = (value: string): JsonValue => JSON.parse(`{"${name}":${value}}`) as JsonValue;
    expect(run({})[0]?.rule).toBe('required');
    expect(run(payload('"x"'))[0]?.rule).toBe('type');
    expect(run(payload('1'))).toEqual([]);
  });
});

function compileSchemaBound(schema: unknown): {
  validate: (payload: JsonValue) => ReturnType<typeof validate>;
} {
  const validator = compileSchema(checkSchemaDocument(schema));
  return { validate: (payload) => validator.validate(payload) };
}

describe('what the standard does not know', () => {
  it.each([
    ['nullable', { type: 'string', nullable: true }, null],
    ['$async', { $async: true, type: 'string' }, null],
    [
      'dependentRequired of the other draft',
      { $schema: draft07, type: 'string', dependentRequired: {} },
      1,
    ],
  ])('changes nothing: %s', (_, schema, payload) => {
    expect(validate(schema, payload)).toHaveLength(1);
  });

  it('is ignored beside $ref in draft-07, and only there', () => {
    const schema = { definitions: { a: true }, $ref: '#/definitions/a', type: 'string' };
    expect(validate({ $schema: draft07, ...schema }, 1)).toEqual([]);
    expect(validate(schema, 1)).toHaveLength(1);
  });
});

describe('multiples', () => {
  it.each([
    [1, 1e21, true],
    [1, 1e300, true],
    [7, 2 ** 70, false],
    [3, 3 * 2 ** 80, true],
    [0.25, 0.75, true],
    [0.01, 0.0075, false],
    [2, -4, true],
    [5, 0, true],
  ])('of %s: %s is one: %s', (multipleOf, value, isOne) => {
    expect(validate({ multipleOf }, value)).toHaveLength(isOne ? 0 : 1);
  });
});

describe('what has been evaluated', () => {
  const alternatives = [
    { properties: { k: { const: 1 } }, required: ['k'], additionalProperties: false },
    { required: ['x-a'] },
  ];
  const patterned = { anyOf: alternatives, patternProperties: { '^x-': { type: 'string' } } };
  const either = [
    { properties: { a: { const: 1 } }, required: ['a'] },
    { properties: { b: true }, required: ['b'] },
  ];

  it.each([
    ['nobody asks for it', patterned],
    ['unevaluated names are asked for', { ...patterned, unevaluatedProperties: false }],
    [
      'an alternative takes all names',
      { ...patterned, anyOf: [true, { additionalProperties: true }], unevaluatedProperties: false },
    ],
  ])('is known of patterns beside alternatives: %s', (_, schema) => {
    expect(validate(schema, { 'x-a': 's' })).toEqual([]);
    expect(validate(schema, { 'x-a': 1 })).toContainEqual(
      expect.objectContaining({ pointer: '/x-a', rule: 'type' }),
    );
  });

  it.each(['anyOf', 'oneOf'])('is of one item, not of the one before: %s', (keyword) => {
    const item = { [keyword]: either, unevaluatedProperties: false };
    const rules = validate({ items: item }, [{ a: 1 }, { b: 1, a: 2 }]).map(({ rule }) => rule);
    expect(rules).toEqual(['unevaluatedProperties']);
    const wrapped = { items: { properties: { w: item } } };
    expect(validate(wrapped, [{ w: { a: 1 } }, { w: { b: 1, a: 2 } }])).toHaveLength(1);
  });
});

describe('patterns', () => {
  it.each([
    [
      'several of one schema each test their own',
      { pattern: '^a', not: { pattern: 'z$' } },
      'ab',
      'az',
    ],
    ['white space is what JavaScript means', { pattern: String.raw`^\s$` }, '\u00a0', 'a'],
    ['white space in a class', { pattern: String.raw`^[\s-]$` }, '\ufeff', 'a'],
    ['a dot is no line separator', { pattern: '^.$' }, '𝒳', '\u2028'],
    ['an end is the end', { pattern: 'a$' }, 'a', 'a\n'],
    ['a class of anything', { pattern: '^[^]$' }, '\n', ''],
    ['a bracket in a class', { pattern: '^[[:alpha:]]$' }, 'a]', 'a'],
    ['an escaped bracket', { pattern: String.raw`^\[.\]$` }, '[a]', 'a'],
    ['code points', { pattern: String.raw`^\u{1f600}\p{L}\x41\u0042$` }, '😀äAB', '😀ä'],
  ])('%s', (_, schema, match, other) => {
    expect(validate(schema, match)).toEqual([]);
    expect(validate(schema, other)).not.toEqual([]);
  });
});
