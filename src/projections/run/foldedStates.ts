import { AllSourceError, entityIdBytesMax, eventBytesMax, jsonFault } from '../../domain/index.js';
import type { JsonValue, StoredEvent } from '../../domain/index.js';
import type { StateChange } from '../storage/types.js';
import type { Projection } from '../types.js';
import { EventFailure } from './eventFailure.js';
import { StateCache } from './stateCache.js';

/** States that are checked to be JSON after a start; all would cost too much. */
const checkedStates = 1000;
/** White space around it, a control character, half of a surrogate pair. */
const badKey = /^\s|\s$|\p{Cc}|\p{Cs}/u;

export interface FoldOptions {
  /** Keys without changes that are kept, at most. */
  readonly keysMax?: number | undefined;
  /** True where storage has no states yet: until something is forgotten, nothing need be read. */
  readonly isEmpty: boolean;
}

/** States of a projection in memory, and what events do to them. */
export class FoldedStates<S> {
  readonly #projection: Projection<S>;
  readonly #cache: StateCache<S>;
  readonly #isEmpty: boolean;
  #checksLeft = checkedStates;

  constructor(projection: Projection<S>, { keysMax, isEmpty }: FoldOptions) {
    this.#projection = projection;
    this.#cache = new StateCache(keysMax);
    this.#isEmpty = isEmpty;
  }

  get changedCount(): number {
    return this.#cache.changedCount;
  }

  /** Keys that events need and whose states must be added first; of a suspect event none. */
  missing(events: readonly StoredEvent[], suspect: number): readonly string[] {
    const missing = new Set<string>();
    for (const event of events) {
      if (event.position === suspect) continue;
      const key = this.#tryKeyOf(event);
      if (key !== null && !this.#cache.has(key) && isKey(key)) missing.add(key);
    }
    const keys = [...missing];
    if (!this.#isEmpty || this.#cache.hasForgotten) return keys;
    for (const key of keys) this.#cache.add(key, undefined);
    return [];
  }

  /** States as storage has them. */
  add(keys: readonly string[], states: readonly (JsonValue | undefined)[]): void {
    // They were written as states of this projection.
    for (const [i, key] of keys.entries()) this.#cache.add(key, states[i] as S | undefined);
  }

  /** Of an event whose state was added; throws EventFailure. */
  apply(event: StoredEvent): void {
    const key = this.#keyOf(event);
    if (key === null) return;
    if (!this.#cache.has(key)) {
      if (!isKey(key)) throw EventFailure.of(event, badKeyReason(key));
      // What storage has of it would be written over.
      throw new Error(`the state of ${JSON.stringify(key)} is not loaded`);
    }
    try {
      const before = this.#cache.get(key) ?? this.#projection.init(key);
      const state = this.#projection.apply(before, event);
      this.#cache.set(key, state ?? undefined);
    } catch (error) {
      throw EventFailure.of(event, error);
    }
  }

  has(key: string): boolean {
    return this.#cache.has(key);
  }

  /** Of a key that it has. */
  get(key: string): S | undefined {
    return this.#cache.get(key);
  }

  /** What changed since it was released last; throws `unprocessable` for what can't be kept. */
  changes(): readonly StateChange[] {
    return this.#cache.changes().map(({ key, state }) => {
      return { key, text: state === undefined ? undefined : this.#textOf(key, state) };
    });
  }

  /** What changed was given away. */
  release(): void {
    this.#cache.release();
  }

  /** What was released is durable now. */
  forgetOld(): void {
    this.#cache.forgetOld();
  }

  /** Forgets everything, what changed too. */
  clear(): void {
    this.#cache.clear();
  }

  /** Null where it has none: `apply` tells why, when all events before were applied. */
  #tryKeyOf(event: StoredEvent): string | null {
    try {
      return this.#projection.keyOf(event);
    } catch {
      return null;
    }
  }

  #keyOf(event: StoredEvent): string | null {
    try {
      return this.#projection.keyOf(event);
    } catch (error) {
      throw EventFailure.of(event, error);
    }
  }

  #textOf(key: string, state: S): string {
    const where = `projection ${this.#projection.name}: the state of ${JSON.stringify(key)}`;
    if (this.#checksLeft > 0) {
      this.#checksLeft -= 1;
      if (jsonFault(state) !== undefined) {
        const message = `${where} has values that JSON can't keep; use JSON values only`;
        throw new AllSourceError('unprocessable', message);
      }
    }
    const text = JSON.stringify(state);
    if (text.length <= eventBytesMax) return text;
    const message = `${where} has ${text.length} bytes, more than ${eventBytesMax}; split it by key`;
    throw new AllSourceError('unprocessable', message);
  }
}

function badKeyReason(key: unknown): string {
  const expected = `expected a text of 1-${entityIdBytesMax} bytes without white space around it`;
  return `key: ${expected}, got ${JSON.stringify(key) ?? 'undefined'}`;
}

function isKey(key: unknown): key is string {
  if (typeof key !== 'string' || key === '' || badKey.test(key)) return false;
  return new TextEncoder().encode(key).length <= entityIdBytesMax;
}
