import { compare } from './compare.js';
import type { Matcher, PartMatcher } from './compare.js';

/**
 * Stands for any object that has at least these members, and so for the objects in it; arrays have as
 * many items as here.
 *
 * @example
 * .thenEvents({ eventType: 'order.placed', payload: like({ total: 42 }) });
 */
export function like<T>(part: unknown): T {
  const matcher: PartMatcher = {
    part,
    asymmetricMatch: (actual) => compare(part, actual, { isPart: true }).differences.length === 0,
    toString: () => `like(${JSON.stringify(part)})`,
  };
  // It stands where a T is expected, and is compared as a matcher.
  return matcher as T;
}

/** Stands for any value that there is; with a test, for any that it is true of. */
export function anything<T>(test: (actual: T) => boolean = () => true): T {
  const matcher: Matcher = {
    // What it is called with is what came in the place of a T.
    asymmetricMatch: (actual) => actual !== undefined && test(actual as T),
    toString: () => 'anything()',
  };
  return matcher as T;
}
