import type { ArraysBatch } from '../../columnar/index.js';
import { checkedLimit } from '../../eventStore/index.js';
import { calendarOf, secondsCalendar } from '../calendar.js';
import type { Calendar } from '../calendar.js';
import { checkNames, filterNames, invalid, selectionOf, timeRangeOf } from '../input.js';
import type { Selection } from '../input.js';
import { bucketCountsMax, bucketSizeMax, bucketsMax } from '../limits.js';
import type { Source } from '../source.js';
import { KeyTable, tooMany } from '../tables/keyTable.js';
import { NumberList } from '../tables/numberList.js';
import type { Frequency, FrequencyBucket, FrequencyOptions, TimeWindow } from '../types.js';

const windows: readonly TimeWindow[] = ['minute', 'hour', 'day', 'week', 'month'];

export async function frequencyOf(source: Source, options: FrequencyOptions): Promise<Frequency> {
  const { window, bucketSize, ...filter } = options;
  checkNames(filter, filterNames);
  const calendar = calendarFor(window, bucketSize);
  const selection = selectionOf(filter);
  const buckets = new Buckets(calendar, selection);
  const columns = ['timestamp', 'event_type'] as const;
  for await (const batch of source.batches(selection, { columns })) buckets.add(batch);
  const timeRange = timeRangeOf(selection, buckets.firstTime, buckets.lastTime);
  return {
    buckets: buckets.between(timeRange.from ?? NaN, timeRange.to ?? NaN),
    totalEvents: buckets.totalEvents,
    window: bucketSize === undefined ? (window ?? 'day') : null,
    bucketSize: bucketSize ?? null,
    timeRange,
  };
}

function calendarFor(window: TimeWindow | undefined, bucketSize: number | undefined): Calendar {
  if (bucketSize === undefined) {
    if (window === undefined || windows.includes(window)) return calendarOf(window ?? 'day');
    throw invalid('window', `expected one of ${windows.join(', ')}, got ${String(window)}`);
  }
  if (window !== undefined) throw invalid('bucket_size', 'expected it or window, got both');
  return secondsCalendar(checkedLimit(bucketSize, 1, bucketSizeMax, 'bucket_size'));
}

/** Counts by bucket and type; events come in the order of time. */
class Buckets {
  readonly #calendar: Calendar;
  readonly #types = new KeyTable({ noun: 'event types' });
  /** Of the bucket of the last event, by type. */
  #counts = new NumberList();
  #number = NaN;
  #end = -Infinity;
  /** Of the first bucket that must be in the answer; NaN until it is known. */
  #firstNumber: number;
  readonly #until: number;
  readonly #full = new Map<number, ReadonlyMap<number, number>>();
  #countsHeld = 0;
  firstTime = NaN;
  lastTime = NaN;
  totalEvents = 0;

  /** Throws `invalid_query` where there would be too many. */
  constructor(calendar: Calendar, { since, until }: Pick<Selection, 'since' | 'until'>) {
    this.#calendar = calendar;
    this.#until = until;
    this.#firstNumber = calendar.numberOf(since);
    this.#mustHold(until);
  }

  add({ rows, timestamps, types }: ArraysBatch): void {
    const ids = this.#types.idsOf(types.texts);
    if (this.totalEvents === 0) this.firstTime = timestamps[0] ?? NaN;
    if (Number.isNaN(this.#firstNumber))
      this.#firstNumber = this.#calendar.numberOf(this.firstTime);
    for (let row = 0; row < rows; row += 1) {
      const time = timestamps[row] ?? 0;
      if (time >= this.#end) this.#begin(time);
      this.#counts.add(ids[types.codes[row] ?? 0] ?? 0, 1);
    }
    this.totalEvents += rows;
    this.lastTime = timestamps[rows - 1] ?? NaN;
  }

  /** Those from the one of a time to that of another; none where one of the times is NaN. */
  between(from: number, to: number): FrequencyBucket[] {
    this.#finish();
    const buckets: FrequencyBucket[] = [];
    const last = this.#calendar.numberOf(to);
    for (let number = this.#calendar.numberOf(from); number <= last; number += 1) {
      const counts = [...(this.#full.get(number) ?? [])];
      buckets.push({
        timestamp: this.#calendar.startOf(number),
        count: counts.reduce((sum, [, count]) => sum + count, 0),
        eventTypes: Object.fromEntries(counts.map(([id, n]) => [this.#types.textOf(id), n])),
      });
    }
    return buckets;
  }

  #mustHold(time: number): void {
    const buckets = this.#calendar.numberOf(time) - this.#firstNumber + 1;
    // Not known as long as one of the times is not.
    if (Number.isNaN(buckets) || buckets <= bucketsMax) return;
    throw invalid(
      'window',
      `expected at most ${bucketsMax} buckets, got ${buckets}; ask for larger ones, or for less time`,
    );
  }

  #begin(time: number): void {
    this.#mustHold(Number.isNaN(this.#until) ? time : this.#until);
    this.#finish();
    this.#number = this.#calendar.numberOf(time);
    this.#end = this.#calendar.startOf(this.#number + 1);
  }

  #finish(): void {
    if (Number.isNaN(this.#number)) return;
    const counts = new Map<number, number>();
    for (const [id, count] of this.#counts.view().entries()) if (count > 0) counts.set(id, count);
    this.#countsHeld += counts.size;
    if (this.#countsHeld > bucketCountsMax) {
      throw tooMany('counts of event types in all buckets', bucketCountsMax);
    }
    this.#full.set(this.#number, counts);
    this.#counts = new NumberList();
    this.#number = NaN;
  }
}
