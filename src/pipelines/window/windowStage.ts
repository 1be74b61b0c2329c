import {
  AllSourceError,
  Failure,
  formatTimestamp,
  kindOf,
  parseTimestamp,
} from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import type { Aggregate } from '../aggregate/aggregate.js';
import { emptyAggregate, readAggregate } from '../aggregate/makeAggregate.js';
import type { WindowOperator } from '../definition/types.js';
import { Grouping } from '../operators/grouping.js';
import type { Stage, StageContext, Verdict } from '../operators/stage.js';
import type { StateEntry } from '../state/changes.js';
import { Item } from '../value/item.js';
import { compilePath, readPath } from '../value/path.js';
import type { Path } from '../value/path.js';
import { OpenPanes } from './openPanes.js';
import { Pane } from './pane.js';
import { makePlanPanes } from './paneKind.js';
import type { PaneChange } from './paneKind.js';
import { timeMicrosMax } from './paneRange.js';
import { Watermark } from './watermark.js';

/** What the last item does to the window. */
interface Plan {
  readonly group: string;
  readonly watermark: number;
  readonly changes: readonly PaneChange[];
}

/** Gathers items in panes of time, and sends on the result of each pane once, when it closes. */
export class WindowStage implements Stage {
  readonly #operator: WindowOperator;
  readonly #context: StageContext;
  readonly #grouping: Grouping;
  readonly #field;
  readonly #timeField;
  readonly #lateness: number;
  readonly #watermark: Watermark;
  readonly #panes: OpenPanes;
  readonly #planPanes;
  #plan: Plan | undefined;

  constructor(operator: WindowOperator, context: StageContext) {
    const { config, aggregation } = operator;
    this.#operator = operator;
    this.#context = context;
    const pathOf = (field: string | undefined): Path | undefined =>
      field === undefined ? undefined : compilePath(field, context.columns);
    this.#grouping = new Grouping(aggregation.groupBy, context.columns);
    this.#field = pathOf(aggregation.field);
    this.#timeField = pathOf(config.timeField);
    this.#lateness = config.allowedLatenessSeconds * 1_000_000;
    this.#watermark = new Watermark(`${context.place}/w`);
    this.#panes = new OpenPanes(context.changes);
    const makeEmpty = (): Aggregate => emptyAggregate(aggregation.function);
    this.#planPanes = makePlanPanes(config, this.#panes, makeEmpty);
  }

  get openPanes(): number {
    return this.#panes.size;
  }

  run(item: Item): Verdict {
    const time = this.#timeOf(item);
    if (time instanceof Failure) return time;
    const group = this.#grouping.keyOf(item);
    if (group instanceof Failure) return group;
    const { field = null, maxGroups } = this.#operator.aggregation;
    const value = this.#field === undefined ? null : readPath(this.#field, item);
    const watermark = Math.max(this.#watermark.time, time - this.#lateness);
    const changes = this.#planPanes({ time, group, value, watermark });
    if (changes instanceof Failure) return new Failure(`${field}: ${changes.reason}`);
    if (changes.length === 0) return 'late';
    if (this.#isFull(changes, watermark)) {
      return new Failure(`expected at most ${maxGroups} open panes (max_groups)`);
    }
    this.#plan = { group, watermark, changes };
    return 'held';
  }

  commit(): void {
    if (this.#plan === undefined) return;
    const { group, watermark, changes } = this.#plan;
    this.#plan = undefined;
    for (const change of changes) this.#apply(group, change);
    this.#moveTo(watermark);
  }

  /**
   * Every item before a time was there; answers the time before which every result was sent. Undefined for
   * a window on times of its own, of which the log says nothing.
   */
  advance(time: number): number | undefined {
    if (this.#timeField !== undefined) return undefined;
    this.#moveTo(Math.max(this.#watermark.time, time - this.#lateness));
    return this.#watermark.time;
  }

  restore(entries: readonly StateEntry[]): void {
    const { function: name } = this.#operator.aggregation;
    for (const [key, json] of entries) {
      if (key === 'w') {
        // Watermark.toJson wrote it.
        this.#watermark.time = json as number;
        continue;
      }
      const [, start = '', ...rest] = key.split('/');
      const group = rest.join('/');
      // Pane.toJson wrote it.
      const [end, aggregate] = json as readonly [number, JsonValue];
      const values = this.#grouping.groupOf(group);
      const of = { group, values, aggregate: readAggregate(name, aggregate) };
      this.#panes.restore(
        new Pane({ start: Number(start), end }, { place: this.#context.place, ...of }),
      );
    }
  }

  #timeOf(item: Item): number | Failure {
    const path = this.#timeField;
    const value = path === undefined ? item.time : readPath(path, item);
    const time = typeof value === 'string' ? parsedTime(value) : value;
    const isTime = typeof time === 'number' && Number.isInteger(time);
    if (isTime && Math.abs(time) <= timeMicrosMax) return time + 0;
    const expected = 'expected a time between 1697 and 2243, as RFC 3339 or whole microseconds';
    return new Failure(`${path?.text ?? '$timestamp'}: ${expected}, got ${kindOf(value)}`);
  }

  #isFull(changes: readonly PaneChange[], watermark: number): boolean {
    const { maxGroups } = this.#operator.aggregation;
    const made = changes.filter(({ pane }) => pane === undefined).length;
    const replaced = changes.reduce((sum, change) => sum + change.replaced.length, 0);
    if (this.#panes.size + made - replaced <= maxGroups || made === 0) return false;
    // Those that the same item closes make room.
    return this.#panes.countBehind(watermark) + made - replaced > maxGroups;
  }

  #apply(group: string, { pane, aggregate, replaced, start, end }: PaneChange): void {
    for (const other of replaced) this.#panes.remove(other);
    const settled = aggregate.settled?.() ?? aggregate;
    if (pane === undefined) {
      const { place } = this.#context;
      const values = this.#grouping.groupOf(group);
      this.#panes.add(new Pane({ start, end }, { place, group, values, aggregate: settled }));
      return;
    }
    pane.aggregate = settled;
    pane.end = end;
    this.#panes.changed(pane);
  }

  #moveTo(time: number): void {
    if (time === this.#watermark.time) return;
    this.#watermark.time = time;
    this.#context.changes.mark(this.#watermark);
    for (const pane of this.#panes.close(time)) this.#context.send(this.#resultOf(pane));
  }

  #resultOf({ start, end, group, values, aggregate }: Pane): Item {
    const { function: name, field = null } = this.#operator.aggregation;
    const value = {
      window_start: formatTimestamp(start),
      window_end: formatTimestamp(end),
      group: values,
      function: name,
      field,
      value: aggregate.value,
      count: aggregate.count,
    };
    const { place } = this.#context;
    // In its last microsecond: so a pane of a longer window behind this one holds it whole.
    const time = end - 1;
    const paneKey = `w${place}:${start}:${end}:${group}`;
    return Item.ofPane(value, { time, firstOperator: place + 1, paneKey, orderKey: group });
  }
}

function parsedTime(text: string): number | undefined {
  try {
    return parseTimestamp(text, 'time_field');
  } catch (error) {
    if (error instanceof AllSourceError) return undefined;
    throw error;
  }
}
