import { Failure, makeTransform } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import type { MapOperator } from '../definition/types.js';
import type { Item } from '../value/item.js';
import { compilePath, readPath, withField, withoutField } from '../value/path.js';
import type { Path } from '../value/path.js';
import type { Stage, StageContext, Verdict } from './stage.js';

/** Puts a changed copy in the place of the value, or another field in its row. */
export class MapStage implements Stage {
  readonly #change: (item: Item) => Failure | undefined;

  constructor(operator: MapOperator, { columns }: StageContext) {
    this.#change = makeChange(operator, compilePath(operator.field, columns));
  }

  run(item: Item): Verdict {
    return this.#change(item) ?? 'next';
  }
}

function makeChange(operator: MapOperator, path: Path): (item: Item) => Failure | undefined {
  if ('set' in operator) return (item) => put(item, withField(path, item.value, operator.set));
  if ('remove' in operator) return (item) => put(item, withoutField(path, item.value));
  if ('rename' in operator) {
    const target = compilePath(operator.rename);
    return (item) => {
      const field = readPath(path, item);
      if (field === undefined) return new Failure(`${path.text}: expected a field to rename`);
      return put(item, withField(target, withoutField(path, item.value), field));
    };
  }
  const transform = makeTransform(operator.transform);
  return (item) => {
    const field = transform(readPath(path, item));
    if (field instanceof Failure) return new Failure(`${path.text}: ${field.reason}`);
    if (item.row === undefined) return put(item, withField(path, item.value, field));
    // A field that could be transformed is there, and is neither an object nor an array then.
    item.row[path.place] = field;
    return undefined;
  };
}

function put(item: Item, changed: JsonValue | Failure): Failure | undefined {
  if (changed instanceof Failure) return changed;
  item.value = changed;
  return undefined;
}
