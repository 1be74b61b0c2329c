import { waitingMax } from '../limits.js';
import { tooMany } from './keyTable.js';

/** An event that waits, until its time is over or what it waits for comes. */
export interface WaitingEvent {
  readonly position: number;
  readonly time: number;
  /** The best that was found so far: its position, and how far in time; Infinity where there is none. */
  readonly found: number;
  readonly distance: number;
  /** The number of the event of its chain that came before it; -1 where there is none. */
  readonly before: number;
}

const fields = 5;
const eventsAtFirst = 1_024;

/**
 * Events that wait, in the order of time: each has a number, from 0, and may be in a chain. They lie in a
 * ring of numbers that grows, so that millions of them are no millions of objects.
 */
export class Waiting {
  #ring = new Float64Array(eventsAtFirst * fields);
  /** Numbers of the first one that is held, and of the next one. */
  #first = 0;
  #next = 0;

  /** The number of the event; throws `unprocessable` where too many wait. */
  add({ position, time, found, distance, before }: WaitingEvent): number {
    const held = this.#next - this.#first;
    if (held >= waitingMax) throw tooMany('events that wait for one behind them', waitingMax);
    if (held * fields === this.#ring.length) this.#widen();
    this.#ring.set([position, time, found, distance, before], this.#at(this.#next));
    this.#next += 1;
    return this.#next - 1;
  }

  /** Those of a chain, from its last one on; none of them waits any more. */
  *take(last: number): Generator<WaitingEvent> {
    for (let number = last; number >= this.#first;) {
      const event = this.#read(number);
      this.#ring[this.#at(number)] = NaN;
      yield event;
      number = event.before;
    }
  }

  /** Those of before a time, which nobody took. */
  *expire(time: number): Generator<WaitingEvent> {
    for (; this.#first < this.#next; this.#first += 1) {
      const event = this.#read(this.#first);
      if (event.time >= time) return;
      if (!Number.isNaN(event.position)) yield event;
    }
  }

  #read(number: number): WaitingEvent {
    const at = this.#at(number);
    const [position = NaN, time = NaN, found = NaN, distance = NaN, before = -1] =
      this.#ring.subarray(at, at + fields);
    return { position, time, found, distance, before };
  }

  #at(number: number): number {
    return (number * fields) % this.#ring.length;
  }

  #widen(): void {
    const larger = new Float64Array(this.#ring.length * 2);
    for (let number = this.#first; number < this.#next; number += 1) {
      const at = this.#at(number);
      larger.set(this.#ring.subarray(at, at + fields), (number * fields) % larger.length);
    }
    this.#ring = larger;
  }
}
