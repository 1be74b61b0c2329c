import { describe, expect, it } from 'vitest';
import type { Finding, JsonSchema } from '../../../src/schemas/index.js';
import {
  compatibilityFindings,
  compatibilityModes,
  findingsAgainst,
} from '../../../src/schemas/index.js';
import { objectCases, scalarCases } from './cases.js';
import { arrayCases, combinationCases } from './moreCases.js';

const shown = ({ kind, pointer }: Finding): string => `${kind} ${pointer}`;

const tables = { scalarCases, objectCases, arrayCases, combinationCases };

describe.each(Object.entries(tables))('%s', (_, cases) => {
  it.each(cases)('$name', ({ previous, next, backward, forward }) => {
    const found = compatibilityFindings(previous, next, { mode: 'FULL' });
    const of = (direction: string): string[] =>
      found.filter((one) => one.direction === direction).map(shown);
    expect(of('backward').sort()).toEqual([...backward].sort());
    expect(of('forward').sort()).toEqual([...forward].sort());
  });

  it.each(cases)('$name, the other way round', ({ previous, next, backward, forward }) => {
    const isEmpty = (mode: 'BACKWARD' | 'FORWARD'): boolean =>
      compatibilityFindings(next, previous, { mode }).length === 0;
    expect(isEmpty('BACKWARD')).toBe(forward.length === 0);
    expect(isEmpty('FORWARD')).toBe(backward.length === 0);
  });
});

it('has at least two hundred cases', () => {
  expect(Object.values(tables).flat().length).toBeGreaterThanOrEqual(200);
});

describe('a finding', () => {
  it('tells what was, what is and what to do', () => {
    const [finding] = compatibilityFindings({ enum: ['a', 'b'] }, { enum: ['a'] });
    expect(finding).toEqual({
      pointer: '/enum',
      kind: 'enum_value_removed',
      direction: 'backward',
      was: ['a', 'b'],
      is: ['a'],
      advice: 'Accept "b" still, which the previous schema accepts.',
    });
  });

  it('tells forward what was in the previous schema', () => {
    const [finding] = compatibilityFindings(
      { type: 'integer' },
      { type: 'number' },
      { mode: 'FORWARD' },
    );
    expect(finding).toMatchObject({ kind: 'type_widened', was: 'integer', is: 'number' });
  });

  it('tells why it is undecidable', () => {
    const [finding] = compatibilityFindings({ pattern: 'a' }, { pattern: 'b' });
    expect(finding?.advice).toContain('patterns are compared by their text only');
  });

  it('names a property whatever is in its name', () => {
    const [finding] = compatibilityFindings({}, { type: ['object'], required: ['$&'] });
    expect(finding?.kind).toBe('type_narrowed');
    const [other] = compatibilityFindings({ type: 'object' }, { required: ['$&'] });
    expect(other?.advice).toContain('"$&"');
  });
});

it('matches names with the engine that is given', () => {
  const previous: JsonSchema = {
    type: 'object',
    properties: { a1: { type: 'string' } },
    additionalProperties: false,
  };
  const next = { patternProperties: { '[0-9]$': { type: 'string' } } };
  const matches = (pattern: string, text: string): boolean => new RegExp(pattern, 'u').test(text);
  expect(compatibilityFindings(previous, next, { matches })).toEqual([]);
  const other = { patternProperties: { '[0-9]$': { type: 'number' } } };
  expect(compatibilityFindings(previous, other, { matches }).map(shown)).toEqual([
    'type_narrowed /patternProperties/[0-9]$/type',
  ]);
});

describe('over versions', () => {
  const versions = [
    { version: 1, schema: { type: 'integer' } },
    { version: 3, schema: { type: ['integer', 'string'] } },
  ];
  const found = (next: JsonSchema): Record<string, string[]> =>
    Object.fromEntries(
      compatibilityModes.map((mode) => [
        mode,
        findingsAgainst(versions, next, { mode }).map(
          ({ version, direction }) => `${version} ${direction}`,
        ),
      ]),
    );

  it('each mode compares with what it is named for', () => {
    expect(found({ type: ['integer', 'string', 'null'] })).toEqual({
      NONE: [],
      BACKWARD: [],
      FORWARD: ['3 forward'],
      FULL: ['3 forward'],
      BACKWARD_TRANSITIVE: [],
      FORWARD_TRANSITIVE: ['1 forward', '3 forward'],
      FULL_TRANSITIVE: ['1 forward', '3 forward'],
    });
  });

  it('a schema may fit the last version and not an earlier one', () => {
    expect(found({ type: 'string' })).toMatchObject({
      BACKWARD: ['3 backward'],
      FORWARD: [],
      FORWARD_TRANSITIVE: ['1 forward'],
    });
  });

  it('without versions nothing is found', () => {
    expect(findingsAgainst([], false, { mode: 'FULL_TRANSITIVE' })).toEqual([]);
  });
});
