import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/domain/index.js';
import type { PipelineMachine, PipelineResult } from '../../src/pipelines/index.js';
import { event, hour, machineOf, micros, minute, now, result, second } from './support.js';

type Payload = readonly [time: number, value: JsonValue, group?: string];

const tumbling = { window_type: 'tumbling', size_seconds: 60 };
const sliding = { window_type: 'sliding', size_seconds: 60, slide_seconds: 20 };
const session = { window_type: 'session', session_timeout_seconds: 30 };

const window = (config: object, aggregation: object = {}): object => ({
  type: 'window',
  config: { time_field: 'at', ...config },
  aggregation: { function: 'sum', field: 'v', ...aggregation },
});

const grouped = (config: object, aggregation: object = {}): object =>
  window(config, { group_by: 'g', ...aggregation });

function send(machine: PipelineMachine, [at, v, g = 'a']: Payload): PipelineResult {
  return now(machine.process(event({ at: at * second, v, g })));
}

/** A pane in short: its seconds since 1970, group and value. */
function pane({ value }: { readonly value: JsonValue }): string {
  const { window_start: start, window_end: end, group, value: sum } = result(value);
  const seconds = (time: unknown): number => micros(String(time)) / second;
  const name = (group as JsonObject | null)?.['g'] ?? '';
  return `${seconds(start)}-${seconds(end)} ${JSON.stringify(name)} ${JSON.stringify(sum)}`;
}

/** What each item brings about: panes, or how it ended. */
function run(operators: unknown, items: readonly Payload[]): string[][] {
  const machine = machineOf(operators);
  return items.map((item) => {
    const { emissions, dropped } = send(machine, item);
    return [...emissions.map(pane), ...dropped.map(({ outcome }) => outcome)];
  });
}

describe('a window', () => {
  it.each([undefined, null, 'yesterday', 1.5, 9e15, -9e15, true])('fails on the time %j', (at) => {
    const machine = machineOf([window(tumbling)]);
    const payload = { v: 1, ...(at !== undefined && { at }) };
    const { dropped } = now(machine.process(event(payload)));
    expect(dropped[0]?.reason).toMatch(/^operators\[0\] \(window\): at: expected a time between/);
    expect(machine.statistics).toMatchObject({ failed: 1, openPanes: 0 });
  });

  it('takes texts of RFC 3339 as times', () => {
    const machine = machineOf([window(tumbling)]);
    machine.process(event({ at: '1970-01-01T01:00:30.5+01:00', v: 1 }));
    const { emissions } = now(machine.process(event({ at: '1970-01-01T00:01:00Z', v: 2 })));
    expect(emissions).toEqual([
      {
        key: 'w0:0:60000000:',
        orderKey: '',
        output: { type: 'topic', name: 'test' },
        time: 59_999_999,
        value: {
          window_start: '1970-01-01T00:00:00.000000Z',
          window_end: '1970-01-01T00:01:00.000000Z',
          group: null,
          function: 'sum',
          field: 'v',
          value: 1,
          count: 1,
        },
      },
    ]);
  });

  it('fails on a wrong value and leaves panes and watermark as they were', () => {
    const machine = machineOf([window(tumbling)]);
    send(machine, [10, 1]);
    expect(send(machine, [100, 'x']).dropped[0]?.outcome).toBe('failed');
    expect(send(machine, [20, 2]).dropped).toEqual([]);
    expect(send(machine, [60, 0]).emissions.map(pane)).toEqual(['0-60 "" 3']);
  });
});

