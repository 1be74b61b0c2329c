import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/domain/index.js';
import { checkDefinition, createMachine } from '../../src/pipelines/index.js';
import { event, machineOf, now, outcomeOf, valuesOf } from './support.js';

const json = (text: string): JsonValue => JSON.parse(text) as JsonValue;

describe('a filter', () => {
  const passes = (op: string, value: JsonValue | undefined, payload: JsonValue): boolean =>
    valuesOf([{ type: 'filter', field: 'a', op, value }], [payload]).length === 1;

  it.each([
    ['eq', null],
    ['ne', 1],
    ['gt', 1],
    ['lte', 1],
    ['contains', 'a'],
    ['in', [null]],
    ['exists', true],
  ])('%s: a missing field does not pass', (op, value) => {
    for (const payload of [{}, { b: 1 }, null, 7, 'a', [], [{ a: 1 }]]) {
      expect(passes(op, value, payload)).toBe(false);
    }
  });

  it.each([
    ['eq', 1, json('1.0'), true],
    ['eq', 0, json('-0.0'), true],
    ['eq', '1', 1, false],
    ['eq', null, null, true],
    ['eq', { x: 1, y: [2] }, { y: [2], x: 1 }, true],
    ['eq', { x: 1 }, { x: 1, y: 1 }, false],
    ['eq', json('{"__proto__":1}'), {}, false],
    ['eq', json('{"__proto__":1}'), json('{"__proto__":1}'), true],
    ['eq', [], {}, false],
    ['ne', { x: 1 }, { x: 2 }, true],
    ['ne', 1, null, true],
    ['gt', 1, 2, true],
    ['gt', 1, '2', false],
    ['gt', 'a', 'b', true],
    ['gte', 2, 2, true],
    ['gte', 'b', 'b', true],
    ['lt', -1e308, 1e308, false],
    ['lt', 5, true, false],
    ['lte', 'b', 'a', true],
    ['contains', 'ell', 'hello', true],
    ['contains', 1, 'a1', false],
    ['contains', { x: 1 }, [1, { x: 1 }], true],
    ['contains', 'x', { x: 1 }, false],
    ['in', [1, [2]], [2], true],
    ['in', [], 1, false],
    ['exists', undefined, null, true],
    ['exists', false, null, false],
  ])('%s %j: %j passes: %s', (op, value, field, expected) => {
    expect(passes(op, value, { a: field })).toBe(expected);
  });

  it('exists with false passes what lacks the field', () => {
    expect(passes('exists', false, { b: 1 })).toBe(true);
  });

  it('tells which operator filtered', () => {
    expect(outcomeOf([{ type: 'filter', field: 'a', op: 'eq', value: 1 }], {})).toBe(
      'filtered: operators[0] (filter)',
    );
  });
});

describe('a path', () => {
  const read = (field: string, payload: JsonValue): JsonValue =>
    valuesOf([{ type: 'map', field, rename: 'found' }], [payload])[0] ?? 'failed';

  it('reaches own members and places of arrays only', () => {
    for (const field of [
      'constructor',
      '__proto__',
      'toString',
      'list.length',
      'text.0',
      'list.-1',
    ]) {
      expect(read(field, { list: [1], text: 'abc' })).toBe('failed');
    }
    expect(read('list.1', { list: [1, 2] })).toEqual({ list: [1], found: 2 });
    expect(read('list.01', { list: [1, 2] })).toBe('failed');
    expect(read('map.01', { map: { '01': 2 } })).toEqual({ map: {}, found: 2 });
    expect(read('constructor', { constructor: 3 })).toEqual({ found: 3 });
    expect(read('__proto__.x', json('{"__proto__":{"x":3}}'))).toEqual(
      json('{"__proto__":{},"found":3}'),
    );
  });

  it('takes the payload prefix, and the fields of the event', () => {
    expect(read('payload.a', { a: 1 })).toEqual({ found: 1 });
    expect(read('payload.payload', { payload: 1 })).toEqual({ found: 1 });
    expect(read('payload.$version', { $version: 9 })).toEqual({ found: 9 });
    const reduce = {
      type: 'reduce',
      function: 'count',
      group_by: ['$event_type', '$entity_id', '$tenant_id', '$timestamp', '$version', '$position'],
    };
    const [emission] = now(
      machineOf([reduce]).process(event({}, { position: 7, timestamp: 5, version: 3 })),
    ).emissions;
    expect(emission?.value).toMatchObject({
      group: {
        $event_type: 'order.placed',
        $entity_id: 'order-1',
        $tenant_id: 'default',
        $timestamp: 5,
        $version: 3,
        $position: 7,
      },
    });
  });

  it('pollutes no prototype when it sets', () => {
    const set = { type: 'map', field: '__proto__.polluted', set: 1 };
    const [value] = valuesOf([set], [{}]);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":1}}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    const group = { type: 'reduce', function: 'count', group_by: '__proto__' };
    expect(JSON.stringify(valuesOf([group], [{}])[0])).toContain('{"__proto__":null}');
  });
});

