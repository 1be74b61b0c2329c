// What a pipeline is to answer, step by step: slow, simple, and sharing no code with src/pipelines.
import { formatTimestamp } from '../../../src/domain/index.js';
import type { JsonValue, StoredEvent } from '../../../src/domain/index.js';
import { add, nothing, resultOf } from './aggregates.js';
import type { Added } from './aggregates.js';
import {
  ItemFails,
  canonical,
  get,
  has,
  isPlainObject,
  passes,
  put,
  transformed,
} from './values.js';
import type { ModelItem, Wire } from './values.js';
import { closeWindow, emptyWindow, intoWindow, laterWatermark, timeOf } from './windows.js';
import type { ModelPane, WindowState } from './windows.js';

export type Step = { readonly event: StoredEvent } | { readonly advanceTo: number };

export interface ModelAnswer {
  readonly emissions: { output: JsonValue; value: JsonValue; time: number }[];
  readonly dropped: string[];
}

/** Answers what an entity was at a position. */
export type StateOf = (key: string, position: number) => Wire | undefined;

type Groups = readonly { readonly group: string; readonly added: Added }[];
/** Of each operator; never changed, only replaced. */
type States = readonly (Groups | WindowState | null)[];

export function runModel(
  definition: Wire,
  steps: readonly Step[],
  stateOf: StateOf,
): { readonly answers: ModelAnswer[]; readonly statistics: Record<string, number> } {
  const model = new Model(definition, stateOf);
  const answers = steps.map((step) => model.step(step));
  return { answers, statistics: model.statistics };
}

class Model {
  readonly #definition: Wire;
  readonly #operators: readonly Wire[];
  readonly #stateOf: StateOf;
  #states: States;
  #position = 0;
  #answer: ModelAnswer = { emissions: [], dropped: [] };
  readonly #counts = { processed: 0, filtered: 0, failed: 0, late: 0, emitted: 0, evicted: 0 };

  constructor(definition: Wire, stateOf: StateOf) {
    this.#definition = definition;
    this.#operators = definition['operators'] as readonly Wire[];
    this.#stateOf = stateOf;
    this.#states = this.#operators.map(({ type }) => {
      if (type === 'window') return emptyWindow;
      return type === 'reduce' ? [] : null;
    });
  }

  get statistics(): Record<string, number> {
    const windows = this.#states.filter((state) => state !== null && 'panes' in state);
    const openPanes = windows.reduce((sum, { panes }) => sum + panes.length, 0);
    return { ...this.#counts, openPanes, position: this.#position };
  }

  step(step: Step): ModelAnswer {
    this.#answer = { emissions: [], dropped: [] };
    if ('event' in step) {
      const { event } = step;
      this.#counts.processed += 1;
      this.#position = event.position;
      this.#feed({ value: event.payload, event, time: event.timestamp }, 0);
    } else this.#advance(step.advanceTo);
    return this.#answer;
  }

  #advance(to: number): void {
    let time = to;
    for (const [at, operator] of this.#operators.entries()) {
      if (operator['type'] !== 'window') continue;
      const config = operator['config'] as Wire;
      if (has(config, 'time_field')) return;
      time = laterWatermark(config, this.#states[at] as WindowState, time);
      this.#close(at, time);
    }
  }

  /** Sends an item through the operators from one on. */
  #feed(item: ModelItem, from: number): void {
    const before = this.#states;
    const evicted = this.#counts.evicted;
    try {
      this.#run(item, from);
    } catch (error) {
      if (!(error instanceof ItemFails)) throw error;
      this.#states = before;
      this.#counts.evicted = evicted;
      this.#drop('failed');
    }
  }

  #run(start: ModelItem, from: number): void {
    let item = start;
    for (let at = from; at < this.#operators.length; at += 1) {
      const operator = this.#operators[at] ?? {};
      if (operator['type'] === 'window') {
        this.#hold(item, at);
        return;
      }
      if (operator['type'] === 'branch') {
        this.#branch(item, operator);
        return;
      }
      const value = this.#changed(item, operator, at);
      if (value === undefined) {
        this.#drop('filtered');
        return;
      }
      item = { ...item, value };
    }
    this.#emit(item, this.#definition['output'] ?? null);
  }

  /** Undefined where the operator filters. */
  #changed(item: ModelItem, operator: Wire, at: number): JsonValue | undefined {
    const field = typeof operator['field'] === 'string' ? operator['field'] : undefined;
    switch (operator['type']) {
      case 'filter': {
        const read = get(item, String(field));
        return passes(String(operator['op']), read, operator['value'] ?? null)
          ? item.value
          : undefined;
      }
      case 'map':
        return mapped(item, operator);
      case 'reduce':
        return this.#reduced(item, operator, at);
      default:
        return this.#enriched(item, operator);
    }
  }

  #reduced(item: ModelItem, operator: Wire, at: number): JsonValue {
    const groups = this.#states[at] as Groups;
    const group = groupOf(item, operator);
    const known = groups.find((one) => one.group === group);
    const isFull = known === undefined && groups.length >= Number(operator['max_groups']);
    if (isFull && operator['on_full'] === 'fail') throw new ItemFails();
    const added = add(
      String(operator['function']),
      known?.added ?? nothing,
      fieldOf(item, operator),
    );
    if (isFull) this.#counts.evicted += 1;
    const others = groups.filter((one) => one !== known).slice(isFull ? 1 : 0);
    this.#replace(at, [...others, { group, added }]);
    return resultValue(operator, group, added);
  }

  #enriched(item: ModelItem, operator: Wire): JsonValue | undefined {
    const source = operator['source'] as Wire;
    const key = get(item, String(source['key_field'])) ?? null;
    if (key !== null && typeof key === 'object') throw new ItemFails();
    const found = key === null ? undefined : this.#lookUp(source, String(key), item);
    const names = operator['fields'] as readonly string[];
    const into = operator['into'] === undefined ? 'payload' : String(operator['into']);
    if (found === undefined && operator['on_miss'] === 'fail') throw new ItemFails();
    if (found === undefined && operator['on_miss'] === 'drop') return undefined;
    if (found === undefined && operator['on_miss'] === 'pass') return item.value;
    const copied = Object.entries(found ?? Object.fromEntries(names.map((name) => [name, null])));
    const wanted = copied.filter(([name]) => names.length === 0 || names.includes(name));
    if (wanted.length === 0) return item.value;
    const place = get(item, into) ?? {};
    if (!isPlainObject(place)) throw new ItemFails();
    return put(item.value, into, Object.fromEntries([...Object.entries(place), ...wanted]));
  }

  #lookUp(source: Wire, key: string, item: ModelItem): Wire | undefined {
    if (source['type'] !== 'lookup_table') {
      return this.#stateOf(key, item.event?.position ?? this.#position);
    }
    const table = source['table'] as Readonly<Record<string, Wire>>;
    return has(table, key) ? table[key] : undefined;
  }

  #hold(item: ModelItem, at: number): void {
    const operator = this.#operators[at] ?? {};
    const [config, aggregation] = [operator['config'] as Wire, operator['aggregation'] as Wire];
    const time = timeOf(config, item);
    const group = groupOf(item, aggregation);
    const state = this.#states[at] as WindowState;
    const value = fieldOf(item, aggregation);
    const next = intoWindow({ config, aggregation }, state, { time, group, value });
    if (next === undefined) {
      this.#drop('late');
      return;
    }
    this.#replace(at, next);
    this.#close(at, next.watermark);
  }

  #close(at: number, watermark: number): void {
    const { state, closed } = closeWindow(this.#states[at] as WindowState, watermark);
    this.#replace(at, state);
    const aggregation = (this.#operators[at] ?? {})['aggregation'] as Wire;
    for (const pane of closed) {
      this.#feed({ value: paneValue(aggregation, pane), event: null, time: pane.end - 1 }, at + 1);
    }
  }

  #branch(item: ModelItem, operator: Wire): void {
    const field = get(item, String(operator['field']));
    const branches = operator['branches'] as Wire;
    const isNamed = ['string', 'number', 'boolean'].includes(typeof field);
    const name = isNamed ? String(field) : '';
    const output = isNamed && has(branches, name) ? branches[name] : operator['default'];
    if (output === undefined) this.#drop('filtered');
    else this.#emit(item, output);
  }

  #emit(item: ModelItem, output: JsonValue): void {
    const filled = filledOutput(item, output as Wire);
    this.#counts.emitted += 1;
    this.#answer.emissions.push({ output: filled, value: item.value, time: item.time });
  }

  #drop(outcome: 'filtered' | 'failed' | 'late'): void {
    this.#counts[outcome] += 1;
    this.#answer.dropped.push(outcome);
  }

  #replace(at: number, state: Groups | WindowState): void {
    this.#states = this.#states.map((other, place) => (place === at ? state : other));
  }
}

