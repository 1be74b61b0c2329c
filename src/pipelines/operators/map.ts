import type { JsonValue } from '../../domain/index.js';
import { parseTransform } from '../definition/transform.js';
import type { Transform } from '../definition/transform.js';
import type { MapOperator } from '../definition/types.js';
import { Failure, kindOf } from '../value/failure.js';
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
  const transform = makeTransform(parseTransform(operator.transform));
  return (item) => {
    const field = transform(readPath(path, item));
    if (field instanceof Failure) return new Failure(`${path.text}: ${field.reason}`);
    return withField(path, item.value, field);
  };
}

type Transformed = (field: JsonValue | undefined) => JsonValue | Failure;

function makeTransform(transform: Transform | { readonly problem: string }): Transformed {
  // The definition was checked, so that this does not happen.
  if ('problem' in transform) return () => new Failure(transform.problem);
  switch (transform.type) {
    case 'uppercase':
      return ofText((text) => text.toUpperCase());
    case 'lowercase':
      return ofText((text) => text.toLowerCase());
    case 'trim':
      return ofText((text) => text.trim());
    case 'multiply':
      return ofNumber((number) => number * transform.by);
    case 'add':
      return ofNumber((number) => number + transform.by);
    case 'subtract':
      return ofNumber((number) => number - transform.by);
    case 'divide':
      return ofNumber((number) => number / transform.by);
    case 'round':
      return ofNumber((number) => rounded(number, transform.digits));
  }
}

function ofText(change: (text: string) => string): Transformed {
  return (field) =>
    typeof field === 'string' ? change(field) : new Failure(`expected text, got ${kindOf(field)}`);
}

function ofNumber(change: (number: number) => number): Transformed {
  return (field) => {
    if (typeof field !== 'number') return new Failure(`expected a number, got ${kindOf(field)}`);
    const changed = change(field);
    if (!Number.isFinite(changed)) return new Failure('expected a result in the range of a double');
    // JSON does not keep minus zero.
    return changed + 0;
  };
}

/** Of the number as it is written: 1.005 is 1.01, though its double is a little less. Halves go from 0. */
function rounded(number: number, digits: number): number {
  const [mantissa = '', exponent = '0'] = String(Math.abs(number)).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const dropped = fraction.length - Number(exponent) - digits;
  if (dropped <= 0) return number;
  const written = whole + fraction;
  const isUp = (written.at(-dropped) ?? '0') >= '5';
  // Up to 17 digits, which a double need not hold.
  const units = BigInt(written.slice(0, -dropped)) + (isUp ? 1n : 0n);
  return Math.sign(number) * Number(`${units}e-${digits}`);
}