describe('a map', () => {
  const map = (transform: string, a: JsonValue): JsonValue => {
    const value = outcomeOf([{ type: 'map', field: 'a', transform }], { a });
    return typeof value === 'object' && value !== null && 'a' in value ? (value.a ?? null) : value;
  };

  it.each([
    ['uppercase', 'straße', 'STRASSE'],
    ['lowercase', 'ÄB', 'äb'],
    ['trim', ' \ta ', 'a'],
    ['multiply:1.5', 4, 6],
    ['multiply:-1', 0, 0],
    ['add:-2', 1, -1],
    ['subtract:2', 1, -1],
    ['divide:4', 1, 0.25],
    ['round', 2.5, 3],
    ['round', -2.5, -3],
    ['round', -0.4, 0],
    ['round:2', 1.005, 1.01],
    ['round:2', -1.005, -1.01],
    ['round:1', 0.25, 0.3],
    ['round:15', 3.5555555555555554, 3.555555555555555],
    ['round:2', 99.995, 100],
    ['round', 0.5, 1],
    ['round', 0.05, 0],
    ['round:15', 1e-7, 1e-7],
    ['round:3', 5e-324, 0],
    ['round:2', 1e300, 1e300],
    ['round:2', 4503599627370495.5, 4503599627370495.5],
  ])('%s of %j is %j', (transform, before, behind) => {
    expect(map(transform, before)).toBe(behind);
  });

  it.each([
    ['uppercase', 7, 'expected text, got a number'],
    ['trim', null, 'expected text, got null'],
    ['multiply:2', '7', 'expected a number, got text'],
    ['add:1', [], 'expected a number, got an array'],
    ['multiply:10', 1e308, 'expected a result in the range of a double'],
    ['divide:1e-300', 1e300, 'expected a result in the range of a double'],
    ['round', true, 'expected a number, got true or false'],
  ])('%s of %j fails: %s', (transform, a, reason) => {
    expect(map(transform, a)).toBe(`failed: operators[0] (map): a: ${reason}`);
  });

  it('fails on a missing field, but for set and remove', () => {
    const on = (action: object): JsonValue =>
      outcomeOf([{ type: 'map', field: 'a.b', ...action }], {});
    expect(on({ transform: 'trim' })).toMatch(/^failed: .*a\.b: expected text, got nothing$/);
    expect(on({ rename: 'c' })).toMatch(/^failed: .*a\.b: expected a field to rename$/);
    expect(on({ remove: true })).toEqual({});
    expect(on({ set: [1] })).toEqual({ a: { b: [1] } });
  });

  it('sets, renames and removes in objects and arrays', () => {
    const on = (operator: object, payload: JsonValue): JsonValue =>
      outcomeOf([{ type: 'map', ...operator }], payload);
    expect(on({ field: 'a.1', set: 9 }, { a: [1, 2] })).toEqual({ a: [1, 9] });
    expect(on({ field: 'a.2', set: 9 }, { a: [1, 2] })).toMatch(/a\.2: expected a place/);
    expect(on({ field: 'a.b', set: 9 }, { a: null })).toMatch(/an object before b, got null/);
    expect(on({ field: 'a.0', remove: true }, { a: [1, 2] })).toEqual({ a: [2] });
    expect(on({ field: 'a.0.b', remove: true }, { a: [{ b: 1, c: 2 }] })).toEqual({
      a: [{ c: 2 }],
    });
    expect(on({ field: 'a', rename: 'a.b' }, { a: 1 })).toEqual({ a: { b: 1 } });
    expect(on({ field: 'a', rename: 'b' }, { a: 1, b: 2 })).toEqual({ b: 1 });
    expect(on({ field: 'payload', transform: 'trim' }, ' a ')).toBe('a');
  });

  it('leaves the event as it was', () => {
    const deep = Object.freeze({ b: Object.freeze([Object.freeze({ c: ' x ' })]), d: 1 });
    const frozen = event(Object.freeze({ a: deep }));
    const operators = [
      { type: 'map', field: 'a.b.0.c', transform: 'uppercase' },
      { type: 'map', field: 'a.d', rename: 'e' },
      { type: 'map', field: 'a.b.0.f', set: 1 },
      { type: 'map', field: 'a.b.0.c', remove: true },
    ];
    const { emissions } = now(machineOf(operators).process(frozen));
    expect(emissions[0]?.value).toEqual({ a: { b: [{ f: 1 }] }, e: 1 });
    expect(frozen.payload).toEqual({ a: { b: [{ c: ' x ' }], d: 1 } });
  });
});

