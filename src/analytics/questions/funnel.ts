import type { ArraysBatch } from '../../columnar/index.js';
import { Steps } from './conditions.js';
import {
  checkNames,
  numberOrNull,
  percentageOf,
  rangeNames,
  secondsOf,
  typesSelection,
} from '../input.js';
import {
  funnelCellsMax,
  funnelWindowDefault,
  percentileValuesMax,
  windowSecondsMax,
} from '../limits.js';
import { Sample } from '../numbers/sample.js';
import type { Source } from '../source.js';
import { KeyTable } from '../tables/keyTable.js';
import { NumberList } from '../tables/numberList.js';
import type { Funnel, FunnelOptions } from '../types.js';

const microsPerSecond = 1_000_000;

export async function funnelOf(source: Source, options: FunnelOptions): Promise<Funnel> {
  const { steps: wanted, windowSeconds, ...range } = options;
  checkNames(range, rangeNames);
  const steps = new Steps(wanted);
  const window = { name: 'window_seconds', max: windowSecondsMax };
  const seconds = secondsOf(windowSeconds, funnelWindowDefault, window);
  const selection = typesSelection(range, steps.eventTypes);
  const progress = new Progress(steps, seconds * microsPerSecond);
  const columns = ['timestamp', 'entity_id', 'event_type'] as const;
  for await (const batch of source.batches(selection, { columns, json: steps.paths })) {
    progress.add(batch);
  }
  return { windowSeconds: seconds, ...progress.result() };
}

/**
 * How far entities came. Of each step it holds when the entity took it last in order, and when the row of
 * steps that led there began: the row that began last is the one that has most time left.
 */
class Progress {
  readonly #steps: Steps;
  readonly #count: number;
  readonly #windowMicros: number;
  /** Those that took the first step. */
  readonly #entities: KeyTable;
  /** By entity and step. */
  readonly #began = new NumberList(NaN);
  readonly #taken = new NumberList(NaN);
  /** Steps that an entity came to, by entity. */
  readonly #reached = new NumberList();
  /** Entities that came to a step, and how long it took from the step before. */
  readonly #arrivals: { entities: number; readonly durations: Sample }[];

  constructor(steps: Steps, windowMicros: number) {
    this.#steps = steps;
    this.#count = steps.steps.length;
    this.#windowMicros = windowMicros;
    const keysMax = Math.floor(funnelCellsMax / this.#count);
    this.#entities = new KeyTable({ noun: 'entities', keysMax });
    const durationsMax = Math.floor(percentileValuesMax / this.#count);
    this.#arrivals = steps.steps.map(() => ({ entities: 0, durations: new Sample(durationsMax) }));
  }

  add(batch: ArraysBatch): void {
    const { rows, timestamps, entities, types } = batch;
    const { offsets, bytes } = entities.texts;
    const stepsOf = this.#steps.byCode(batch);
    for (let row = 0; row < rows; row += 1) {
      const code = entities.codes[row] ?? 0;
      const [begin, end] = [offsets[code] ?? 0, offsets[code + 1] ?? 0];
      const time = timestamps[row] ?? 0;
      // The last steps first: one event is one step of a row.
      for (const step of stepsOf[types.codes[row] ?? 0] ?? []) {
        if (!this.#steps.holds(step, batch, row)) continue;
        if (step === 0) this.#take(this.#entities.idOf(bytes, begin, end), step, time, time);
        else this.#follow(this.#entities.find(bytes, begin, end), step, time);
      }
    }
  }

  result(): Omit<Funnel, 'windowSeconds'> {
    const counts = this.#arrivals.map(({ entities }) => entities);
    const first = counts[0] ?? 0;
    return {
      steps: this.#arrivals.map(({ entities, durations }, at) => ({
        eventType: this.#steps.steps[at]?.eventType ?? '',
        entities,
        percentage: percentageOf(entities, first),
        percentageOfPrevious: percentageOf(entities, counts[at - 1] ?? first),
        medianSeconds: numberOrNull(durations.percentile(50) / microsPerSecond),
      })),
      approximate: this.#arrivals.some(({ durations }) => !durations.isWhole),
    };
  }

  /** A step behind the first one counts where the one before it was taken, and time is left. */
  #follow(entity: number, step: number, time: number): void {
    if (entity < 0) return;
    const began = this.#began.get(entity * this.#count + step - 1);
    if (time - began <= this.#windowMicros) this.#take(entity, step, time, began);
  }

  #take(entity: number, step: number, time: number, began: number): void {
    const cell = entity * this.#count + step;
    this.#began.set(cell, began);
    this.#taken.set(cell, time);
    if (this.#reached.get(entity) > step) return;
    this.#reached.set(entity, step + 1);
    const arrival = this.#arrivals[step];
    if (arrival === undefined) return;
    arrival.entities += 1;
    if (step > 0) arrival.durations.add(time - this.#taken.get(cell - 1));
  }
}
