import type { Changes } from '../state/changes.js';
import { byEnd, paneKey } from './pane.js';
import type { Pane } from './pane.js';
import { PaneQueue } from './paneQueue.js';

/** The panes of a window that have not closed. */
export class OpenPanes {
  readonly #changes: Changes;
  readonly #byKey = new Map<string, Pane>();
  readonly #byGroup = new Map<string, Set<Pane>>();
  readonly #queue = new PaneQueue();

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  get size(): number {
    return this.#byKey.size;
  }

  find(start: number, group: string): Pane | undefined {
    return this.#byKey.get(paneKey(start, group));
  }

  ofGroup(group: string): Iterable<Pane> {
    return this.#byGroup.get(group) ?? [];
  }

  /** How many are still open at a time. */
  countBehind(time: number): number {
    let count = 0;
    for (const { end } of this.#byKey.values()) count += end > time ? 1 : 0;
    return count;
  }

  add(pane: Pane): void {
    this.restore(pane);
    this.#changes.mark(pane);
  }

  /** Takes a pane that is in the state of the caller already. */
  restore(pane: Pane): void {
    this.#byKey.set(paneKey(pane.start, pane.group), pane);
    const others = this.#byGroup.get(pane.group);
    if (others === undefined) this.#byGroup.set(pane.group, new Set([pane]));
    else others.add(pane);
    this.#queue.add(pane);
  }

  changed(pane: Pane): void {
    this.#changes.mark(pane);
  }

  /** Forgets a pane that has become a part of another. */
  remove(pane: Pane): void {
    this.#queue.remove(pane);
    this.#forget(pane);
  }

  /** Closes and forgets all that end up to a time, and answers them in order. */
  close(time: number): Pane[] {
    const closed = this.#queue.takeUpTo(time).sort(byEnd);
    for (const pane of closed) this.#forget(pane);
    return closed;
  }

  #forget(pane: Pane): void {
    this.#byKey.delete(paneKey(pane.start, pane.group));
    const others = this.#byGroup.get(pane.group);
    others?.delete(pane);
    if (others?.size === 0) this.#byGroup.delete(pane.group);
    this.#changes.remove(pane);
  }
}
