import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/domain/index.js';
import { createMachine } from '../../src/pipelines/index.js';
import type { PipelineMachine, StateChange } from '../../src/pipelines/index.js';
import { event, machineOf, minute, now, result, second } from './support.js';

const count = { type: 'reduce', function: 'count', group_by: 'g' };
const sum = { type: 'reduce', function: 'sum', field: 'v', group_by: 'g', max_groups: 2 };
const tumbling = {
  type: 'window',
  config: { window_type: 'tumbling', size_seconds: 60 },
  aggregation: { function: 'count', group_by: 'g' },
};

/** Keeps entries as a caller would: as JSON text, by key. */
class Kept {
  readonly entries = new Map<string, string>();

  take(machine: PipelineMachine): StateChange[] {
    const changes = machine.takeChanges();
    for (const { key, value } of changes) {
      if (value === undefined) expect(this.entries.delete(key)).toBe(true);
      else this.entries.set(key, JSON.stringify(value));
    }
    return changes;
  }

  restore(machine: PipelineMachine): PipelineMachine {
    const state = [...this.entries].map(
      ([key, text]) => [key, JSON.parse(text) as JsonValue] as const,
    );
    return createMachine(machine.definition, { state });
  }
}

describe('a result that the store would not take', () => {
  const nested = (levels: number): JsonValue => (levels === 0 ? 1 : { a: nested(levels - 1) });

  it.each([
    ['too deep', { v: nested(125) }, 'its result has more than 126 levels'],
    ['too large', { v: 'x'.repeat(2 * 1024 * 1024) }, 'its result has 2097166 bytes, more than'],
  ])('is a failure of its item: %s', (_what, payload, reason) => {
    const machine = machineOf([{ type: 'map', field: 'v', rename: 'w.x' }]);
    const { emissions, dropped } = now(machine.process(event(payload)));
    expect(emissions).toEqual([]);
    expect(dropped).toEqual([
      { outcome: 'failed', reason: expect.stringContaining(`output: ${reason}`) as string },
    ]);
    expect(machine.statistics).toMatchObject({ failed: 1, emitted: 0 });
  });

  it.each([
    ['as deep as may be', nested(125)],
    ['large, but not too large', 'ü'.repeat(900_000)],
  ])('is none: %s', (_what, v) => {
    const machine = machineOf([]);
    expect(now(machine.process(event({ v }))).emissions).toMatchObject([{ value: { v } }]);
  });
});

describe('an item that fails', () => {
  const fails = { type: 'map', field: 'bad', transform: 'trim' };
  const isGood = { type: 'filter', field: 'bad', op: 'exists', value: false };

  it('changes the state of no operator, wherever it fails', () => {
    const sorted = [
      { ...count, group_by: 'ok' },
      { type: 'map', field: 'group.ok', transform: 'trim' },
    ];
    const machine = machineOf(sorted);
    expect(now(machine.process(event({ ok: 1 }))).dropped[0]?.outcome).toBe('failed');
    expect(machine.takeChanges().map(({ key }) => key)).toEqual(['statistics']);
    expect(
      result(now(machine.process(event({ ok: 'a' }))).emissions[0]?.value ?? {}),
    ).toMatchObject({
      count: 1,
    });
  });

  it('evicts no group, and opens and closes no pane', () => {
    const toText = { type: 'map', field: 'value', transform: 'multiply:1e308' };
    const reduce = machineOf([sum, toText]);
    for (const [g, v] of [
      ['a', 0],
      ['b', 1],
    ] as const)
      reduce.process(event({ g, v }));
    expect(now(reduce.process(event({ g: 'c', v: 9 }))).dropped[0]?.outcome).toBe('failed');
    expect(reduce.statistics.evicted).toBe(0);
    const again = now(reduce.process(event({ g: 'a', v: 1 }))).emissions[0]?.value;
    expect(again).toMatchObject({ value: 1e308, count: 2 });

    const full = { ...tumbling, aggregation: { function: 'max', field: 'count' } };
    const window = machineOf([count, full]);
    window.process(event({ g: 1 }, { timestamp: 0 }));
    expect(now(window.process(event({ g: 1 }, { timestamp: 9e15 }))).dropped[0]?.outcome).toBe(
      'failed',
    );
    expect(window.statistics.openPanes).toBe(1);
    const { emissions } = now(window.process(event({ g: 1 }, { timestamp: minute })));
    expect(emissions[0]?.value).toMatchObject({ value: 1, count: 1 });
    const last = now(window.advanceTo(2 * minute)).emissions[0]?.value;
    expect(last).toMatchObject({ value: 2, count: 1 });
  });

  it('leaves no plan behind that a later item carries out', () => {
    const late = {
      type: 'window',
      config: { ...tumbling.config, time_field: 'at' },
      aggregation: { function: 'count' },
    };
    const machine = machineOf([sum, { type: 'map', field: 'value', transform: 'multiply:1e308' }]);
    machine.process(event({ g: 'a', v: 10 }));
    machine.process(event({ g: 'a', v: 'x' }));
    machine.process(event({ g: 'a' }));
    expect(now(machine.process(event({ g: 'a', v: 1 }))).emissions[0]?.value).toMatchObject({
      count: 1,
    });
    const windows = machineOf([fails, late]);
    windows.process(event({ at: 0, bad: '' }));
    windows.process(event({ at: 120 * second, bad: '' }));
    expect(now(windows.process(event({ at: 0, bad: '' }))).dropped[0]?.outcome).toBe('late');
    expect(windows.statistics.openPanes).toBe(1);
  });

  it('differs from one that is filtered, which keeps what came before', () => {
    const machine = machineOf([count, { type: 'filter', field: 'count', op: 'gte', value: 2 }]);
    expect(now(machine.process(event({ g: 1 }))).emissions).toEqual([]);
    expect(now(machine.process(event({ g: 1 }))).emissions).toHaveLength(1);
    expect(now(machineOf([isGood]).process(event({ bad: 1 }))).dropped[0]?.outcome).toBe(
      'filtered',
    );
  });
});

