import { AllSourceError, entityIdBytesMax, eventBytesMax, jsonFault } from '../../domain/index.js';
import type { StoredEvent } from '../../domain/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import type { KeptStates, ProjectionStorage, StateSpace } from '../storage/types.js';
import type { Projection } from '../types.js';
import { EventFailure } from './eventFailure.js';
import { eventIdAt } from './openedSpace.js';
import { StateCache } from './stateCache.js';

/** Keys of one commit: at first, and at most. */
const commitKeysFirst = 256;
const commitKeysMax = 16_384;
/** Bytes of states that a commit is meant to have. */
const commitBytes = 16 * 1024 * 1024;
/** States that are checked to be JSON after a start; all would cost too much. */
const checkedStates = 1000;
/** White space around it, a control character, half of a surrogate pair. */
const badKey = /^\s|\s$|\p{Cc}|\p{Cs}/u;

export interface PendingOptions<S> {
  readonly log: SystemAccess;
  readonly projection: Projection<S>;
  readonly storage: ProjectionStorage;
  readonly space: StateSpace;
}

/** The states of a projection: what storage has, and what has changed since. */
export class PendingStates<S> {
  readonly #log: SystemAccess;
  readonly #projection: Projection<S>;
  readonly #storage: ProjectionStorage;
  readonly #space: StateSpace;
  readonly #cache = new StateCache<S>();
  #committed: number;
  #parkedCount: number;
  #parked: { readonly position: number; readonly reason: string }[] = [];
  #keysMax = commitKeysFirst;
  #checksLeft = checkedStates;
  #changedAt = Infinity;

  constructor({ log, projection, storage, space }: PendingOptions<S>, kept: KeptStates) {
    this.#log = log;
    this.#projection = projection;
    this.#storage = storage;
    this.#space = space;
    this.#committed = kept.position;
    this.#parkedCount = kept.parked;
  }

  get committedPosition(): number {
    return this.#committed;
  }
  get parkedCount(): number {
    return this.#parkedCount;
  }
  get changedCount(): number {
    return this.#cache.changedCount;
  }
  /** When the oldest change was made. */
  get changedAt(): number {
    return this.#changedAt;
  }
  get isFull(): boolean {
    return this.#cache.changedCount >= this.#keysMax;
  }

  /** Reads the states that events need; those of a suspect event, and of bad keys, are left alone. */
  async load(events: readonly StoredEvent[], suspect: number): Promise<void> {
    const missing = new Set<string>();
    for (const event of events) {
      if (event.position === suspect) continue;
      const key = this.#tryKeyOf(event);
      if (key !== null && !this.#cache.has(key) && isKey(key)) missing.add(key);
    }
    if (missing.size === 0) return;
    const keys = [...missing];
    const states = await this.#storage.load(this.#space, keys);
    // What storage has was written as states of this projection.
    for (const [i, key] of keys.entries()) this.#cache.add(key, states[i] as S | undefined);
  }

  /** Of an event whose state was loaded; throws EventFailure. */
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
      if (this.changedCount === 0) this.#changedAt = performance.now();
      this.#cache.set(key, state ?? undefined);
    } catch (error) {
      throw EventFailure.of(event, error);
    }
  }

  park(position: number, reason: string): void {
    this.#parked.push({ position, reason });
  }

  /** A copy, which nobody else changes. */
  async read(key: string): Promise<S | undefined> {
    if (this.#cache.has(key)) return structuredClone(this.#cache.get(key));
    const [state] = await this.#storage.load(this.#space, [key]);
    return state as S | undefined;
  }

  async commit(position: number): Promise<void> {
    const changes = this.#cache.changes().map(({ key, state }) => {
      return { key, text: state === undefined ? undefined : this.#textOf(key, state) };
    });
    const isIdKept = this.#storage.keepsEventId?.(this.#space) ?? true;
    const eventId = isIdKept ? await eventIdAt(this.#log, position) : null;
    const commit = { changes, after: this.#committed, position, eventId, parked: this.#parked };
    await this.#storage.commit(this.#space, commit);
    this.#committed = position;
    this.#parkedCount += this.#parked.length;
    this.#parked = [];
    this.#cache.committed();
    const bytes = changes.reduce((sum, { text }) => sum + (text?.length ?? 0), 0);
    if (changes.length === 0) return;
    const fitting = Math.floor(commitBytes / Math.max(bytes / changes.length, 1));
    this.#keysMax = Math.min(Math.max(fitting, 1), commitKeysMax);
  }

  /** Forgets what is not durable. */
  rollBack(): void {
    this.#cache.clear();
    this.#parked = [];
  }

  /** Goes on from what storage has. */
  reopen(kept: KeptStates): void {
    this.rollBack();
    this.#committed = kept.position;
    this.#parkedCount = kept.parked;
  }

  /** True where a commit was too large and the next one will have fewer keys. */
  makeSmaller(error: AllSourceError): boolean {
    if (error.code !== 'payload_too_large' || this.#keysMax === 1) return false;
    this.#keysMax = Math.max(Math.floor(this.#keysMax / 8), 1);
    return true;
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
