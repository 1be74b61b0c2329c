import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { format } from 'prettier';
import ts from 'typescript';
import { describe, expect, it, vi } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/domain/index.js';
import { eventTypesSource } from '../../../src/schemas/index.js';
import type { JsonSchema } from '../../../src/schemas/index.js';
import { seedOf } from '../../crash/random.js';
import { root } from '../../tidy/sources.js';
import { document, values } from './randomSchemas.js';
import { folder, readSubjects } from './subjects.js';

vi.setConfig({ testTimeout: 120_000 });

const golden = join(folder, 'events.d.ts');
const style = { parser: 'typescript', printWidth: 100, singleQuote: true };

const typesOf = (schema: JsonSchema, subject = 'order.placed'): string =>
  eventTypesSource([{ subject, version: 1, schema }]);

/** What is written for the payload of a schema, in one line. */
const typeOf = (schema: JsonSchema): string => {
  const [, type = ''] = /export type OrderPlaced =([^]*?);\n\n/.exec(typesOf(schema)) ?? [];
  return type.trim().replace(/\s+/g, ' ');
};

const object = (schema: JsonObject): JsonObject => ({ type: 'object', ...schema });

/** Errors of the compiler in files that are given as texts, or are there. */
function compileErrors(files: readonly string[], texts: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    paths: { 'allsource-core': [join(root, 'src/index.ts')] },
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  const program = ts.createProgram(files, options, host);
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    return [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ].map(({ messageText, start = 0 }) => {
      const line = source?.text.slice(0, start).split('\n').length ?? 0;
      return `${file}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

describe('types of a folder of schemas', () => {
  it('are those that were checked by eye, byte for byte', () => {
    const text = eventTypesSource(readSubjects());
    if (process.env['GOLDEN'] === 'write') writeFileSync(golden, text);
    expect(text).toBe(readFileSync(golden, 'utf8'));
  });

  it('do not depend on the order of subjects, nor on that of members', () => {
    const turned = (value: JsonValue): JsonValue => {
      if (typeof value !== 'object' || value === null) return value;
      if (Array.isArray(value)) return value.map((item: JsonValue) => turned(item));
      const members = Object.entries(value).reverse();
      return Object.fromEntries(members.map(([name, member]) => [name, turned(member ?? null)]));
    };
    const subjects = readSubjects().reverse();
    const others = subjects.map((one) => ({ ...one, schema: turned(one.schema) as JsonSchema }));
    expect(eventTypesSource(others)).toBe(readFileSync(golden, 'utf8'));
  });

  it('narrow, and refuse what the schemas refuse', () => {
    expect(compileErrors([golden, join(folder, 'consumer.ts')], new Map())).toEqual([]);
  });

  it('are nothing where there are no subjects', () => {
    expect(eventTypesSource([])).toContain('export interface EventPayloads {}\n');
  });
});

describe('names', () => {
  const namesOf = (...subjects: string[]): string[] => {
    const text = eventTypesSource(
      subjects.map((subject) => ({ subject, version: 1, schema: true })),
    );
    const found = text.matchAll(/^ {2}readonly ('?)(.*)\1: (\w+);$/gm);
    return [...found].map(([, , subject, name]) => `${subject} ${name}`);
  };

  it('come from event types', () => {
    expect(namesOf('order.placed', 'order-item_v2.added', '3d', '_', 'x')).toEqual([
      '3d Event3d',
      '_ Event2',
      'order-item_v2.added OrderItemV2Added',
      'order.placed OrderPlaced',
      'x X',
    ]);
  });

  it.each([
    ['a.b', 'a-b', 'a_b', 'ab', 'a.b2'],
    ['a.b2', 'ab', 'a_b', 'a-b', 'a.b'],
  ])('are distinct whatever the order: %s first', (...subjects) => {
    expect(namesOf(...subjects)).toEqual(['a-b AB3', 'a.b AB', 'a.b2 AB2', 'a_b AB4', 'ab Ab']);
  });

  it('are none of those that the file needs itself', () => {
    const own = ['event', 'named.event', 'event.payloads', 'json.value', 'json.object'];
    const text = eventTypesSource(own.map((subject) => ({ subject, version: 1, schema: true })));
    const file = join(folder, 'own.ts');
    expect(compileErrors([file], new Map([[file, text]]))).toEqual([]);
  });

  it.each([
    [['Order'], /^subject: expected an event type, or a prefix as order\.\*, not "Order"$/],
    [['a', 'a'], /^subject: expected each once, not "a" twice$/],
  ])('are refused for %j', (subjects, message) => {
    const run = (): unknown => namesOf(...subjects);
    expect(run).toThrow(expect.objectContaining({ code: 'validation_error' }));
    expect(run).toThrow(message);
  });
});

describe('a type', () => {
  it.each<[string, JsonSchema, string]>([
    ['takes whatever a schema without a type takes', { minimum: 1 }, 'JsonValue'],
    ['ignores `not`', { type: 'string', not: { const: 'a' } }, 'string'],
    ['takes integers as numbers', { type: ['integer', 'null'] }, 'number | null'],
    ['takes no null for `nullable`', { type: 'string', nullable: true }, 'string'],
    ['takes types that it does not know as any', { type: 'date' }, 'JsonValue'],
    ['leaves out values of other types', { type: 'string', enum: ['a', 1, 'a'] }, "'a'"],
    ['escapes', { enum: ["'", '"', '\u2028\n', '\ud800'] }, `"'" | '"' | '\\u2028\\n' | '\\ud800'`],
    ['takes numbers beyond doubles', { const: Infinity }, 'number'],
    ['is never where nothing is valid', { allOf: [{ type: 'string' }, { type: 'null' }] }, 'never'],
    ['is never for literals that differ', { const: 1, allOf: [{ const: 2 }] }, 'never'],
    [
      'takes the literals of both',
      { enum: [1, 2, 'a'], anyOf: [{ enum: [2, 'a', 3] }] },
      "'a' | 2",
    ],
    ['is an array', { type: 'array', items: { type: 'string' } }, 'readonly string[]'],
    ['is no tuple up to a maximum', { type: 'array', maxItems: 3 }, 'readonly JsonValue[]'],
    ['is an empty tuple', { type: 'array', items: false }, 'readonly []'],
    [
      'is a tuple as far as its items must be there',
      {
        type: 'array',
        prefixItems: [{ type: 'string' }, { type: 'null' }],
        items: false,
        minItems: 1,
      },
      'readonly [string, ...null[]]',
    ],
    [
      'is an array of tuples',
      { type: 'array', items: { type: 'array', maxItems: 0 } },
      'readonly (readonly [])[]',
    ],
    [
      'does not know prefixItems in draft-07',
      { $schema: 'http://json-schema.org/draft-07/schema#', type: 'array', prefixItems: [true] },
      'readonly JsonValue[]',
    ],
    [
      'ignores what stands beside a reference before 2019-09',
      { $ref: '#/$defs/a', type: 'null', $defs: { a: { type: 'string' } } },
      'OrderPlaced.A',
    ],
    [
      'takes what stands beside a reference since 2019-09',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $ref: '#/$defs/a',
        type: 'null',
        $defs: { a: { type: 'string' } },
      },
      'never',
    ],
    [
      'follows an anchor',
      { $ref: '#kind', $defs: { a: { $anchor: 'kind', type: 'string' } } },
      'OrderPlaced.A',
    ],
    [
      'decodes a pointer before it is taken apart',
      { $ref: '#%2F%24defs%2Fa~1b', $defs: { 'a/b': { type: 'string' } } },
      'OrderPlaced.AB',
    ],
    ['looks nothing up outside', { $ref: 'other.json#/a' }, 'JsonValue'],
    ['looks nothing up where there is nothing', { $ref: '#/$defs/a' }, 'JsonValue'],
    ['takes no pointer that is none', { $ref: '#/%' }, 'JsonValue'],
    [
      'looks nothing up where a part has an id of its own',
      { $ref: '#/$defs/a', $defs: { a: { $id: 'https://example.org/a', type: 'string' } } },
      'JsonValue',
    ],
    [
      'ends where a schema is its own alternative',
      { anyOf: [{ $ref: '#' }, { type: 'null' }] },
      'JsonValue',
    ],
    [
      'asks for members that are required by name only',
      object({ required: ['a'], additionalProperties: { type: 'string' } }),
      '{ readonly a: string; readonly [name: string]: string | undefined; }',
    ],
    [
      'is never in members that can not be',
      object({ required: ['a'], additionalProperties: false }),
      '{ readonly a: never; }',
    ],
    [
      'takes __proto__ as any other name',
      object({ properties: JSON.parse('{"__proto__":{"type":"null"}}') as JsonObject }),
      '{ readonly __proto__?: null; }',
    ],
    [
      'is narrowed by what all of its parts say of a member',
      object({
        properties: { a: { type: ['string', 'null'] } },
        allOf: [{ properties: { a: { type: ['string', 'number'] } }, required: ['a'] }],
      }),
      '{ readonly a: string; }',
    ],
  ])('%s', (_name, schema, expected) => {
    expect(typeOf(schema)).toBe(expected);
  });

  it('stays small where alternatives multiply', () => {
    const pair = (at: number): JsonObject => ({
      oneOf: ['a', 'b', 'c', 'd'].map((name) => ({ required: [`${name}${at}`] })),
    });
    const deep = (levels: number): JsonObject =>
      object({
        properties: levels === 0 ? {} : { next: deep(levels - 1) },
        allOf: [pair(1), pair(2), pair(3)],
      });
    expect(typesOf(deep(8)).length).toBeLessThan(200_000);
    const array = (levels: number): JsonSchema =>
      levels === 0 ? true : { type: 'array', minItems: 8, items: array(levels - 1) };
    expect(typesOf(array(12)).length).toBeLessThan(10_000);
    const defs = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [
        `d${at}`,
        { properties: {}, allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
      ]),
    );
    expect(typesOf(object({ $ref: '#/$defs/d0', $defs: defs })).length).toBeLessThan(10_000);
  });
});

/** Literal types take what is in them, and nothing is widened. */
function literalType(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value))
    return `[${value.map((item: JsonValue) => literalType(item)).join(', ')}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${literalType(member ?? null)};`,
  );
  return `{ ${members.join(' ')} }`;
}

describe('types of random schemas', () => {
  const seed = seedOf(process.env['SCHEMA_TYPES_SEED']);
  const numRuns = Number(process.env['SCHEMA_TYPES_RUNS'] ?? 150);

  it(`are as the formatter would have them (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(document, async (schema) => {
        const text = typesOf(schema);
        expect(await format(text, style)).toBe(text);
      }),
      { numRuns, seed },
    );
  });

  it(`take every value that is valid (seed ${seed})`, () => {
    const texts = new Map<string, string>();
    let valid = 0;
    for (const [at, [schema, samples]] of fc
      .sample(fc.tuple(document, values), { numRuns, seed })
      .entries()) {
      const own = validOnes(schema, samples);
      valid += own.length;
      const lines = own.map((sample) => `takes<${literalType(sample)}>();`);
      const head = 'declare function takes<T extends OrderPlaced>(): T;';
      texts.set(join(folder, `random${at}.ts`), [typesOf(schema), head, ...lines].join('\n'));
    }
    expect(compileErrors([...texts.keys()], texts)).toEqual([]);
    expect(valid, 'values that are valid').toBeGreaterThan(numRuns);
  });
});

/** None of a schema that is its own alternative: validators find no end of it. */
function validOnes(schema: JsonObject, samples: readonly JsonValue[]): readonly JsonValue[] {
  try {
    const validate = new Ajv2020({ strict: false, logger: false }).compile(schema);
    return samples.filter((sample) => validate(sample));
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}
