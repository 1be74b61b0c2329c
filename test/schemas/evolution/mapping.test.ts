import { describe, expect, it } from 'vitest';
import { AllSourceError } from '../../../src/domain/index.js';
import type { JsonValue } from '../../../src/domain/index.js';
import { checkUpcaster, mappingOperationsMax, upcasterToWire } from '../../../src/schemas/index.js';
import { frozen } from './support.js';

const wire = (operations: unknown): unknown => ({
  event_type: 'order.placed',
  from_version: 1,
  operations,
});

function problemsOf(input: unknown): string[] {
  try {
    checkUpcaster(input);
  } catch (error) {
    if (!(error instanceof AllSourceError) || error.code !== 'validation_error') throw error;
    return (error.details ?? []).map(({ field = '', reason }) => `${field}: ${reason}`);
  }
  return [];
}

const mapped = (payload: JsonValue, ...operations: unknown[]): JsonValue =>
  checkUpcaster(wire(operations)).up(frozen(payload));

describe('a mapping', () => {
  it('is refused with every problem at once, each with its path', () => {
    const problems = problemsOf({
      event_type: 'order.*',
      from_version: -1,
      colour: 'red',
      operations: [
        { op: 'rename', from: 'a..b', to: 'payload' },
        { op: 'replace', path: 'a', value: 1 },
        { op: 'add', path: '$entity_id' },
        { op: 'set', path: 'a', value: 1, unit: 'eur' },
        { op: 'transform', path: 'a', transform: 'divide:0' },
        { op: 'remove' },
        null,
      ],
    });
    expect(problems).toEqual([
      expect.stringMatching(/^colour: not a field of an upcaster; they are event_type, /),
      expect.stringMatching(/^event_type: expected an event type: .*, not "order\.\*"$/),
      'from_version: expected a whole number from 0, not -1',
      expect.stringMatching(/^operations\[0\]\.from: expected names with dots .*, not "a\.\.b"$/),
      'operations[0].to: expected a field of the payload, not all of it, not "payload"',
      expect.stringMatching(/^operations\[1\]\.op: expected one of rename, .*, not "replace"$/),
      'operations[2].path: expected a field of the payload; one of that name is ' +
        'payload.$entity_id, not "$entity_id"',
      'operations[2].value: expected a value of JSON, not nothing',
      'operations[3].unit: not a field of set; they are op, path, value',
      'operations[4].transform: expected divide:<n> by other than 0, not "divide:0"',
      'operations[5].path: expected text, not nothing',
      expect.stringMatching(/^operations\[6\]\.op: expected one of rename, .*, not nothing$/),
    ]);
  });

  it.each([
    [undefined, 'event_type: expected text, not nothing'],
    [wire([]), 'operations: expected an array of 1-100 operations, not 0'],
    [wire('all'), 'operations: expected an array of 1-100 operations, not "all"'],
    [
      wire(Array.from({ length: mappingOperationsMax + 1 }, () => ({ op: 'remove', path: 'a' }))),
      'operations: expected an array of 1-100 operations, not 101',
    ],
    [
      { ...Object(wire([{ op: 'remove', path: 'a' }])), to_version: 1 },
      'to_version: expected a whole number above from_version, not 1',
    ],
    [
      { ...Object(wire([{ op: 'remove', path: 'a' }])), from_version: 4_294_967_296 },
      'from_version: expected a whole number from 0, not 4294967296',
    ],
  ])('is refused, case %#', (input, problem) => {
    expect(problemsOf(input)).toContain(problem);
  });

  it('goes to the next version where it names none', () => {
    const { fromVersion, toVersion } = checkUpcaster(wire([{ op: 'remove', path: 'a' }]));
    expect([fromVersion, toVersion]).toEqual([1, 2]);
  });

  it('stands on the wire as it was checked', () => {
    const operations = [
      { op: 'rename', from: 'total', to: 'total.net' },
      { op: 'copy', from: 'a', to: 'b' },
      { op: 'add', path: 'currency', value: 'EUR' },
      { op: 'set', path: 'lines', value: [{ sku: null }] },
      { op: 'remove', path: 'payload.old' },
      { op: 'transform', path: 'total', transform: 'multiply:100' },
    ];
    const input = { event_type: 'order.placed', from_version: 2, to_version: 4, operations };
    const upcaster = checkUpcaster(input);
    expect(upcasterToWire(upcaster)).toEqual(input);
    expect(checkUpcaster(upcasterToWire(upcaster)).operations).toEqual(operations);
  });

  it.each<[string, JsonValue, object, JsonValue]>([
    ['renames', { a: 1, b: 2 }, { op: 'rename', from: 'a', to: 'c' }, { b: 2, c: 1 }],
    ['moves below itself', { a: 1 }, { op: 'rename', from: 'a', to: 'a.b' }, { a: { b: 1 } }],
    ['moves up', { a: { b: 1, c: 2 } }, { op: 'rename', from: 'a.b', to: 'a' }, { a: 1 }],
    [
      'replaces what is there',
      { a: 1, b: 2 },
      { op: 'rename', from: 'payload.a', to: 'payload.b' },
      { b: 1 },
    ],
    ['copies', { a: [1] }, { op: 'copy', from: 'a.0', to: 'b.c' }, { a: [1], b: { c: 1 } }],
    ['adds what is missing', {}, { op: 'add', path: 'a.b', value: 1 }, { a: { b: 1 } }],
    ['adds nothing where null is', { a: null }, { op: 'add', path: 'a', value: 1 }, { a: null }],
    ['sets over what is there', { a: 1 }, { op: 'set', path: 'a', value: null }, { a: null }],
    ['sets in an array', { a: [1, 2] }, { op: 'set', path: 'a.1', value: 3 }, { a: [1, 3] }],
    ['removes', { a: { b: 1, c: 2 } }, { op: 'remove', path: 'a.b' }, { a: { c: 2 } }],
    ['removes of an array', { a: [1, 2] }, { op: 'remove', path: 'a.0' }, { a: [2] }],
    [
      'transforms',
      { a: 12.5 },
      { op: 'transform', path: 'a', transform: 'multiply:100' },
      { a: 1_250 },
    ],
    ['renames nothing that is missing', { b: 1 }, { op: 'rename', from: 'a', to: 'b' }, { b: 1 }],
    ['copies nothing that is missing', { b: 1 }, { op: 'copy', from: 'a', to: 'b' }, { b: 1 }],
    ['removes nothing that is missing', { b: 1 }, { op: 'remove', path: 'a' }, { b: 1 }],
    [
      'transforms nothing that is missing',
      {},
      { op: 'transform', path: 'a', transform: 'trim' },
      {},
    ],
    ['takes a payload that is no object', 7, { op: 'remove', path: 'a' }, 7],
  ])('%s', (_name, payload, operation, expected) => {
    expect(mapped(payload, operation)).toEqual(expected);
  });

  it('goes through its operations in their order', () => {
    const payload = mapped(
      { total: 12.5, old: true },
      { op: 'transform', path: 'total', transform: 'multiply:100' },
      { op: 'rename', from: 'total', to: 'amount.cents' },
      { op: 'add', path: 'amount.currency', value: 'EUR' },
      { op: 'remove', path: 'old' },
    );
    expect(payload).toEqual({ amount: { cents: 1_250, currency: 'EUR' } });
  });

  it('sets __proto__ as any other name', () => {
    const payload = mapped({ a: { polluted: true } }, { op: 'rename', from: 'a', to: '__proto__' });
    expect(Object.entries(payload ?? {})).toEqual([['__proto__', { polluted: true }]]);
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
  });

  it.each([
    [
      { op: 'set', path: 'a.b', value: 1 },
      'operations[0], set a.b: expected an object before b, got text',
    ],
    [
      { op: 'rename', from: 'c', to: 'a.b' },
      'operations[0], rename c to a.b: expected an object before b, got text',
    ],
    [
      { op: 'transform', path: 'a', transform: 'add:1' },
      'operations[0], transform a: expected a number, got text',
    ],
    [{ op: 'add', path: 'd.3', value: 1 }, 'operations[0], add d.3: expected a place in the array'],
  ])('fails where it does not fit: %j', (operation, message) => {
    expect(() => mapped({ a: 'text', c: 1, d: [1] }, operation)).toThrow(message);
  });
});
