import type { JsonObject, JsonValue } from '../../domain/index.js';
import type { Aggregate } from '../aggregate/aggregate.js';
import type { Kept } from '../state/changes.js';
import type { PaneRange } from './paneRange.js';

/** A pane of one group that is open. */
export class Pane implements Kept {
  readonly stateKey: string;
  readonly group: string;
  readonly values: JsonObject | null;
  readonly start: number;
  /** A session's rises with its events. */
  end: number;
  aggregate: Aggregate;
  /** Where the queue has it; it may be behind. */
  queuedEnd: number;
  isGone = false;

  constructor(
    range: PaneRange,
    of: {
      readonly place: number;
      readonly group: string;
      readonly values: JsonObject | null;
      readonly aggregate: Aggregate;
    },
  ) {
    this.start = range.start;
    this.end = range.end;
    this.queuedEnd = range.end;
    this.group = of.group;
    this.values = of.values;
    this.aggregate = of.aggregate;
    this.stateKey = `${of.place}/p/${paneKey(range.start, of.group)}`;
  }

  toJson(): JsonValue {
    return [this.end, this.aggregate.toJson()];
  }
}

/** Unique among the open panes of a window. */
export function paneKey(start: number, group: string): string {
  return `${start}/${group}`;
}

/** The order in which panes are emitted that close together. */
export function byEnd(a: Pane, b: Pane): number {
  if (a.end !== b.end) return a.end - b.end;
  if (a.start !== b.start) return a.start - b.start;
  return a.group < b.group ? -1 : 1;
}
