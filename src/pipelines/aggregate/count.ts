import type { JsonValue } from '../../domain/index.js';
import type { Aggregate } from './aggregate.js';

/** Items that have the field. */
export class Count implements Aggregate {
  readonly count: number;

  constructor(count = 0) {
    this.count = count;
  }

  static fromJson(json: JsonValue): Count {
    // toJson wrote it.
    return new Count(json as number);
  }

  get value(): number {
    return this.count;
  }

  add(value: JsonValue | undefined): Count {
    return value === undefined ? this : new Count(this.count + 1);
  }

  merge(other: Aggregate): Count {
    return new Count(this.count + other.count);
  }

  toJson(): number {
    return this.count;
  }
}
