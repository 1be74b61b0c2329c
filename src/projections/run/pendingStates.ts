import type { AllSourceError, StoredEvent } from '../../domain/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import type { KeptStates, ProjectionStorage, StateChange, StateSpace } from '../storage/types.js';
import type { Projection } from '../types.js';
import { FoldedStates } from './foldedStates.js';
import { eventIdAt } from './openedSpace.js';

/** Keys of one commit: at first, and at most. */
const commitKeysFirst = 256;
const commitKeysMax = 16_384;
/** Bytes of states that a commit is meant to have. */
const commitBytes = 16 * 1024 * 1024;

export interface PendingOptions<S> {
  readonly log: SystemAccess;
  readonly projection: Projection<S>;
  readonly storage: ProjectionStorage;
  readonly space: StateSpace;
}

/** The states of a projection: what storage has, and what has changed since. */
export class PendingStates<S> {
  readonly #log: SystemAccess;
  readonly #storage: ProjectionStorage;
  readonly #space: StateSpace;
  readonly #folded: FoldedStates<S>;
  #committed: number;
  #parkedCount: number;
  #parked: { readonly position: number; readonly reason: string }[] = [];
  #keysMax = commitKeysFirst;
  #changedAt = Infinity;

  constructor({ log, projection, storage, space }: PendingOptions<S>, kept: KeptStates) {
    this.#log = log;
    this.#storage = storage;
    this.#space = space;
    this.#folded = new FoldedStates(projection, { isEmpty: kept.position === 0 });
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
    return this.#folded.changedCount;
  }
  /** When the oldest change was made. */
  get changedAt(): number {
    return this.#changedAt;
  }
  /** Keys that one commit is meant to have, at most. */
  get keysMax(): number {
    return this.#keysMax;
  }
  get isFull(): boolean {
    return this.#folded.changedCount >= this.#keysMax;
  }

  /** Reads the states that events need; those of a suspect event, and of bad keys, are left alone. */
  async load(events: readonly StoredEvent[], suspect: number): Promise<void> {
    const keys = this.#folded.missing(events, suspect);
    if (keys.length === 0) return;
    this.#folded.add(keys, await this.#storage.load(this.#space, keys));
  }

  /** Of an event whose state was loaded; throws EventFailure. */
  apply(event: StoredEvent): void {
    const isFirst = this.changedCount === 0;
    this.#folded.apply(event);
    if (isFirst) this.#changedAt = performance.now();
  }

  park(position: number, reason: string): void {
    this.#parked.push({ position, reason });
  }

  /** A copy, which nobody else changes. */
  async read(key: string): Promise<S | undefined> {
    if (this.#folded.has(key)) return structuredClone(this.#folded.get(key));
    const [state] = await this.#storage.load(this.#space, [key]);
    return state as S | undefined;
  }

  async commit(position: number): Promise<void> {
    await this.#write(this.#folded.changes(), position);
    this.#folded.release();
    this.#folded.forgetOld();
  }

  /** Commits what was folded elsewhere; what is folded here must be written, and is forgotten. */
  async commitOthers(changes: readonly StateChange[], position: number): Promise<void> {
    this.#folded.clear();
    await this.#write(changes, position);
  }

  async #write(changes: readonly StateChange[], position: number): Promise<void> {
    const isIdKept = this.#storage.keepsEventId?.(this.#space) ?? true;
    const eventId = isIdKept ? await eventIdAt(this.#log, position) : null;
    const commit = { changes, after: this.#committed, position, eventId, parked: this.#parked };
    await this.#storage.commit(this.#space, commit);
    this.#committed = position;
    this.#parkedCount += this.#parked.length;
    this.#parked = [];
    const bytes = changes.reduce((sum, { text }) => sum + (text?.length ?? 0), 0);
    if (changes.length === 0) return;
    const fitting = Math.floor(commitBytes / Math.max(bytes / changes.length, 1));
    this.#keysMax = Math.min(Math.max(fitting, 1), commitKeysMax);
  }

  /** Forgets what is not durable. */
  rollBack(): void {
    this.#folded.clear();
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
}