describe('a tumbling window', () => {
  it('closes a pane when the time comes to its end, once', () => {
    expect(
      run(
        [window(tumbling)],
        [
          [0, 1],
          [59.999999, 2],
          [60, 4],
          [59, 8],
          [119, 16],
          [300, 32],
        ],
      ),
    ).toEqual([[], [], ['0-60 "" 3'], ['late'], [], ['60-120 "" 20']]);
  });

  it('closes panes in the order of end, start and group', () => {
    const operators = [grouped({ ...tumbling, allowed_lateness_seconds: 600 })];
    const items: Payload[] = [
      [130, 1, 'b'],
      [10, 2, 'b'],
      [130, 4, 'a'],
      [70, 8, 'c'],
      [10, 16, 'B'],
      [900, 0, 'z'],
    ];
    expect(run(operators, items).at(-1)).toEqual([
      '0-60 "B" 16',
      '0-60 "b" 2',
      '60-120 "c" 8',
      '120-180 "a" 4',
      '120-180 "b" 1',
    ]);
  });

  it('waits for late events as long as it is told', () => {
    const operators = [window({ ...tumbling, allowed_lateness_seconds: 10 })];
    expect(
      run(operators, [
        [30, 1],
        [69.999999, 2],
        [59, 4],
        [70, 8],
        [59, 16],
        [60, 32],
      ]),
    ).toEqual([[], [], [], ['0-60 "" 5'], ['late'], []]);
  });

  it('aligns panes before 1970', () => {
    expect(
      run(
        [window(tumbling)],
        [
          [-61, 1],
          [-60, 2],
          [-0.000001, 4],
          [0, 8],
        ],
      ),
    ).toEqual([[], ['-120--60 "" 1'], [], ['-60-0 "" 6']]);
  });

  it('fails where panes are too many, and goes on once some have closed', () => {
    const machine = machineOf([grouped(tumbling, { max_groups: 2 })]);
    send(machine, [1, 1, 'a']);
    send(machine, [2, 1, 'b']);
    expect(send(machine, [3, 1, 'c']).dropped[0]?.reason).toMatch(/at most 2 open panes/);
    expect(send(machine, [4, 1, 'a']).dropped).toEqual([]);
    const { emissions, dropped } = send(machine, [60, 1, 'c']);
    expect([...emissions.map(pane), ...dropped]).toEqual(['0-60 "a" 2', '0-60 "b" 1']);
  });

  it('counts an event without the field as a pane with nothing in it', () => {
    const machine = machineOf([window(tumbling, { function: 'count', field: 'x' })]);
    send(machine, [1, 1]);
    expect(send(machine, [60, 1]).emissions.map(pane)).toEqual(['0-60 "" 0']);
  });
});

describe('a sliding window', () => {
  it('has each event in all of its panes', () => {
    expect(
      run(
        [window(sliding)],
        [
          [0, 1],
          [25, 2],
          [61, 4],
        ],
      ),
    ).toEqual([[], ['-40-20 "" 1'], ['-20-40 "" 3', '0-60 "" 3']]);
  });

  it('takes a late event into the panes that are open', () => {
    expect(
      run(
        [window(sliding)],
        [
          [45, 1],
          [15, 2],
          [0, 4],
          [60, 0],
          [80, 0],
          [20, 8],
          [19, 16],
        ],
      ),
    ).toEqual([[], [], [], ['0-60 "" 7'], ['20-80 "" 1'], ['late'], ['late']]);
  });

  it('need not have panes that touch', () => {
    const config = { window_type: 'sliding', size_seconds: 50, slide_seconds: 20 };
    expect(
      run(
        [window(config)],
        [
          [35, 1],
          [100, 0],
        ],
      ).at(-1),
    ).toEqual(['0-50 "" 1', '20-70 "" 1']);
  });
});

describe('a session window', () => {
  it('lasts until the time-out has passed without an event', () => {
    expect(
      run(
        [grouped(session)],
        [
          [0, 1],
          [29, 2],
          [58.999, 4],
          [58, 8, 'b'],
          [89, 16],
        ],
      ),
    ).toEqual([[], [], [], [], ['58-88 "b" 8', '0-88.999 "a" 7']]);
  });

  it('ends before an event that comes just at its end', () => {
    expect(
      run(
        [window(session)],
        [
          [0, 1],
          [30, 2],
          [60, 4],
        ],
      ),
    ).toEqual([[], ['0-30 "" 1'], ['30-60 "" 2']]);
  });

  it('merges sessions that an event joins, of one group only', () => {
    const operators = [grouped({ ...session, allowed_lateness_seconds: 100 })];
    const items: Payload[] = [
      [0, 1],
      [50, 2],
      [50, 64, 'b'],
      [100, 4],
      [25, 8],
      [-10, 16],
      [300, 32],
    ];
    expect(run(operators, items).at(-1)).toEqual(
      ['50-80 "b" 64', '-10-80 "a" 27', '100-130 "a" 4'].sort(byEnd),
    );
  });

  it('takes an event whose own end has passed, where an open session holds it', () => {
    expect(
      run(
        [window(session)],
        [
          [100, 1],
          [126, 2],
          [95, 4],
          [94, 8],
          [60, 16],
          [200, 0],
        ],
      ),
    ).toEqual([[], [], [], [], ['late'], ['94-156 "" 15']]);
  });

  it('never emits a key twice, though a later session begins where one began', () => {
    const machine = machineOf([window(session)]);
    const keys = [100, 130, 125, 101, 100, 400].flatMap((at) =>
      send(machine, [at, 1]).emissions.map(({ key }) => key),
    );
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(2);
  });

  it('keeps what the sums of joined sessions rounded off', () => {
    const operators = [window({ ...session, allowed_lateness_seconds: 100 })];
    const items: Payload[] = [
      [0, -1e100],
      [50, 1],
      [51, 1e100],
      [25, 0],
      [500, 0],
    ];
    expect(run(operators, items).at(-1)).toEqual(['0-81 "" 1']);
  });

  it('fails on an event that would join sessions beyond the doubles, and keeps them', () => {
    const operators = [window({ ...session, allowed_lateness_seconds: 100 })];
    expect(
      run(operators, [
        [0, 1e308],
        [50, 1e308],
        [25, 1],
        [500, 0],
      ]),
    ).toEqual([[], [], ['failed'], ['0-30 "" 1e+308', '50-80 "" 1e+308']]);
  });

  const byEnd = (a: string, b: string): number =>
    Number(/-(\d+) /.exec(a)?.[1]) - Number(/-(\d+) /.exec(b)?.[1]) || (a.startsWith('-') ? -1 : 1);
});

