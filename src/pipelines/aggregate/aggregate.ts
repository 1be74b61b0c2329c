import { Failure, kindOf } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';

/**
 * What was aggregated so far. It never changes: adding makes another one, so that an item which fails
 * further on leaves nothing behind. Only `settled` may take what it holds over.
 */
export interface Aggregate {
  /** How many values were added. */
  readonly count: number;
  /** The result; null where nothing was added and there is none. */
  readonly value: JsonValue;
  add(value: JsonValue | undefined): Aggregate | Failure;
  /** With what another of the same kind holds, as if that had been added behind. */
  merge(other: Aggregate): Aggregate | Failure;
  /** Called once it is the state of a group; the one it was made from is not used any more. */
  settled?(): Aggregate;
  toJson(): JsonValue;
}

/** Characters of a text that `min` and `max` keep, and of the JSON of a value that `distinct` keeps. */
export const keptCharactersMax = 4_096;

/** The number, where it is one; minus zero is zero. */
export function numberOf(value: JsonValue | undefined): number | Failure {
  if (typeof value !== 'number') return new Failure(`expected a number, got ${kindOf(value)}`);
  // Only TypeScript's numbers may be none, those of JSON never are.
  return Number.isFinite(value) ? value + 0 : new Failure('expected a finite number');
}
