const valuesAtFirst = 1_024;

/** Numbers that grow in number: a flat array twice as long each time it is full. */
export class NumberList {
  #values = new Float64Array(valuesAtFirst);
  /** What has not been set. */
  readonly #initial: number;
  length = 0;

  constructor(initial = 0) {
    this.#initial = initial;
    this.#values.fill(initial);
  }

  get(index: number): number {
    return this.#values[index] ?? this.#initial;
  }

  set(index: number, value: number): void {
    if (index >= this.#values.length) this.#widen(index + 1);
    if (index >= this.length) this.length = index + 1;
    this.#values[index] = value;
  }

  add(index: number, value: number): void {
    this.set(index, this.get(index) + value);
  }

  push(value: number): void {
    this.set(this.length, value);
  }

  /** Its numbers, in its own memory. */
  view(): Float64Array {
    return this.#values.subarray(0, this.length);
  }

  truncate(length: number): void {
    this.#values.fill(this.#initial, length, this.length);
    this.length = Math.min(this.length, length);
  }

  #widen(needed: number): void {
    const larger = new Float64Array(Math.max(this.#values.length * 2, needed));
    larger.set(this.#values);
    larger.fill(this.#initial, this.#values.length);
    this.#values = larger;
  }
}
