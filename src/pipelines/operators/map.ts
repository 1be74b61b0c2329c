import { Failure, makeTransform } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import type { MapOperator } from '../definition/types.js';
import type { Item } from '../value/item.js';
import { compilePath, readPath, withField, withoutField } from '../value/path.js';
import type { Path } from '../value/path.js';
import type { Stage, Verdict } from './stage.js';

/** Puts a changed copy in the place of the value. */
export class MapStage implements Stage {
  readonly #change: (item: Item) => JsonValue | Failure;

  constructor(operator: MapOperator) {
    this.#change = makeChange(operator, compilePath(operator.field));
  }

  run(item: Item): Verdict {
    const changed = this.#change(item);
    if (changed instanceof Failure) return changed;
    item.value = changed;
    return 'next';
  }
}

function makeChange(operator: MapOperator, path: Path): (item: Item) => JsonValue | Failure {
  if ('set' in operator) return (item) => withField(path, item.value, operator.set);
  if ('remove' in operator) return (item) => withoutField(path, item.value);
  if ('rename' in operator) {
    const target = compilePath(operator.rename);
    return (item) => {
      const field = readPath(path, item);
      if (field === undefined) return new Failure(`${path.text}: expected a field to rename`);
      return withField(target, withoutField(path, item.value), field);
    };
  }
  const transform = makeTransform(operator.transform);
  return (item) => {
    const field = transform(readPath(path, item));
    if (field instanceof Failure) return new Failure(`${path.text}: ${field.reason}`);
    return withField(path, item.value, field);
  };
}