describe('the state', () => {
  it('has only what changed since it was taken last', () => {
    const machine = machineOf([count]);
    expect(machine.takeChanges()).toEqual([]);
    machine.process(event({ g: 'a' }));
    machine.process(event({ g: 'b' }));
    expect(
      machine
        .takeChanges()
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['0/g/["a"]', '0/g/["b"]', 'statistics']);
    machine.process(event({ g: 'b' }));
    expect(
      machine
        .takeChanges()
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['0/g/["b"]', 'statistics']);
    expect(machine.takeChanges()).toEqual([]);
  });

  it('says of a removed entry that it is to be removed, where the caller has it', () => {
    const machine = machineOf([{ ...count, max_groups: 1 }]);
    const kept = new Kept();
    for (const names of ['a', 'b', 'ca', 'bcb', 'b']) {
      for (const g of names) machine.process(event({ g }));
      kept.take(machine);
      expect([...kept.entries.keys()].sort()).toEqual([`0/g/["${names.at(-1)}"]`, 'statistics']);
    }
  });

  it('begins where it was, the order of eviction included', () => {
    const kept = new Kept();
    const machine = machineOf([{ ...count, max_groups: 3 }]);
    for (const g of 'abcaab') machine.process(event({ g }));
    kept.take(machine);
    const entries = [...kept.entries].reverse();
    kept.entries.clear();
    for (const [key, text] of entries) kept.entries.set(key, text);
    const restored = kept.restore(machine);
    expect(restored.statistics).toEqual(machine.statistics);
    const seen = [...'dcab'].map(
      (g) => result(now(restored.process(event({ g }))).emissions[0]?.value ?? {})['value'],
    );
    // c goes for d, a for c, b for a, and d for b.
    expect(seen).toEqual([1, 1, 1, 1]);
    expect(restored.statistics.evicted).toBe(4);
  });

  it('knows removed groups of an earlier machine', () => {
    const kept = new Kept();
    const machine = machineOf([{ ...count, max_groups: 1 }]);
    machine.process(event({ g: 'a' }));
    kept.take(machine);
    const restored = kept.restore(machine);
    restored.process(event({ g: 'b' }));
    kept.take(restored);
    expect([...kept.entries.keys()].sort()).toEqual(['0/g/["b"]', 'statistics']);
  });

  it('of another definition is refused', () => {
    for (const key of ['1/g/', 'x', '0x', 'statistic']) {
      expect(() => machineOf([count], { state: [[key, 1]] })).toThrow(/of the same definition/);
    }
  });

  it('is small: closed panes are gone', () => {
    const kept = new Kept();
    const machine = machineOf([tumbling]);
    for (let at = 0; at < 100; at += 1) {
      machine.process(event({ g: at % 2 }, { timestamp: at * minute }));
      kept.take(machine);
    }
    expect([...kept.entries.keys()].sort()).toEqual(['0/p/5940000000/[1]', '0/w', 'statistics']);
  });
});

describe('the order key of an emission', () => {
  it('is the entity of the event, or the group that it became part of last', () => {
    const orderKeysOf = (operators: unknown[]) => {
      const machine = machineOf(operators);
      const made = now(
        machine.process(event({ g: 'a', v: 1 }, { entityId: 'o-1', timestamp: 0 })),
      ).emissions;
      const closed = now(machine.advanceTo(minute)).emissions;
      return [...made, ...closed].map(({ orderKey }) => orderKey);
    };
    const reduce = { type: 'reduce', function: 'count', group_by: 'g' };
    const over = { type: 'reduce', function: 'count', group_by: 'count' };
    expect(orderKeysOf([])).toEqual(['o-1']);
    expect(orderKeysOf([reduce])).toEqual(['["a"]']);
    expect(orderKeysOf([{ type: 'reduce', function: 'count' }])).toEqual(['']);
    expect(orderKeysOf([reduce, over])).toEqual(['[1]']);
    expect(orderKeysOf([tumbling])).toEqual(['["a"]']);
  });
});

describe('the key of an emission', () => {
  it('is the same from the same state, and names event or pane', () => {
    const machine = machineOf([]);
    const first = event({}, { position: 42 });
    const keys = [first, first, event({}, { position: 43 })].map(
      (one) => now(machine.process(one)).emissions[0]?.key,
    );
    expect(keys).toEqual(['e42', 'e42', 'e43']);
    const window = machineOf([tumbling]);
    for (const g of ['a', 'b', 1, '1']) window.process(event({ g }, { timestamp: 0 }));
    const panes = now(window.advanceTo(minute)).emissions.map(({ key }) => key);
    expect(panes).toEqual(['"1"', '"a"', '"b"', '1'].map((g) => `w0:0:60000000:[${g}]`));
  });
});
