import { AllSourceError } from '../../../domain/index.js';
import type { JsonValue } from '../../../domain/index.js';
import type { StoredStates } from '../types.js';

const lastCodePoint = 0x10ffff;
const lastBeforeSurrogates = 0xd7ff;
const firstAfterSurrogates = 0xe000;

/** Conditions of a page on the column `key`, with their values, in the order of UTF-8 bytes. */
export interface KeyRange {
  readonly conditions: readonly ('key > ' | 'key >= ' | 'key < ')[];
  readonly values: readonly string[];
}

/** Undefined where no key can be in it. */
export function keyRange(prefix: string, from: string | null): KeyRange | undefined {
  if (from?.includes('\0') === true) {
    const message = 'cursor: expected the next_cursor of the page before, got another text';
    throw new AllSourceError('invalid_query', message);
  }
  // No key has it, and PostgreSQL does not take it.
  if (prefix.includes('\0')) return undefined;
  const bounds: [KeyRange['conditions'][number], string][] = [];
  if (from !== null) bounds.push(['key > ', from]);
  if (prefix !== '') bounds.push(['key >= ', prefix]);
  const end = endOfPrefix(prefix);
  if (end !== undefined) bounds.push(['key < ', end]);
  return {
    conditions: bounds.map(([condition]) => condition),
    values: bounds.map(([, value]) => value),
  };
}

/** The page of rows, of which one more was asked for than it has. */
export function pageOf(rows: readonly StateRow[], limit: number): StoredStates {
  const states = rows.slice(0, limit).map(({ key, state }) => ({ key, state: parseState(state) }));
  const next = rows.length > limit ? (states.at(-1)?.key ?? null) : null;
  return { states, next };
}

export interface StateRow {
  readonly key: string;
  /** JSON. */
  readonly state: string;
}

/** States in the order of the keys. */
export function statesInOrder(
  keys: readonly string[],
  rows: readonly StateRow[],
): (JsonValue | undefined)[] {
  const texts = new Map(rows.map(({ key, state }) => [key, state]));
  return keys.map((key) => {
    const text = texts.get(key);
    return text === undefined ? undefined : parseState(text);
  });
}

function parseState(text: string): JsonValue {
  return JSON.parse(text) as JsonValue; // only commits write it
}

/** The least text behind all those that begin with a prefix; undefined where all are. */
function endOfPrefix(prefix: string): string | undefined {
  const characters = [...prefix];
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const codePoint = last.codePointAt(0) ?? lastCodePoint;
    if (codePoint === lastCodePoint) continue;
    const next = codePoint === lastBeforeSurrogates ? firstAfterSurrogates : codePoint + 1;
    return characters.join('') + String.fromCodePoint(next);
  }
  return undefined;
}
