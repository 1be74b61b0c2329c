import { Failure } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import type { Aggregate } from '../aggregate/aggregate.js';
import { emptyAggregate, readAggregate } from '../aggregate/makeAggregate.js';
import type { ReduceOperator } from '../definition/types.js';
import type { Kept, StateEntry } from '../state/changes.js';
import type { Item } from '../value/item.js';
import { compilePath, readPath } from '../value/path.js';
import { RunningResult } from '../value/runningResult.js';
import type { ResultHead } from '../value/runningResult.js';
import { Grouping } from './grouping.js';
import type { Stage, StageContext, Verdict } from './stage.js';

class Group implements Kept {
  readonly stateKey: string;
  readonly head: ResultHead;
  readonly headText: string;
  aggregate: Aggregate;
  /** Rises with every update of any group, so that the order of eviction can be restored. */
  updated = 0;

  constructor(stateKey: string, head: ResultHead, aggregate: Aggregate) {
    this.stateKey = stateKey;
    this.head = head;
    this.headText = RunningResult.headTextOf(head);
    this.aggregate = aggregate;
  }

  toJson(): JsonValue {
    return [this.updated, this.aggregate.toJson()];
  }
}

/** What the last item does to its group. */
interface Plan {
  readonly key: string;
  readonly group: Group;
  readonly aggregate: Aggregate;
}

/** Running results by group: each item becomes what its group's result is with it. */
export class ReduceStage implements Stage {
  readonly #operator: ReduceOperator;
  readonly #context: StageContext;
  readonly #grouping: Grouping;
  readonly #field;
  /** The one updated longest ago comes first. */
  readonly #groups = new Map<string, Group>();
  /** The one that was updated last. */
  #newest: Group | undefined;
  #updates = 0;
  #plan: Plan | undefined;

  constructor(operator: ReduceOperator, context: StageContext) {
    this.#operator = operator;
    this.#context = context;
    this.#grouping = new Grouping(operator.groupBy, context.columns);
    const { field } = operator;
    this.#field = field === undefined ? undefined : compilePath(field, context.columns);
  }

  run(item: Item): Verdict {
    const key = this.#grouping.keyOf(item);
    if (key instanceof Failure) return key;
    const known = this.#groups.get(key);
    const { function: name, field = null, maxGroups, onFull } = this.#operator;
    if (known === undefined && onFull === 'fail' && this.#groups.size >= maxGroups) {
      return new Failure(`expected at most ${maxGroups} groups (max_groups)`);
    }
    const value = this.#field === undefined ? null : readPath(this.#field, item);
    const aggregate = (known?.aggregate ?? emptyAggregate(name)).add(value);
    if (aggregate instanceof Failure) return new Failure(`${field}: ${aggregate.reason}`);
    const group = known ?? this.#makeGroup(key, aggregate);
    this.#plan = { key, group, aggregate };
    item.orderKey = key;
    item.row = undefined;
    item.value = new RunningResult(group.head, group.headText, aggregate);
    return 'next';
  }

  commit(): void {
    if (this.#plan === undefined) return;
    const { key, group, aggregate } = this.#plan;
    this.#plan = undefined;
    if (group !== this.#newest) this.#moveToEnd(key, group);
    group.aggregate = aggregate.settled?.() ?? aggregate;
    this.#updates += 1;
    group.updated = this.#updates;
    this.#context.changes.mark(group);
  }

  #moveToEnd(key: string, group: Group): void {
    const isKnown = this.#groups.delete(key);
    if (!isKnown && this.#groups.size >= this.#operator.maxGroups) this.#evict();
    this.#groups.set(key, group);
    this.#newest = group;
  }

  restore(entries: readonly StateEntry[]): void {
    const groups = entries.map(([stateKey, json]) => {
      const key = stateKey.slice('g/'.length);
      // Group.toJson wrote it.
      const [updated, aggregate] = json as readonly [number, JsonValue];
      const group = this.#makeGroup(key, readAggregate(this.#operator.function, aggregate));
      group.updated = updated;
      return [key, group] as const;
    });
    groups.sort(([, a], [, b]) => a.updated - b.updated);
    for (const [key, group] of groups) this.#groups.set(key, group);
    this.#updates = groups.at(-1)?.[1].updated ?? 0;
  }

  #makeGroup(key: string, aggregate: Aggregate): Group {
    const stateKey = `${this.#context.place}/g/${key}`;
    const { function: name, field = null } = this.#operator;
    const head = { group: this.#grouping.groupOf(key), function: name, field };
    return new Group(stateKey, head, aggregate);
  }

  #evict(): void {
    const { changes, statistics } = this.#context;
    for (const [key, group] of this.#groups) {
      this.#groups.delete(key);
      changes.remove(group);
      statistics.evicted += 1;
      changes.mark(statistics);
      return;
    }
  }
}
