import { isEqual } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import type { FilterOperator } from '../definition/types.js';
import type { Item } from '../value/item.js';
import { compilePath, readPath } from '../value/path.js';
import type { Stage, StageContext, Verdict } from './stage.js';

type Test = (field: JsonValue) => boolean;

/** Lets an item pass or not. A missing field passes nothing but `exists: false`. */
export class FilterStage implements Stage {
  readonly #path;
  readonly #test: Test;
  readonly #passesMissing: boolean;

  constructor({ field, op, value }: FilterOperator, { columns }: StageContext) {
    this.#path = compilePath(field, columns);
    this.#test = makeTest(op, value);
    this.#passesMissing = op === 'exists' && value === false;
  }

  run(item: Item): Verdict {
    const field = readPath(this.#path, item);
    const passes = field === undefined ? this.#passesMissing : this.#test(field);
    return passes ? 'next' : 'filtered';
  }
}

function makeTest(op: FilterOperator['op'], value: JsonValue): Test {
  switch (op) {
    case 'eq':
      return (field) => isEqual(field, value);
    case 'ne':
      return (field) => !isEqual(field, value);
    case 'gt':
      return ordered(value, (order) => order > 0);
    case 'gte':
      return ordered(value, (order) => order >= 0);
    case 'lt':
      return ordered(value, (order) => order < 0);
    case 'lte':
      return ordered(value, (order) => order <= 0);
    case 'contains':
      return (field) => contains(field, value);
    case 'in':
      return (field) => isMember(value, field);
    case 'exists':
      return () => value === true;
  }
}

/** Numbers are compared with numbers and texts with texts, by their code units; others don't pass. */
function ordered(value: JsonValue, passes: (order: number) => boolean): Test {
  if (typeof value === 'number') {
    return (field) => typeof field === 'number' && passes(field - value);
  }
  if (typeof value !== 'string') return () => false;
  return (field) => {
    if (typeof field !== 'string') return false;
    if (field === value) return passes(0);
    return passes(field < value ? -1 : 1);
  };
}

function contains(field: JsonValue, value: JsonValue): boolean {
  if (typeof field === 'string') return typeof value === 'string' && field.includes(value);
  return isMember(field, value);
}

function isMember(list: JsonValue, value: JsonValue): boolean {
  // The narrowing of a readonly array by isArray is any[].
  const members: readonly JsonValue[] = Array.isArray(list) ? (list as readonly JsonValue[]) : [];
  return members.some((member) => isEqual(member, value));
}