describe('time that goes on without events', () => {
  const byStore = (lateness: number): object => ({
    type: 'window',
    config: { ...tumbling, allowed_lateness_seconds: lateness },
    aggregation: { function: 'count' },
  });

  it('closes panes on the time of the store, less the lateness', () => {
    const machine = machineOf([byStore(10)]);
    machine.process(event({}, { timestamp: 5 * second }));
    expect(now(machine.advanceTo(70 * second - 1)).emissions).toEqual([]);
    expect(now(machine.advanceTo(70 * second)).emissions.map(({ key }) => key)).toEqual([
      'w0:0:60000000:',
    ]);
    expect(now(machine.advanceTo(0)).emissions).toEqual([]);
    const { dropped } = now(machine.process(event({}, { timestamp: 59 * second })));
    expect(dropped[0]?.outcome).toBe('late');
  });

  it('does not close panes on times of the events', () => {
    const machine = machineOf([window(tumbling)]);
    send(machine, [5, 1]);
    expect(now(machine.advanceTo(10 * hour)).emissions).toEqual([]);
  });

  it('goes through windows behind windows, with the lateness of each', () => {
    const hourly = {
      type: 'window',
      config: { window_type: 'tumbling', size_seconds: 3_600 },
      aggregation: { function: 'sum', field: 'value' },
    };
    const machine = machineOf([byStore(30), hourly]);
    for (const timestamp of [0, 59 * minute, hour + 10 * second]) {
      machine.process(event({}, { timestamp }));
    }
    expect(now(machine.advanceTo(hour + 29 * second)).emissions).toEqual([]);
    const first = now(machine.advanceTo(hour + 30 * second)).emissions;
    expect(first.map(({ key }) => key)).toEqual(['w1:0:3600000000:']);
    const { emissions } = now(machine.advanceTo(3 * hour));
    expect(emissions.map(({ key }) => key)).toEqual(['w1:3600000000:7200000000:']);
    expect(() => machine.advanceTo(1.5)).toThrow(/whole microseconds/);
  });
});

describe('operators behind a window', () => {
  it('have the pane as their value, and its last microsecond as its time', () => {
    const machine = machineOf([
      { type: 'window', config: tumbling, aggregation: { type: 'reduce', function: 'count' } },
      { type: 'map', field: 'value', transform: 'add:1' },
      { type: 'reduce', function: 'sum', field: 'value', group_by: ['$timestamp', '$entity_id'] },
    ]);
    machine.process(event({}, { timestamp: 0 }));
    const { emissions } = now(machine.process(event({}, { timestamp: minute })));
    expect(emissions.map(({ value }) => value)).toEqual([
      {
        group: { $timestamp: 59_999_999, $entity_id: null },
        function: 'sum',
        field: 'value',
        value: 2,
        count: 1,
      },
    ]);
  });

  it('may fail on one pane and take the others', () => {
    const machine = machineOf([
      grouped(tumbling, { function: 'max' }),
      { type: 'map', field: 'value', transform: 'uppercase' },
    ]);
    send(machine, [1, 'x', 'a']);
    send(machine, [1, 7, 'b']);
    send(machine, [1, 'y', 'c']);
    const { emissions, dropped } = send(machine, [60, 1, 'd']);
    expect(emissions.map(pane)).toEqual(['0-60 "a" "X"', '0-60 "c" "Y"']);
    expect(dropped).toEqual([
      {
        outcome: 'failed',
        reason: 'operators[1] (map): value: expected text, got a number',
      },
    ]);
    expect(machine.statistics).toMatchObject({ processed: 4, failed: 1, emitted: 2, openPanes: 1 });
  });
});
