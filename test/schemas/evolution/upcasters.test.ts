import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/domain/index.js';
import { Upcasters, checkUpcaster, defineUpcaster } from '../../../src/schemas/index.js';
import type { Upcaster } from '../../../src/schemas/index.js';
import { seedOf } from '../../crash/random.js';
import { eventOf } from './support.js';

const eventType = 'order.placed';

/** Adds the version to a list, so that the order shows. */
const step = (fromVersion: number, toVersion = fromVersion + 1): Upcaster =>
  defineUpcaster<{ seen?: number[] }, JsonObject>({
    eventType,
    fromVersion,
    toVersion,
    up: ({ seen = [] }) => ({ seen: [...seen, toVersion] }),
  });

describe('defineUpcaster', () => {
  const up = (payload: JsonValue): JsonValue => payload;

  it.each([
    [
      { eventType: 'order.*', fromVersion: 1, up },
      /eventType: expected an event type: .*"order\.\*"/,
    ],
    [{ eventType, fromVersion: 1.5, up }, /fromVersion: expected a whole number from 0, got 1.5/],
    [{ eventType, fromVersion: -1, up }, /fromVersion: expected a whole number from 0, got -1/],
    [{ eventType, fromVersion: 2, toVersion: 2, up }, /toVersion: .* above fromVersion, got 2/],
    [{ eventType, fromVersion: 2, up: 'x' as never }, /up: expected a function, got "x"/],
  ])('refuses %j', (definition, message) => {
    expect(() => defineUpcaster(definition)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
    expect(() => defineUpcaster(definition)).toThrow(message);
  });

  it('is typed by the payloads of both versions', () => {
    defineUpcaster<{ total: number }, { cents: number }>({
      eventType,
      fromVersion: 1,
      // @ts-expect-error: cents is no text
      up: ({ total }) => ({ cents: String(total) }),
    });
    defineUpcaster<{ total: number }>({
      eventType,
      fromVersion: 1,
      // @ts-expect-error: the payload has no such member
      up: ({ amount }) => amount,
    });
  });
});

describe('upcasters', () => {
  it('refuse a second one from the same version', () => {
    expect(() => new Upcasters([step(1), step(1, 3)])).toThrow(
      'from_version: expected a version without an upcaster, got 1, from which one of ' +
        'order.placed goes to version 2; delete it first',
    );
  });

  it('take another one once it was deleted', () => {
    const upcasters = new Upcasters([step(1)]);
    expect(upcasters.delete(eventType, 1)).toBe(true);
    expect(upcasters.delete(eventType, 1)).toBe(false);
    expect(upcasters.delete('order.paid', 1)).toBe(false);
    upcasters.add(step(1, 3));
    expect(upcasters.newestVersion(eventType)).toBe(3);
  });

  it('are listed by type and version', () => {
    const other = { ...step(1), eventType: 'order.cancelled' };
    const listed = new Upcasters([step(10), step(2), other]).list();
    expect(listed.map(({ fromVersion, eventType: type }) => [type, fromVersion])).toEqual([
      ['order.cancelled', 1],
      [eventType, 2],
      [eventType, 10],
    ]);
  });

  it('name the gap', () => {
    const upcasters = new Upcasters([step(1), step(3, 5)]);
    const missing = (from: number, to: number): (() => unknown) => {
      return () => upcasters.chain(eventType, from, to);
    };
    expect(missing(1, 5)).toThrow('no upcaster of order.placed from version 2 to 3; define one');
    expect(missing(3, 4)).toThrow('no upcaster of order.placed from version 3 to 4; define one');
    expect(missing(5, 6)).toThrow('no upcaster of order.placed from version 5 to 6; define one');
    expect(missing(1, 5)).toThrow(expect.objectContaining({ code: 'unprocessable' }));
    expect(missing(1, 2)()).toHaveLength(1);
    expect(missing(5, 5)()).toEqual([]);
    expect(missing(5, 3)()).toEqual([]);
  });

  it('need none between versions that are compatible', () => {
    const isCompatible = (_type: string, from: number): boolean => from === 2;
    const upcasters = new Upcasters([step(1), step(3)], { isCompatible });
    expect(upcasters.upcast(eventOf({}, 1))).toMatchObject({
      payload: { seen: [2, 4] },
      schemaVersion: 4,
    });
    expect(upcasters.upcast(eventOf({}, 2))).toMatchObject({ payload: { seen: [4] } });
    expect(upcasters.upcast(eventOf({}, 2), 3)).toMatchObject({ payload: {}, schemaVersion: 3 });
  });

  it('give an event of the newest version, or of one that is asked for', () => {
    const upcasters = new Upcasters([step(2), step(1), step(3, 5)]);
    const event = eventOf({ seen: [1] }, 1);
    expect(upcasters.upcast(event)).toEqual({
      ...event,
      payload: { seen: [1, 2, 3, 5] },
      schemaVersion: 5,
    });
    expect(upcasters.upcast(event, 3)).toMatchObject({
      payload: { seen: [1, 2, 3] },
      schemaVersion: 3,
    });
  });

  it('leave events alone that are new enough, or of other types', () => {
    const upcasters = new Upcasters([step(1)]);
    for (const event of [eventOf({}, 2), eventOf({}, 7), { ...eventOf({}), eventType: 'other' }]) {
      expect(upcasters.upcast(event)).toBe(event);
    }
  });

  it('take events without a schema as version 1, or 0 where an upcaster begins there', () => {
    const upcasters = new Upcasters([step(1)]);
    for (const event of [eventOf({}), eventOf({}, 0)]) {
      expect(upcasters.upcast(event).payload).toEqual({ seen: [2] });
    }
    upcasters.add(step(0));
    for (const event of [eventOf({}), eventOf({}, 0)]) {
      expect(upcasters.upcast(event).payload).toEqual({ seen: [1, 2] });
    }
    expect(upcasters.upcast(eventOf({}, 1)).payload).toEqual({ seen: [2] });
  });

  it('let a function change its payload in place, and not the stored one', () => {
    const grow = defineUpcaster<{ lines: number[] }, JsonValue>({
      eventType,
      fromVersion: 1,
      up: (payload) => {
        payload.lines.push(2);
        return payload;
      },
    });
    const event = eventOf({ lines: [1] }, 1);
    const upcasters = new Upcasters([grow]);
    expect(upcasters.upcast(event).payload).toEqual({ lines: [1, 2] });
    expect(upcasters.upcast(event).payload).toEqual({ lines: [1, 2] });
    expect(event.payload).toEqual({ lines: [1] });
  });

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('no rate for today');
      },
      'no rate for today',
    ],
    ['gives nothing', () => undefined, 'gave no payload; return it'],
    [
      'gives what is not JSON',
      () => ({ at: [new Date(0)] }),
      'gave a Date at at[0]; expected values of JSON',
    ],
    ['gives NaN', () => NaN, 'gave NaN; expected values of JSON'],
    ['gives a promise', async () => 1, 'gave a Promise; expected values of JSON'],
  ])('name event and version where a function %s', (_name, up, reason) => {
    const upcasters = new Upcasters([
      defineUpcaster<JsonValue, unknown>({ eventType, fromVersion: 1, up }),
    ]);
    const found =
      'event 00000000-0000-7000-8000-000000000007 (order.placed, version 4): ' +
      `upcaster from version 1 to 2: ${reason}`;
    expect(() => upcasters.upcast(eventOf({}, 1))).toThrow(
      expect.objectContaining({ code: 'unprocessable', message: found, cause: expect.any(Error) }),
    );
  });

  it('name event and version where a mapping fails, or an upcaster is missing', () => {
    const upcasters = new Upcasters([
      step(3),
      checkUpcaster({
        event_type: eventType,
        from_version: 1,
        operations: [{ op: 'transform', path: 'a', transform: 'trim' }],
      }),
    ]);
    expect(() => upcasters.upcast(eventOf({ a: 1 }, 1), 2)).toThrow(
      /^event 0.*7 \(order\.placed, version 4\): upcaster from version 1 to 2: operations\[0\], transform a: expected text, got a number$/,
    );
    expect(() => upcasters.upcast(eventOf({ a: 'a' }, 1))).toThrow(
      /^event 0.*7 \(order\.placed, version 4\): schema version 1: no upcaster of order\.placed from version 2 to 3; define one$/,
    );
  });
});

