/** Sum, mean and spread of numbers, taken one by one without loss where they are many or large. */
export class Moments {
  count = 0;
  min = Infinity;
  max = -Infinity;
  #mean = 0;
  /** Of squares of the distances to the mean (Welford). */
  #squares = 0;
  #sum = 0;
  /** What the additions have cut off (Neumaier). */
  #lost = 0;

  add(value: number): void {
    this.count += 1;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const distance = value - this.#mean;
    this.#mean += distance / this.count;
    this.#squares += distance * (value - this.#mean);
    const sum = this.#sum + value;
    this.#lost +=
      Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - sum + value : value - sum + this.#sum;
    this.#sum = sum;
  }

  get sum(): number {
    return this.#sum + this.#lost;
  }

  /** NaN where there are no numbers. */
  get mean(): number {
    return this.count === 0 ? NaN : this.#mean;
  }

  /** Of a sample; NaN where there are less than two. */
  get stddev(): number {
    return this.count < 2 ? NaN : Math.sqrt(this.#squares / (this.count - 1));
  }
}
