import { canonicalText, Failure, kindOf } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import { keptCharactersMax } from './aggregate.js';
import type { Aggregate } from './aggregate.js';
import { HyperLogLog } from './hyperLogLog.js';

/** Different values that are counted exactly; beyond, with the standard error of HyperLogLog. */
const exactMax = 1_024;

/** Different values of JSON: of canonical texts as they are, while they are few. */
export class Distinct implements Aggregate {
  readonly count: number;
  readonly #texts: Set<string> | HyperLogLog;
  /** A text that is not yet in the set. */
  readonly #added: string | undefined;

  constructor(count = 0, texts: Set<string> | HyperLogLog = new Set(), added?: string) {
    this.count = count;
    this.#texts = texts;
    this.#added = added;
  }

  static fromJson(json: JsonValue): Distinct {
    // toJson wrote it.
    const [count, texts] = json as readonly [number, readonly string[] | string];
    const isExact = typeof texts !== 'string';
    return new Distinct(count, isExact ? new Set(texts) : HyperLogLog.fromText(texts));
  }

  get value(): number {
    if (this.#texts instanceof HyperLogLog) return this.#texts.estimate;
    return this.#texts.size + (this.#added === undefined ? 0 : 1);
  }

  add(value: JsonValue | undefined): Distinct | Failure {
    if (value === undefined) return new Failure(`expected a value, got ${kindOf(value)}`);
    const text = canonicalText(value);
    if (text === undefined || text.length > keptCharactersMax) {
      return new Failure(`expected a value of at most ${keptCharactersMax} characters as JSON`);
    }
    const count = this.count + 1;
    const texts = this.#texts;
    if (texts instanceof HyperLogLog) return new Distinct(count, texts.with(text));
    if (texts.has(text)) return new Distinct(count, texts);
    const isFull = texts.size >= exactMax;
    return isFull
      ? new Distinct(count, HyperLogLog.of([...texts, text]))
      : new Distinct(count, texts, text);
  }

  merge(other: Aggregate): Distinct {
    // All panes of a window have the same function.
    const [a, b] = [this.#texts, (other as Distinct).#texts];
    const count = this.count + other.count;
    if (a instanceof HyperLogLog || b instanceof HyperLogLog) {
      return new Distinct(count, sketchOf(a).merge(sketchOf(b)));
    }
    const texts = new Set([...a, ...b]);
    return new Distinct(count, texts.size > exactMax ? HyperLogLog.of(texts) : texts);
  }

  settled(): Distinct {
    if (this.#added === undefined || this.#texts instanceof HyperLogLog) return this;
    this.#texts.add(this.#added);
    return new Distinct(this.count, this.#texts);
  }

  toJson(): JsonValue {
    const texts = this.#texts;
    return [this.count, texts instanceof HyperLogLog ? texts.toText() : [...texts]];
  }
}

function sketchOf(texts: Set<string> | HyperLogLog): HyperLogLog {
  return texts instanceof HyperLogLog ? texts : HyperLogLog.of(texts);
}
