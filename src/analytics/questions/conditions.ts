import type { ArraysBatch, JsonColumn } from '../../columnar/index.js';
import { invalid, pathOf, typeOf } from '../input.js';
import { funnelConditionsMax, funnelStepsMax } from '../limits.js';
import type { FunnelStep, GroupValue } from '../types.js';

const decoder = new TextDecoder();
const stepNames = ['eventType', 'where'];

/** A field that must have a value: the number of its column, and the value. */
interface Condition {
  readonly column: number;
  readonly value: GroupValue;
}

interface Step {
  readonly eventType: string;
  readonly conditions: readonly Condition[];
}

/** Steps of a funnel, checked, and the fields that they look at. */
export class Steps {
  readonly steps: readonly Step[];
  readonly paths: (readonly string[])[] = [];

  constructor(steps: readonly FunnelStep[]) {
    if (!Array.isArray(steps) || steps.length < 2 || steps.length > funnelStepsMax) {
      throw invalid('steps', `expected 2-${funnelStepsMax} steps`);
    }
    this.steps = steps.map((step: FunnelStep, at) => this.#stepOf(step, `steps.${at}`));
  }

  get eventTypes(): readonly string[] {
    return this.steps.map(({ eventType }) => eventType);
  }

  /** The steps that an event may be, by the code of its type, the last ones first. */
  byCode({ types: { texts } }: ArraysBatch): readonly (readonly number[])[] {
    const { offsets, bytes } = texts;
    return Array.from({ length: offsets.length - 1 }, (_, code) => {
      const name = decoder.decode(bytes.subarray(offsets[code], offsets[code + 1]));
      const numbers = this.steps.flatMap(({ eventType }, at) => (eventType === name ? [at] : []));
      return numbers.reverse();
    });
  }

  /** Whether the fields of a row are what a step wants. */
  holds(step: number, { json }: ArraysBatch, row: number): boolean {
    const conditions = this.steps[step]?.conditions ?? [];
    return conditions.every(({ column, value }) => {
      const values = json[column];
      return values !== undefined && isValue(values, row, value);
    });
  }

  #stepOf(step: unknown, field: string): Step {
    if (typeof step !== 'object' || step === null) throw invalid(field, 'expected an object');
    const unknown = Object.keys(step).find((name) => !stepNames.includes(name));
    if (unknown !== undefined) {
      throw invalid(`${field}.${unknown}`, 'not known here; a step has event_type and where');
    }
    const { eventType, where = {} } = step as FunnelStep;
    const entries = Object.entries(where);
    if (entries.length > funnelConditionsMax) {
      throw invalid(`${field}.where`, `expected at most ${funnelConditionsMax} fields`);
    }
    return {
      eventType: typeOf(eventType, `${field}.event_type`),
      conditions: entries.map(([path, value]) => {
        const name = `${field}.where.${path}`;
        if (typeof value === 'object' && value !== null) {
          throw invalid(name, 'expected a string, a number, a boolean or null');
        }
        return { column: this.#columnOf(pathOf(path, name)), value };
      }),
    };
  }

  #columnOf(path: readonly string[]): number {
    const known = this.paths.findIndex((other) => other.join('.') === path.join('.'));
    return known >= 0 ? known : this.paths.push(path) - 1;
  }
}

/** A field that is missing is null. */
function isValue(column: JsonColumn, row: number, value: GroupValue): boolean {
  const { validity, texts } = column;
  if (((validity[row >> 3] ?? 0) & (1 << (row & 7))) === 0) return value === null;
  const text = texts.bytes.subarray(texts.offsets[row], texts.offsets[row + 1]);
  return JSON.parse(decoder.decode(text)) === value;
}
