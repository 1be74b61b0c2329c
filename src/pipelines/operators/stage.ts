import type { Failure } from '../../domain/index.js';
import type { Changes, StateEntry } from '../state/changes.js';
import type { Statistics } from '../state/statistics.js';
import type { Columns } from '../value/columns.js';
import type { Item } from '../value/item.js';

/** What an operator says of an item; `held` is one that went into a window. */
export type Verdict = 'next' | 'filtered' | 'late' | 'held' | Failure;

/** An operator at work. It may put another value into the item. */
export interface Stage {
  /** Plans what the item does to the state, and changes none of it. */
  run(item: Item): Verdict | Promise<Verdict>;
  /** Makes the plan so: called after `run`, unless an operator behind it let the item fail. */
  commit?(): void;
  /** Takes over what an earlier machine kept; keys are without the operator's prefix. */
  restore?(entries: readonly StateEntry[]): void;
}

/** What a stage has from its machine. */
export interface StageContext {
  /** Place of the operator in the definition. */
  readonly place: number;
  readonly changes: Changes;
  readonly statistics: Statistics;
  /** Takes an item that begins behind this operator. */
  readonly send: (item: Item) => void;
  /** Of rows, where it may be given items of them. */
  readonly columns: Columns | undefined;
}
