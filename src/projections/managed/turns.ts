/** What changes the same thing takes its turn: one after the other, each has all that the one before did. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does some work when all work before has ended, well or not. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
