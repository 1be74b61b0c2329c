import type { Pane } from './pane.js';

/** Places of panes that are gone, before the queue is made anew without them. */
const gonePlacesMax = 1_024;

/**
 * Open panes by their end: a binary heap. A pane that ends later than it did, or is gone, is found to be
 * so only when its turn comes.
 */
export class PaneQueue {
  #heap: Pane[] = [];
  #gone = 0;

  add(pane: Pane): void {
    pane.queuedEnd = pane.end;
    let at = this.#heap.push(pane) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#endAt(parent) <= pane.queuedEnd) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  remove(pane: Pane): void {
    pane.isGone = true;
    this.#gone += 1;
    if (this.#gone < gonePlacesMax + this.#heap.length / 2) return;
    const open = this.#heap.filter(({ isGone }) => !isGone);
    this.#heap = [];
    this.#gone = 0;
    for (const other of open) this.add(other);
  }

  /** Takes out all panes that end up to a time, in no order. */
  takeUpTo(time: number): Pane[] {
    const taken: Pane[] = [];
    while (this.#endAt(0) <= time) {
      const pane = this.#takeFirst();
      if (pane === undefined) break;
      if (pane.isGone) this.#gone -= 1;
      else if (pane.end > pane.queuedEnd) this.add(pane);
      else taken.push(pane);
    }
    return taken;
  }

  #takeFirst(): Pane | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (last === undefined || last === first) return first;
    this.#heap[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const least = this.#endAt(left + 1) < this.#endAt(left) ? left + 1 : left;
      if (this.#endAt(least) >= this.#endAt(at)) return first;
      this.#swap(at, least);
      at = least;
    }
  }

  #endAt(place: number): number {
    return this.#heap[place]?.queuedEnd ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}