describe('an output', () => {
  const outputOf = (entityId: string | undefined, payload: JsonValue): unknown => {
    const output = { type: 'event', event_type: 'a.b', entity_id: entityId };
    const definition = checkDefinition({ name: 'sums', operators: [], output });
    const { emissions, dropped } = now(createMachine(definition).process(event(payload)));
    return emissions[0]?.output ?? dropped[0]?.reason;
  };

  it('names an entity, filled from the value', () => {
    const type = { type: 'event', eventType: 'a.b' };
    expect(outputOf(undefined, {})).toEqual({ ...type, entityId: 'pipeline-sums' });
    expect(outputOf('x-{a.b}-{$version}', { a: { b: 1.5 } })).toEqual({
      ...type,
      entityId: 'x-1.5-1',
    });
  });

  it('lets an item fail that can not fill it', () => {
    expect(outputOf('x-{a}', {})).toBe('output: a: expected text or a number to fill in');
    expect(outputOf('x-{a}', { a: true })).toBe('output: a: expected text or a number to fill in');
    for (const a of ['', ' a', 'a\n', 'ü'.repeat(129), '\ud800']) {
      expect(outputOf('{a}', { a })).toMatch(/^output: entity_id: expected 1-256 bytes/);
    }
  });

  it('is chosen by a branch, by the JSON text of the field', () => {
    const branches = { 1: 'one', true: 'yes', eu: { type: 'event', event_type: 'e' } };
    const branch = { type: 'branch', field: 'a', branches };
    const topic = (payload: JsonValue, more = {}): unknown => {
      const result = now(machineOf([{ ...branch, ...more }]).process(event(payload)));
      return result.emissions[0]?.output ?? result.dropped[0]?.outcome;
    };
    expect(topic({ a: 1 })).toEqual({ type: 'topic', name: 'one' });
    expect(topic({ a: json('1.0') })).toEqual({ type: 'topic', name: 'one' });
    expect(topic({ a: true })).toEqual({ type: 'topic', name: 'yes' });
    expect(topic({ a: 'eu' })).toEqual({
      type: 'event',
      eventType: 'e',
      entityId: 'pipeline-test',
    });
    for (const a of [null, {}, [1], 'constructor']) expect(topic({ a })).toBe('filtered');
    expect(topic({ a: null }, { default: 'rest' })).toEqual({ type: 'topic', name: 'rest' });
  });

  it('takes events of its types and tenant, and counts no others', () => {
    const definition = checkDefinition({
      name: 'p',
      source_event_types: ['order.*', 'bill.sent'],
      operators: [],
    });
    const machine = createMachine(definition);
    const types = ['order.placed', 'order.line.added', 'orders.placed', 'order', 'bill.sent'];
    const taken = types.filter(
      (eventType) => now(machine.process(event(1, { eventType }))).emissions[0],
    );
    expect(taken).toEqual(['order.placed', 'order.line.added', 'bill.sent']);
    machine.process(event(1, { eventType: 'bill.sent', tenantId: 'other' }));
    expect(machine.statistics).toMatchObject({ processed: 3, emitted: 3, filtered: 0 });
  });
});
