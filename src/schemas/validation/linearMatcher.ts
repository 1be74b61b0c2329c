import { LinearPattern } from './patterns.js';
import { budget } from './stepBudget.js';

/** Of all texts that one matcher is asked about: about a tenth of a second. */
const matchingStepsMax = 20_000_000;

/**
 * Tells whether a text matches a pattern of a user, in time linear in the text; undefined where the pattern
 * is none that `LinearPattern` takes, and once its steps are spent. For one comparison of schemas.
 */
export function linearMatcher(): (pattern: string, text: string) => boolean | undefined {
  const patterns = new Map<string, LinearPattern | undefined>();
  let left = matchingStepsMax;
  return (pattern, text) => {
    if (!patterns.has(pattern)) patterns.set(pattern, compiled(pattern));
    budget.left = left;
    try {
      return patterns.get(pattern)?.test(text);
    } catch {
      return undefined;
    } finally {
      left = budget.left;
    }
  };
}

function compiled(pattern: string): LinearPattern | undefined {
  try {
    return new LinearPattern(pattern);
  } catch {
    return undefined;
  }
}
