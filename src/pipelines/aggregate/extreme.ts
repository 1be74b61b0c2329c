import { Failure, kindOf } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import { keptCharactersMax, numberOf } from './aggregate.js';
import type { Aggregate } from './aggregate.js';

/** The least or greatest of numbers, or of texts by their UTF-16 code units. */
export class Extreme implements Aggregate {
  readonly count: number;
  readonly value: number | string | null;
  readonly #side: 'min' | 'max';

  constructor(side: 'min' | 'max', count = 0, value: number | string | null = null) {
    this.#side = side;
    this.count = count;
    this.value = value;
  }

  static fromJson(side: 'min' | 'max', json: JsonValue): Extreme {
    // toJson wrote it.
    const [count, value] = json as readonly [number, number | string | null];
    return new Extreme(side, count, value);
  }

  add(value: JsonValue | undefined): Extreme | Failure {
    const checked = typeof value === 'string' ? keptText(value) : numberOf(value);
    return checked instanceof Failure ? checked : this.#with(checked, 1);
  }

  merge(other: Aggregate): Extreme | Failure {
    // All panes of a window have the same function, and a pane begins with a value.
    return this.#with((other as Extreme).value, other.count);
  }

  toJson(): JsonValue {
    return [this.count, this.value];
  }

  #with(value: number | string | null, count: number): Extreme | Failure {
    const known = this.value;
    if (known === null) return new Extreme(this.#side, count, value);
    if (value === null) return this;
    if (typeof known !== typeof value) {
      return new Failure(`expected ${kindOf(known)} as before, got ${kindOf(value)}`);
    }
    const isNew = this.#side === 'min' ? value < known : value > known;
    return new Extreme(this.#side, this.count + count, isNew ? value : known);
  }
}

function keptText(text: string): string | Failure {
  if (text.length <= keptCharactersMax) return text;
  return new Failure(`expected text of at most ${keptCharactersMax} characters`);
}
