import { describe, expect, it } from 'vitest';
import { formats } from '../../src/schemas/validation/formats.js';
import type { JsonValue } from '../../src/domain/index.js';
import { checkSchemaDocument, compileSchema, type JsonSchema } from '../../src/schemas/index.js';
import { chain, cpuMsOf, deepPayload, refusalOf } from './support.js';

/** Far above what was measured (docs/decisions/schema-validation.md), far below what a bomb takes. */
const compileCpuMsMax = 5_000;
const validateCpuMsMax = 8_000;

const many = <T>(length: number, make: (i: number) => T): T[] =>
  Array.from({ length }, (_, i) => make(i));

const alternatives = (levels: number, width: number): JsonSchema =>
  levels === 0 ? { type: 'string' } : { anyOf: many(width, () => alternatives(levels - 1, width)) };

const conditions = (levels: number): JsonSchema =>
  levels === 0
    ? { type: 'string' }
    : { if: conditions(levels - 1), then: conditions(levels - 1), else: conditions(levels - 1) };

const twoSelves = { properties: { a: { $ref: '#' } }, required: ['a'] };
const text = 'x'.repeat(2_000_000);
const names = Object.fromEntries(many(100_000, (i) => [`name${i}`, i]));

/** Name, schema, payload, and the rule that is broken; undefined where the payload is valid. */
const bombs: readonly [string, unknown, JsonValue, string | undefined][] = [
  ['anyOf of 3⁵', alternatives(5, 3), 1, 'anyOf'],
  ['anyOf of 900', alternatives(1, 900), 1, 'anyOf'],
  [
    'allOf of 900 lengths, and 2 million characters',
    { allOf: many(900, (i) => ({ maxLength: 3e6 + i })) },
    text,
    'steps',
  ],
  [
    'allOf of 900 counts, and 100 000 names',
    { allOf: many(900, (i) => ({ maxProperties: 3e6 + i })) },
    names,
    'steps',
  ],
  [
    'allOf of 900 for each item',
    { items: { allOf: many(900, (i) => ({ minimum: -i })) } },
    many(300_000, () => 1),
    'steps',
  ],
  ['if, then and else inside each other', conditions(5), 1, 'type'],
  [
    'an enum of 10 000, and 300 000 items',
    { items: { enum: many(10_000, (i) => i) } },
    many(300_000, () => 9_999),
    'steps',
  ],
  [
    'a recursive anyOf that doubles with each level',
    { type: 'object', anyOf: [twoSelves, twoSelves] },
    deepPayload(64),
    'steps',
  ],
  [
    'a recursive allOf that doubles with each level',
    { allOf: [{ properties: { a: { $ref: '#' } } }, { properties: { a: { $ref: '#' } } }] },
    deepPayload(64),
    'steps',
  ],
  ['a chain of references, and a deep payload', chain(80), deepPayload(128), undefined],
  [
    'uniqueItems over 20 000 objects',
    { uniqueItems: true, maxItems: 100 },
    many(20_000, (i) => ({ same: 1, id: i })),
    'maxItems',
  ],
  [
    'uniqueItems over 100 large objects',
    { uniqueItems: true, maxItems: 100 },
    many(100, (i) => ({ list: many(4_000, (n) => n), id: i })),
    undefined,
  ],
  ['a catastrophic pattern', { pattern: '^(a+)+$' }, `${'a'.repeat(20_000)}!`, 'pattern'],
  [
    'a catastrophic pattern, and a long text',
    { pattern: '^(a+)+$' },
    `${'a'.repeat(2_000_000)}!`,
    'steps',
  ],
  [
    'a pattern of many states',
    { pattern: '^(?:[a-z]{0,30}){0,30}$' },
    `${'a'.repeat(1_000)}!`,
    'pattern',
  ],
  [
    'a pattern for each of 2 000 names, 2 million characters in all',
    { propertyNames: { pattern: '^(a+)+$' } },
    Object.fromEntries(many(2_000, (i) => ['a'.repeat(i + 1), i])),
    'steps',
  ],
  [
    '60 patterns for each of 1 000 names',
    { patternProperties: Object.fromEntries(many(60, (i) => [`(a|b)*a(a|b){5}x${i}$`, false])) },
    Object.fromEntries(many(1_000, (i) => [`ab${'ba'.repeat(i % 50)}${i}`, 1])),
    'steps',
  ],
];

describe('bombs', () => {
  it.each(bombs)('%s: ends in time', (_, schema, payload, rule) => {
    let validator = compileSchema(true);
    const compileMs = cpuMsOf(() => {
      validator = compileSchema(checkSchemaDocument(schema));
    });
    expect(compileMs).toBeLessThan(compileCpuMsMax);
    let rules: string[] = [];
    const validateMs = cpuMsOf(() => {
      rules = validator.validate(payload).map((violation) => violation.rule);
    });
    expect(rules[0]).toBe(rule);
    expect(validateMs).toBeLessThan(validateCpuMsMax);
  });

  it('are refused where they are too large to be written down', () => {
    const refusal = refusalOf(() => checkSchemaDocument(alternatives(5, 6)));
    expect(refusal.message).toContain('expected at most 65536 bytes');
  });

  it('leave the next validation all its steps', () => {
    const bomb = compileSchema({ items: { enum: many(10_000, (i) => i) } });
    expect(bomb.validate(many(300_000, () => 9_999))[0]?.rule).toBe('steps');
    expect(bomb.validate([9_999])).toEqual([]);
  });
});

describe('formats', () => {
  const hostile = [
    'a',
    'a.',
    'a-',
    'a@',
    '0',
    '1:',
    '::',
    '/',
    '//a',
    '%41',
    '{a}',
    '{a,',
    'http://a',
    'P1Y',
    '~0',
    'AAAA',
    '\n',
    't',
    'a@a.',
    ' ',
  ];
  const texts = ['', 'a@', 'http://', 'http://a@', '{', 'P', '/', '#', '2020-01-01T'].flatMap(
    (prefix) => hostile.map((part) => `${prefix}${part.repeat(100_000 / part.length)}\u0000`),
  );

  it.each([...formats().keys()])('%s takes time linear in the text', (format) => {
    const validator = compileSchema({ format });
    expect(cpuMsOf(() => texts.map((each) => validator.validate(each)))).toBeLessThan(5_000);
  });
});