describe('an upcast payload', () => {
  const doubling = [
    { op: 'copy', from: 'a', to: 'b.l' },
    { op: 'copy', from: 'a', to: 'b.r' },
    { op: 'copy', from: 'b', to: 'a' },
  ];
  const mapping = (operations: readonly JsonObject[], fromVersion = 1): Upcaster =>
    checkUpcaster({ event_type: eventType, from_version: fromVersion, operations });
  const times = (count: number, fromVersion?: number): Upcaster =>
    mapping(Array<typeof doubling>(count).fill(doubling).flat(), fromVersion);
  const named = /^event 0.*7 \(order\.placed, version 4\): upcaster from version 1 to 2: /;

  it('is bounded where a mapping doubles it, without walking through all of it', () => {
    const begin = performance.now();
    const failing = (): unknown => new Upcasters([times(33)]).upcast(eventOf({ a: 'x' }, 1));
    expect(failing).toThrow(expect.objectContaining({ code: 'unprocessable' }));
    expect(failing).toThrow(named);
    expect(failing).toThrow(/gave a payload of more than 4194304 bytes as JSON$/);
    expect(performance.now() - begin).toBeLessThan(1_000);
    expect(new Upcasters([times(10)]).upcast(eventOf({ a: 'x' }, 1))).toBeDefined();
  });

  it('is bounded after each upcaster of a chain', () => {
    const upcasters = new Upcasters([times(10), times(10, 2)]);
    expect(() => upcasters.upcast(eventOf({ a: 'x' }, 1))).toThrow(
      /version 2 to 3: gave a payload/,
    );
  });

  it('has no more levels than an event', () => {
    const deeper = { op: 'rename', from: 'a', to: 'a.b.c.d' };
    const operations = Array<typeof deeper>(43).fill(deeper);
    expect(() => new Upcasters([mapping(operations)]).upcast(eventOf({ a: 1 }, 1))).toThrow(
      /gave a payload of more than 128 levels$/,
    );
    const fine = new Upcasters([mapping(operations.slice(0, 40))]).upcast(eventOf({ a: 1 }, 1));
    expect(fine.schemaVersion).toBe(2);
  });

  it('is bounded where code makes it, shared or within itself', () => {
    const shared = (): unknown => {
      let value: unknown = 'x';
      for (let i = 0; i < 100; i += 1) value = [value, value];
      return value;
    };
    const circle = (): unknown => {
      const value: unknown[] = [];
      value.push(value, value);
      return value;
    };
    const failing = (up: () => unknown) => () =>
      new Upcasters([defineUpcaster<JsonValue, unknown>({ eventType, fromVersion: 1, up })]).upcast(
        eventOf({}, 1),
      );
    expect(failing(shared)).toThrow(/more than 4194304 bytes/);
    expect(failing(shared)).toThrow(named);
    expect(failing(circle)).toThrow(/more than 128 levels/);
    expect(failing(() => new Array(1e9))).toThrow(/more than 4194304 bytes/);
  });

  it('is not made where the operations of a chain would copy wide objects again and again', () => {
    const wide = Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`n${i}`, 0]));
    const set = { op: 'set', path: 'n1', value: 1 };
    const chain = Array.from({ length: 20 }, (_, i) =>
      mapping(Array<typeof set>(3).fill(set), i + 1),
    );
    const upcasters = new Upcasters(chain);
    expect(() => upcasters.upcast(eventOf(wide, 1))).toThrow(/takes more than 1000000 steps/);
    expect(upcasters.upcast(eventOf(wide, 1), 3).schemaVersion).toBe(3);
  });
});

