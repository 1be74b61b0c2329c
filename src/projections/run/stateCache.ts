/** Keys without changes that are kept, at most: twice as many for a moment. */
export const cacheKeysMax = 50_000;

interface Entry<S> {
  /** Undefined where the key has no state. */
  state: S | undefined;
  isChanged: boolean;
}

/**
 * States of keys in memory: all that changed since the last commit, and those that were used lately. Of
 * two generations the older one is forgotten when the newer one is full.
 */
export class StateCache<S> {
  readonly #keysMax: number;
  #young = new Map<string, Entry<S>>();
  #old = new Map<string, Entry<S>>();
  #changed = new Map<string, Entry<S>>();

  #hasForgotten = false;

  constructor(keysMax = cacheKeysMax) {
    this.#keysMax = keysMax;
  }

  get changedCount(): number {
    return this.#changed.size;
  }

  /** Whether a key that it had may be missing. */
  get hasForgotten(): boolean {
    return this.#hasForgotten;
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  /** Of a key that it has. */
  get(key: string): S | undefined {
    return this.#entryOf(key)?.state;
  }

  /** A state that was read. */
  add(key: string, state: S | undefined): void {
    this.#young.set(key, { state, isChanged: false });
  }

  /** Undefined removes the key. */
  set(key: string, state: S | undefined): void {
    let entry = this.#entryOf(key);
    if (entry === undefined) {
      entry = { state, isChanged: false };
      this.#young.set(key, entry);
    }
    entry.state = state;
    if (entry.isChanged) return;
    entry.isChanged = true;
    this.#changed.set(key, entry);
  }

  changes(): readonly { readonly key: string; readonly state: S | undefined }[] {
    return [...this.#changed].map(([key, { state }]) => ({ key, state }));
  }

  /** What changed was given away: what changes from now on is told apart from it. */
  release(): void {
    for (const entry of this.#changed.values()) entry.isChanged = false;
    this.#changed = new Map();
  }

  /** What was released is durable now: of what was not used lately some may be forgotten. */
  forgetOld(): void {
    if (this.#young.size < this.#keysMax) return;
    this.#hasForgotten ||= this.#old.size > 0;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** Forgets everything, what changed too. */
  clear(): void {
    this.#hasForgotten = true;
    this.#young = new Map();
    this.#old = new Map();
    this.#changed = new Map();
  }

  #entryOf(key: string): Entry<S> | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#young.set(key, old);
    return old;
  }
}
