// Schemas made to take for ever. The bound is on processor time, and ten times what it takes.
import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/index.js';
import type { Finding, JsonSchema } from '../../../src/schemas/index.js';
import { compatibilityFindings } from '../../../src/schemas/index.js';

const secondsMax = 15;

const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
const named = <T>(count: number, make: (at: number) => T): Record<string, T> =>
  Object.fromEntries(times(count, (at) => [`n${at}`, make(at)]));

function anyOfTree(levels: number, type: string): JsonObject {
  if (levels === 0) return { type };
  return { anyOf: times(6, (at) => ({ ...anyOfTree(levels - 1, type), minimum: at })) };
}

function nested(levels: number, word: string, type: string): JsonObject {
  let schema: JsonObject = { type };
  for (let left = levels; left > 0; left -= 1) schema = { [word]: schema };
  return schema;
}

const choices = (type: string): JsonObject => ({
  allOf: times(12, (at) => ({
    oneOf: times(6, (value) => ({ properties: { [`n${at}`]: { const: value, type } } })),
  })),
});
const doubling = (type: string): JsonObject => ({
  $ref: '#/$defs/n0',
  $defs: {
    ...named(60, (at) => {
      const next = { $ref: `#/$defs/n${at + 1}` };
      return { allOf: [next, next], anyOf: [next, next] };
    }),
    n60: { type },
  },
});
const graph = (count: number, type: string): JsonObject => ({
  $ref: '#/$defs/n0',
  $defs: named(count, (at) => ({
    type: 'object',
    properties: {
      a: { $ref: `#/$defs/n${(at + 1) % count}` },
      b: { $ref: `#/$defs/n${(at * 7 + 3) % count}` },
      value: { type },
    },
  })),
});
const wide = (type: string): JsonObject => ({ properties: named(20_000, () => ({ type })) });
const patterns = (text: string): JsonObject => ({
  patternProperties: Object.fromEntries(times(300, (at) => [`${text}${at}[a-z]`, { minimum: at }])),
  additionalProperties: { type: 'string' },
});
const branches = (minimum: number): JsonObject => ({
  oneOf: times(100, (at) => ({
    properties: { tag: { const: at }, value: { minimum } },
    required: ['tag'],
  })),
});

it.each<[string, JsonSchema, JsonSchema]>([
  ['anyOf of anyOf, 6 to the power of 5', anyOfTree(5, 'number'), anyOfTree(5, 'integer')],
  ['twelve choices of six', choices('integer'), choices('number')],
  ['definitions that use the next one four times', doubling('integer'), doubling('string')],
  ['recursion of 97 by 89 schemas', graph(97, 'integer'), graph(89, 'string')],
  ['recursion of 500 schemas', graph(500, 'integer'), graph(500, 'string')],
  ['20 000 properties', wide('integer'), wide('string')],
  ['not of not', nested(100, 'not', 'number'), nested(100, 'not', 'string')],
  ['5 000 levels', nested(5000, 'items', 'number'), nested(5000, 'items', 'string')],
  ['300 patterns of names', patterns('a'), patterns('b')],
  ['a hundred branches', branches(1), branches(0)],
])('%s end', (_, previous, next) => {
  const begin = process.cpuUsage();
  const found = compatibilityFindings(previous, next, { mode: 'FULL' });
  const { user, system } = process.cpuUsage(begin);
  expect(found.length).toBeGreaterThan(0);
  expect((user + system) / 1e6).toBeLessThan(secondsMax);
});

const kinds = (found: readonly Finding[]): string[] => [...new Set(found.map(({ kind }) => kind))];

it('says that schemas are too entangled, and never that they are compatible', () => {
  const found = compatibilityFindings(graph(97, 'integer'), graph(89, 'string'));
  expect(kinds(found)).toEqual(['undecidable']);
  expect(found[0]?.advice).toContain('too large or too entangled');
});

it('decides recursion of forty schemas', () => {
  expect(compatibilityFindings(graph(40, 'integer'), graph(40, 'number'))).toEqual([]);
  expect(kinds(compatibilityFindings(graph(40, 'number'), graph(40, 'integer')))).toEqual([
    'type_narrowed',
  ]);
});

it('decides a thousand properties', () => {
  const schema = (type: string): JsonObject => ({ properties: named(1000, () => ({ type })) });
  expect(compatibilityFindings(schema('integer'), schema('number'))).toEqual([]);
  expect(compatibilityFindings(schema('number'), schema('integer'))).toHaveLength(100);
});

it('decides a union of forty kinds', () => {
  const schema = (minimum: number): JsonObject => ({
    oneOf: times(40, (at) => ({
      type: 'object',
      properties: { tag: { const: at }, value: { type: 'integer', minimum } },
      required: ['tag'],
    })),
  });
  expect(compatibilityFindings(schema(1), schema(0))).toEqual([]);
});
