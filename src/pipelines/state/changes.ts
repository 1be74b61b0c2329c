import type { JsonValue } from '../../domain/index.js';

/** One entry of the state, as the caller of a machine keeps it. */
export type StateEntry = readonly [key: string, value: JsonValue];

/** What became of an entry; undefined where it is to be removed. */
export interface StateChange {
  readonly key: string;
  readonly value: JsonValue | undefined;
}

/** A part of the state that knows how it is kept. */
export interface Kept {
  readonly stateKey: string;
  toJson(): JsonValue;
}

/** Which entries changed since the caller took them last. They are written only when they are taken. */
export class Changes {
  /** Keys that the caller has. */
  readonly #taken: Set<string>;
  #changed = new Map<string, Kept | undefined>();

  constructor(restored: Iterable<string>) {
    this.#taken = new Set(restored);
  }

  mark(part: Kept): void {
    this.#changed.set(part.stateKey, part);
  }

  remove(part: Kept): void {
    if (this.#taken.has(part.stateKey)) this.#changed.set(part.stateKey, undefined);
    else this.#changed.delete(part.stateKey);
  }

  take(): StateChange[] {
    const changes = [...this.#changed].map(([key, part]) => ({ key, value: part?.toJson() }));
    for (const { key, value } of changes) {
      if (value === undefined) this.#taken.delete(key);
      else this.#taken.add(key);
    }
    this.#changed = new Map();
    return changes;
  }
}
