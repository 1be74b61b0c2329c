import { AllSourceError } from '../domain/index.js';
import type { Reducer } from '../domain/index.js';

/** The reducers of a store, by the beginnings of entity ids. */
export class Reducers {
  /** Longest prefix first. */
  readonly #byPrefix: readonly Reducer[];

  /** Throws `invalid_configuration` where two are for the same entities, or have the same type. */
  constructor(reducers: readonly Reducer[]) {
    if (!isArray(reducers)) {
      throw new AllSourceError('invalid_configuration', 'reducers: expected an array');
    }
    for (const key of ['entityType', 'entityIdPrefix'] as const) {
      const names = reducers.map((reducer) => reducer[key]);
      const twice = names.find((name, i) => names.indexOf(name) !== i);
      if (twice === undefined) continue;
      throw new AllSourceError(
        'invalid_configuration',
        `reducers: two have the ${key} ${JSON.stringify(twice)}; give each its own`,
      );
    }
    this.#byPrefix = [...reducers].sort(
      (a, b) => b.entityIdPrefix.length - a.entityIdPrefix.length,
    );
  }

  of(entityId: string): Reducer | undefined {
    return this.#byPrefix.find(({ entityIdPrefix }) => entityId.startsWith(entityIdPrefix));
  }
}

/** Callers without types give what they like; `Array.isArray` would take the type of the items away. */
function isArray(value: unknown): boolean {
  return Array.isArray(value);
}
