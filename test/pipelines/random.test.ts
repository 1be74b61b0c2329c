import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldPath, isJsonObject, valueAt } from '../../src/domain/index.js';
import type { ColumnsRow, JsonObject, JsonValue, StoredEvent } from '../../src/domain/index.js';
import { checkDefinition, createMachine, usedMembers } from '../../src/pipelines/index.js';
import type {
  EnrichSource,
  PipelineEvent,
  PipelineMachine,
  PipelineResult,
} from '../../src/pipelines/index.js';
import { seedOf } from '../crash/random.js';
import { runModel } from './model/model.js';
import type { ModelAnswer, Step } from './model/model.js';
import { program } from './model/programs.js';
import type { Action, Program } from './model/programs.js';
import type { Wire } from './model/values.js';
import { event } from './support.js';

/** Also the long form: PIPELINE_RUNS=10000. A failure is made smaller with PIPELINE_SHRINK=1, for minutes. */
const runs = Number(process.env['PIPELINE_RUNS'] ?? 500);

function stateOf(key: string, position: number): Wire | undefined {
  return key.startsWith('b') ? undefined : { tier: position, a: key };
}

/** Answers some at once and some later. */
const sources: EnrichSource = {
  lookup: (request) => {
    if (request.type !== 'entity_state') throw new Error('expected to be asked for an entity');
    const found = stateOf(request.key, request.position);
    return request.position % 3 === 0 ? Promise.resolve(found) : found;
  },
};

function frozen(value: JsonValue): JsonValue {
  if (typeof value === 'object' && value !== null)
    Object.values(value).forEach((one) => frozen(one ?? null));
  return Object.freeze(value);
}

/** As the engine writes it. */
function rowOf(whole: StoredEvent, columns: readonly string[]): ColumnsRow {
  const { position, timestamp, eventType, entityId, version, payload } = whole;
  const values = columns.map((column) => {
    if (column === '$event_type') return eventType;
    if (column === '$entity_id') return entityId;
    if (column === '$version') return version;
    const value = valueAt(payload, fieldPath(column));
    if (value === undefined) return [];
    return typeof value === 'object' && value !== null ? [value] : value;
  });
  return [position, timestamp, ...values];
}

function eventOf(action: Extract<Action, { type: 'event' }>, position: number): StoredEvent {
  const { payload, entityId, at } = action;
  return event(frozen(payload), { entityId, timestamp: at, position, version: position % 5 });
}

/** Of all runs, so that a run of nothing is seen. */
const totals: Record<string, number> = {};

/** A machine that is cut off, and begun anew from what it gave, wherever the program says. */
class Run {
  readonly #definition;
  readonly #kept = new Map<string, string>();
  machine: PipelineMachine;
  readonly keys: string[] = [];

  constructor(definition: Wire) {
    this.#definition = checkDefinition(definition);
    this.machine = createMachine(this.#definition, { sources });
  }

  take(): void {
    for (const { key, value } of this.machine.takeChanges()) {
      if (value !== undefined) this.#kept.set(key, JSON.stringify(value));
      else expect(this.#kept.delete(key)).toBe(true);
    }
  }

  restore(): void {
    this.take();
    const state = [...this.#kept].map(
      ([key, json]) => [key, JSON.parse(json) as JsonValue] as const,
    );
    const { statistics } = this.machine;
    this.machine = createMachine(this.#definition, { sources, state: state.reverse() });
    expect(this.machine.statistics).toEqual(statistics);
  }

  /** The fields that the pipeline looks at, or of a payload only the members, as a run reads them. */
  #asRead(whole: StoredEvent): PipelineEvent {
    const { columns } = this.machine;
    // Some come whole, as they do to a dry run.
    if (columns !== undefined && whole.position % 4 !== 0) {
      totals['rows'] = (totals['rows'] ?? 0) + 1;
      return columns.eventOf(rowOf(whole, columns.texts));
    }
    const members = usedMembers(this.#definition);
    if (members === undefined || !isJsonObject(whole.payload)) return whole;
    const used = Object.entries(whole.payload).filter(([name]) => members.includes(name));
    if (used.length < Object.keys(whole.payload).length)
      totals['trimmed'] = (totals['trimmed'] ?? 0) + 1;
    return { ...whole, payload: frozen(Object.fromEntries(used)) };
  }

  async step(step: Step): Promise<PipelineResult> {
    const result = await ('event' in step
      ? this.machine.process(this.#asRead(step.event))
      : this.machine.advanceTo(step.advanceTo));
    this.keys.push(...result.emissions.map(({ key }) => key));
    return result;
  }
}

/** Both as JSON, with the estimates of percentiles checked and then taken as exact. */
function expectSame({ emissions, dropped }: PipelineResult, answer: ModelAnswer): void {
  const found = emissions.map(({ output, value, time }, at) => ({
    output,
    value: settled(value, answer.emissions[at]?.value),
    time,
  }));
  // JSON does not keep minus zero.
  const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  expect(json(found)).toEqual(json(answer.emissions));
  expect(dropped.map(({ outcome }) => outcome).sort()).toEqual([...answer.dropped].sort());
}

function settled(value: JsonValue, expected: JsonValue | undefined): JsonValue {
  const [found, exact] = [value as JsonObject | null, expected as JsonObject | null];
  if (!/^p\d\d$/.test(String(found?.['function'])) || typeof exact?.['value'] !== 'number')
    return value;
  const [a, b] = [Number(found?.['value']), exact['value']];
  const isTiny = Math.abs(b) < 2.3e-308 && Math.abs(a) < 2.3e-308;
  const isNear = isTiny || Math.abs(a - b) <= 0.01 * Math.abs(b) * (1 + 1e-9);
  return isNear ? { ...found, value: b } : value;
}

/** The same steps in the machine and in the model. */
async function check({ definition, actions }: Program): Promise<void> {
  const run = new Run(definition);
  const steps: Step[] = [];
  const results: PipelineResult[] = [];
  for (const action of actions) {
    if (action.type === 'take') run.take();
    else if (action.type === 'restore') run.restore();
    else {
      const step: Step =
        action.type === 'advance'
          ? { advanceTo: action.at }
          : { event: eventOf(action, steps.length + 1) };
      steps.push(step);
      results.push(await run.step(step));
    }
  }
  const { answers, statistics } = runModel(definition, steps, stateOf);
  for (const [at, answer] of answers.entries()) {
    expectSame(results[at] ?? { emissions: [], dropped: [] }, answer);
  }
  expect(run.machine.statistics).toEqual(statistics);
  expect(new Set(run.keys).size).toBe(run.keys.length);
  for (const [name, count] of Object.entries(statistics))
    totals[name] = (totals[name] ?? 0) + count;
  totals['panes'] = (totals['panes'] ?? 0) + run.keys.filter((key) => key.startsWith('w')).length;
}

describe('a machine', () => {
  it(
    'answers what the model answers, whatever comes, and wherever it is begun anew',
    async () => {
      const seed = seedOf(process.env['PIPELINE_SEED']);
      await fc.assert(fc.asyncProperty(program, check), {
        numRuns: runs,
        seed,
        endOnFailure: process.env['PIPELINE_SHRINK'] === undefined,
      });
      console.log(`PIPELINE_SEED=${seed}: ${runs} pipelines`, totals);
      for (const [name, count] of Object.entries(totals)) {
        expect(`${name}: ${count > runs / 10}`).toBe(`${name}: true`);
      }
    },
    60_000 + runs * 100,
  );
});