function mapped(item: ModelItem, operator: Wire): JsonValue {
  const field = String(operator['field']);
  const read = get(item, field);
  if (has(operator, 'set')) return put(item.value, field, operator['set']);
  if (has(operator, 'remove'))
    return read === undefined ? item.value : put(item.value, field, undefined);
  if (has(operator, 'rename')) {
    if (read === undefined) throw new ItemFails();
    return put(put(item.value, field, undefined), String(operator['rename']), read);
  }
  return put(item.value, field, transformed(String(operator['transform']), read));
}

function fieldOf(item: ModelItem, aggregation: Wire): JsonValue | undefined {
  return has(aggregation, 'field') ? get(item, String(aggregation['field'])) : null;
}

function groupOf(item: ModelItem, aggregation: Wire): string {
  const paths = aggregation['group_by'] as readonly string[];
  const group = canonical(paths.map((path) => get(item, path) ?? null));
  if (group.length > 1_026) throw new ItemFails();
  return group;
}

function resultValue(aggregation: Wire, group: string, added: Added): Wire {
  const name = String(aggregation['function']);
  const paths = aggregation['group_by'] as readonly string[];
  const values = JSON.parse(group) as JsonValue[];
  return {
    group:
      paths.length === 0
        ? null
        : Object.fromEntries(paths.map((path, at) => [path, values[at] ?? null])),
    function: name,
    field: aggregation['field'] ?? null,
    value: resultOf(name, added),
    count: added.values.length,
  };
}

function paneValue(aggregation: Wire, { start, end, group, added }: ModelPane): Wire {
  const range = { window_start: formatTimestamp(start), window_end: formatTimestamp(end) };
  return { ...range, ...resultValue(aggregation, group, added) };
}

/** On the wire an output has `event_type` and `entity_id`; it is answered as the machine names them. */
function filledOutput(item: ModelItem, output: Wire): Wire {
  if (output['type'] !== 'event') return output;
  const entityId = String(output['entity_id']).replace(/\{([^}]*)\}/g, (_, path: string) => {
    const value = get(item, path);
    if (typeof value !== 'string' && typeof value !== 'number') throw new ItemFails();
    return String(value);
  });
  const isClean = entityId === entityId.trim() && ![...entityId].some((one) => one < ' ');
  if (!isClean || Buffer.byteLength(entityId) > 256) throw new ItemFails();
  return { type: 'event', eventType: output['event_type'] ?? null, entityId };
}
