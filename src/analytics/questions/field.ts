import type { ArraysBatch } from '../../columnar/index.js';
import { Grouping } from './grouping.js';
import { checkNames, filterNames, invalid, numberOrNull, pathOf, selectionOf } from '../input.js';
import { groupsMax, percentileValuesMax, percentilesMax } from '../limits.js';
import { Moments } from '../numbers/moments.js';
import { Sample } from '../numbers/sample.js';
import type { Source } from '../source.js';
import type { FieldNumbers, FieldOptions, FieldStatistics, GroupBy } from '../types.js';

const percentilesDefault: readonly number[] = [50, 90, 95, 99];

export async function fieldOf(
  source: Source,
  field: string,
  options: FieldOptions,
): Promise<FieldStatistics> {
  const { percentiles = percentilesDefault, groupBy, ...filter } = options;
  checkNames(filter, filterNames);
  checkPercentiles(percentiles);
  const path = pathOf(field, 'path');
  const selection = selectionOf(filter);
  const groups = new Groups(groupBy);
  const { columns, json } = groups;
  for await (const batch of source.batches(selection, { columns, json, numbers: [path] })) {
    groups.add(batch);
  }
  return { field, ...groups.all.numbers(percentiles), groups: groups.listed(percentiles) };
}

function checkPercentiles(percentiles: readonly unknown[]): void {
  const isList = Array.isArray(percentiles) && percentiles.length <= percentilesMax;
  const isGood = (one: unknown) => typeof one === 'number' && one >= 0 && one <= 100;
  if (isList && percentiles.every(isGood)) return;
  throw invalid('percentiles', `expected at most ${percentilesMax} numbers from 0 to 100`);
}

/** The numbers of all events, and those of each group. */
class Groups {
  readonly all = new Numbers(percentileValuesMax);
  readonly #grouping: Grouping | undefined;
  readonly #groups: Numbers[] = [];

  constructor(groupBy: GroupBy | undefined) {
    if (groupBy !== undefined)
      this.#grouping = new Grouping(groupBy, { field: 'group_by', groupsMax });
  }

  get columns() {
    return this.#grouping?.columns ?? [];
  }

  get json() {
    return this.#grouping?.json ?? [];
  }

  add(batch: ArraysBatch): void {
    const ids = this.#grouping?.idsOf(batch);
    if (ids !== undefined) this.#open();
    const [column] = batch.numbers;
    if (column === undefined) return;
    const { validity, values } = column;
    for (let row = 0; row < batch.rows; row += 1) {
      const isNumber = ((validity[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
      const value = isNumber ? (values[row] ?? NaN) : NaN;
      this.all.add(value);
      if (ids !== undefined) this.#groups[ids[row] ?? 0]?.add(value);
    }
  }

  /** Those with most events first. */
  listed(percentiles: readonly number[]): FieldStatistics['groups'] {
    const grouping = this.#grouping;
    if (grouping === undefined) return null;
    return this.#groups
      .map((numbers, id) => ({ name: grouping.table.textOf(id), numbers }))
      .sort((a, b) => b.numbers.events - a.numbers.events || (a.name < b.name ? -1 : 1))
      .map(({ name, numbers }) => ({
        value: grouping.valueOf(name),
        ...numbers.numbers(percentiles),
      }));
  }

  /** The groups that a batch has brought; the more there are the fewer values each may hold. */
  #open(): void {
    const size = this.#grouping?.table.size ?? 0;
    if (size === this.#groups.length) return;
    const valuesMax = Math.floor(percentileValuesMax / size);
    for (const group of this.#groups) group.shrink(valuesMax);
    while (this.#groups.length < size) this.#groups.push(new Numbers(valuesMax));
  }
}

class Numbers {
  readonly #moments = new Moments();
  readonly #sample: Sample;
  events = 0;

  constructor(valuesMax: number) {
    this.#sample = new Sample(valuesMax);
  }

  /** NaN for an event without a number. */
  add(value: number): void {
    this.events += 1;
    if (Number.isNaN(value)) return;
    this.#moments.add(value);
    this.#sample.add(value);
  }

  shrink(valuesMax: number): void {
    this.#sample.shrink(valuesMax);
  }

  numbers(percentiles: readonly number[]): FieldNumbers {
    const { count, sum, min, max, mean, stddev } = this.#moments;
    return {
      count,
      nulls: this.events - count,
      sum,
      min: count === 0 ? null : min,
      max: count === 0 ? null : max,
      mean: numberOrNull(mean),
      stddev: numberOrNull(stddev),
      percentiles: percentiles.map((percentile) => ({
        percentile,
        value: numberOrNull(this.#sample.percentile(percentile)),
      })),
      approximate: !this.#sample.isWhole,
    };
  }
}
