import { AssertionError } from 'node:assert';
import { compare } from './compare.js';

const differencesMax = 20;

export interface Mismatch {
  /** What was given and done: the first line of the message. */
  readonly title: string;
  /** What is not as it should be. */
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
  /** Further lines. */
  readonly notes?: readonly string[];
  readonly cause?: unknown;
}

/** Throws where two values differ: each difference in a line, for runners `expected` and `actual`. */
export function mustEqual(mismatch: Mismatch): void {
  const { differences, expected } = compare(mismatch.expected, mismatch.actual);
  if (differences.length === 0) return;
  const lines = differences.slice(0, differencesMax).map((difference) => {
    const where = difference.path === '' ? '' : `${difference.path}: `;
    return `${where}expected ${difference.expected}, got ${difference.got}`;
  });
  const more = differences.length - lines.length;
  const rest = more > 0 ? [`and ${more} more`] : [];
  throw failure({
    ...mismatch,
    expected,
    notes: [...lines, ...rest, ...(mismatch.notes ?? [])],
  });
}

/** What any test runner takes for a failed assertion. */
export function failure(mismatch: Mismatch): AssertionError {
  const { title, what, expected, actual, notes = [], cause } = mismatch;
  const lines = notes.map((note) => `\n  ${note}`);
  const message = `${title}: ${what}${lines.join('')}`;
  // Node.js adds a diff of its own to the messages of its own operators.
  const error = new AssertionError({ message, expected, actual, operator: 'then' });
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** An error in a message. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name}: ${error.message}`;
}
