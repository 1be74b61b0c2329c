import type { ArraysBatch } from '../../columnar/index.js';
import { checkedLimit } from '../../eventStore/index.js';
import { calendarOf } from '../calendar.js';
import type { Calendar } from '../calendar.js';
import {
  checkNames,
  invalid,
  percentageOf,
  rangeNames,
  timeRangeOf,
  typeOf,
  typesSelection,
} from '../input.js';
import { cohortPeriodsDefault, cohortPeriodsMax, cohortsMax } from '../limits.js';
import type { Source } from '../source.js';
import { KeyTable, tooMany } from '../tables/keyTable.js';
import { NumberList } from '../tables/numberList.js';
import type { Cohort, Cohorts, CohortsOptions } from '../types.js';

const periodNames: readonly string[] = ['day', 'week', 'month'];

export async function cohortsOf(source: Source, options: CohortsOptions): Promise<Cohorts> {
  const { period = 'week', firstEventType, returnEventType, periods, ...range } = options;
  checkNames(range, rangeNames);
  if (!periodNames.includes(period)) {
    throw invalid('period', `expected one of ${periodNames.join(', ')}, got ${String(period)}`);
  }
  const periodsMax = checkedLimit(periods ?? cohortPeriodsDefault, 1, cohortPeriodsMax, 'periods');
  const first = firstEventType && typeOf(firstEventType, 'first_event_type');
  const back = returnEventType && typeOf(returnEventType, 'return_event_type');
  // Where one of them may be of any type, all are read.
  const types = first !== undefined && back !== undefined ? [first, back] : [];
  const selection = typesSelection(range, types);
  const returns = new Returns({ first, back, periodsMax, calendar: calendarOf(period) });
  const columns = ['timestamp', 'entity_id', 'event_type'] as const;
  for await (const batch of source.batches(selection, { columns })) returns.add(batch);
  const timeRange = timeRangeOf(selection, returns.firstTime, returns.lastTime);
  const cohorts = returns.until(timeRange.to ?? NaN);
  return { period, cohorts, totalEntities: returns.entities, timeRange };
}

interface ReturnsOptions {
  readonly first: string | undefined;
  readonly back: string | undefined;
  readonly periodsMax: number;
  readonly calendar: Calendar;
}

/** Who came first in a period, and how many of them came back in the n-th period behind it. */
interface Counts {
  entities: number;
  readonly back: number[];
}

/** Of each entity it holds its first period, and the last one that it was counted in. */
class Returns {
  readonly #options: ReturnsOptions;
  readonly #entities = new KeyTable({ noun: 'entities' });
  readonly #first = new NumberList();
  readonly #last = new NumberList();
  readonly #counts = new Map<number, Counts>();
  firstTime = NaN;
  lastTime = NaN;

  constructor(options: ReturnsOptions) {
    this.#options = options;
  }

  get entities(): number {
    return this.#entities.size;
  }

  add({ rows, timestamps, entities, types }: ArraysBatch): void {
    const { calendar } = this.#options;
    const [isFirst, isBack] = this.#typesOf(types.texts);
    const { offsets, bytes } = entities.texts;
    let [number, end] = [NaN, -Infinity];
    for (let row = 0; row < rows; row += 1) {
      const time = timestamps[row] ?? 0;
      if (time >= end) {
        number = calendar.numberOf(time);
        end = calendar.startOf(number + 1);
      }
      const type = types.codes[row] ?? 0;
      const code = entities.codes[row] ?? 0;
      const key = [bytes, offsets[code] ?? 0, offsets[code + 1] ?? 0] as const;
      const known = this.#entities.find(...key);
      if (known >= 0 && isBack[type] === true) this.#comeBack(known, number);
      if (known < 0 && isFirst[type] === true) this.#begin(this.#entities.idOf(...key), number);
    }
    if (Number.isNaN(this.firstTime)) this.firstTime = timestamps[0] ?? NaN;
    this.lastTime = timestamps[rows - 1] ?? NaN;
  }

  /** In the order of time; with the later periods that began by a time. */
  until(time: number): readonly Cohort[] {
    const { calendar, periodsMax } = this.#options;
    const last = calendar.numberOf(time);
    // They came in the order of time.
    return [...this.#counts].map(([number, { entities, back }]) => ({
      timestamp: calendar.startOf(number),
      entities,
      retention: Array.from({ length: Math.min(periodsMax, last - number) }, (_, at) => ({
        period: at + 1,
        entities: back[at + 1] ?? 0,
        percentage: percentageOf(back[at + 1] ?? 0, entities),
      })),
    }));
  }

  #begin(entity: number, number: number): void {
    this.#first.set(entity, number);
    this.#last.set(entity, number);
    let counts = this.#counts.get(number);
    if (counts === undefined) {
      if (this.#counts.size === cohortsMax) throw tooMany('periods with new entities', cohortsMax);
      counts = { entities: 0, back: [] };
      this.#counts.set(number, counts);
    }
    counts.entities += 1;
  }

  #comeBack(entity: number, number: number): void {
    if (this.#last.get(entity) === number) return;
    this.#last.set(entity, number);
    const first = this.#first.get(entity);
    const counts = this.#counts.get(first);
    if (counts === undefined || number - first > this.#options.periodsMax) return;
    counts.back[number - first] = (counts.back[number - first] ?? 0) + 1;
  }

  #typesOf({ offsets, bytes }: ArraysBatch['types']['texts']) {
    const { first, back } = this.#options;
    const names = Array.from({ length: offsets.length - 1 }, (_, code) =>
      Buffer.from(bytes.subarray(offsets[code], offsets[code + 1])).toString(),
    );
    return [first, back].map((type) =>
      names.map((name) => type === undefined || name === type),
    ) as [boolean[], boolean[]];
  }
}
