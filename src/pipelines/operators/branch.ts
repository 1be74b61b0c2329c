import type { BranchOperator, Output } from '../definition/types.js';
import type { Item } from '../value/item.js';
import { compilePath, readPath } from '../value/path.js';
import type { Stage, Verdict } from './stage.js';

/** Chooses the output of an item by a field. */
export class BranchStage implements Stage {
  readonly #path;
  readonly #outputs: ReadonlyMap<string, Output>;
  readonly #default: Output | undefined;

  constructor(operator: BranchOperator) {
    this.#path = compilePath(operator.field);
    this.#outputs = new Map(Object.entries(operator.branches));
    this.#default = operator.default;
  }

  run(item: Item): Verdict {
    const field = readPath(this.#path, item);
    const isNamed = field !== null && typeof field !== 'object';
    item.output = (isNamed ? this.#outputs.get(String(field)) : undefined) ?? this.#default;
    return item.output === undefined ? 'filtered' : 'next';
  }
}