const names = fc.constantFrom('a', 'b', 'c', 'a.b', 'b.c.a', 'c.0');
const operation = fc.oneof(
  fc.record({ op: fc.constantFrom('rename', 'copy'), from: names, to: names }),
  fc.record({
    op: fc.constantFrom('add', 'set'),
    path: names,
    value: fc.jsonValue({ maxDepth: 2 }),
  }),
  fc.record({ op: fc.constant('remove'), path: names }),
  fc.record({
    op: fc.constant('transform'),
    path: names,
    transform: fc.constantFrom('trim', 'uppercase', 'add:1', 'round'),
  }),
);
const tree = fc.letrec<{ tree: JsonValue }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<JsonValue>(null, 1, ' x ', true),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('tree')),
    fc.array(tie('tree'), { maxLength: 2 }),
  ),
})).tree;
const links = fc.array(
  fc.record({
    width: fc.integer({ min: 1, max: 3 }),
    operations: fc.array(operation, { minLength: 1, maxLength: 4 }),
    isCode: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

/** A chain from version 1 on; code does what the mapping does, and makes a mess of what it was given. */
function chainOf(parts: typeof links extends fc.Arbitrary<infer T> ? T : never): Upcaster[] {
  let fromVersion = 1;
  return parts.map(({ width, operations, isCode }) => {
    const wire = {
      event_type: eventType,
      from_version: fromVersion,
      to_version: fromVersion + width,
      operations,
    };
    const mapping = checkUpcaster(wire);
    fromVersion += width;
    if (!isCode) return mapping;
    const up = (payload: JsonValue): JsonValue => {
      const result = structuredClone(mapping.up(payload));
      if (Array.isArray(payload)) payload.length = 0;
      else if (typeof payload === 'object' && payload !== null)
        Object.assign(payload, { a: 'mess' });
      return result;
    };
    return defineUpcaster({ ...mapping, up });
  });
}

function outcome(run: () => JsonValue): unknown {
  try {
    return { payload: run() };
  } catch (error) {
    return { failed: error instanceof Error };
  }
}

it('give the same one after another as at once, and never change what is stored', () => {
  const seed = seedOf(process.env['UPCASTER_SEED']);
  let finished = 0;
  fc.assert(
    fc.property(links, tree, fc.integer({ min: 0, max: 5 }), (parts, payload, start) => {
      const chain = chainOf(parts);
      const from = chain[start % chain.length]?.fromVersion ?? 1;
      const upcasters = new Upcasters([...chain].reverse());
      const event = eventOf(payload, from);
      const before = JSON.stringify(event);
      const atOnce = outcome(() => upcasters.upcast(event).payload);
      const stepwise = outcome(
        () =>
          chain
            .filter(({ fromVersion }) => fromVersion >= from)
            .reduce((done, { toVersion }) => upcasters.upcast(done, toVersion), event).payload,
      );
      expect(atOnce).toEqual(stepwise);
      expect(JSON.stringify(event)).toBe(before);
      if ('payload' in Object(atOnce)) finished += 1;
    }),
    { numRuns: Number(process.env['UPCASTER_RUNS'] ?? 1_000), seed },
  );
  expect(finished, 'chains that come to their end').toBeGreaterThan(100);
});
