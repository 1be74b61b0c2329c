import { AllSourceError } from '../../domain/index.js';

const parametersMax = 64;

/** Values by name; those of parameters that may repeat are arrays. */
export type QueryValues = Record<string, string | string[]>;

const repeatable: ReadonlySet<string> = new Set(['tag', 'column', 'field']);

/**
 * Names and values of a query, decoded. Throws `invalid_query` for broken percent-encoding, a name
 * that comes twice and may not, and more than 64 parameters.
 */
export function parseQueryText(text: string): QueryValues {
  // Without a prototype, because a parameter may be called `__proto__`; `create` gives `any`.
  const parsed = Object.create(null) as QueryValues;
  if (text === '') return parsed;
  const pairs = text.split('&', parametersMax + 1);
  if (pairs.length > parametersMax) {
    throw new AllSourceError('invalid_query', `expected at most ${parametersMax} query parameters`);
  }
  for (const pair of pairs) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    if (repeatable.has(name)) {
      const values = parsed[name];
      parsed[name] = Array.isArray(values) ? [...values, value] : [value];
      continue;
    }
    if (name in parsed) {
      const reason = 'given more than once; expected once';
      throw new AllSourceError('invalid_query', `query parameter ${shown(name)}: ${reason}`, {
        details: [{ field: name.slice(0, 64), reason }],
      });
    }
    parsed[name] = value;
  }
  return parsed;
}

/** Names come from outside: quoted, and cut so that an answer stays short. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new AllSourceError(
      'invalid_query',
      `query: expected percent-encoded UTF-8, got ${shown(text)}`,
    );
  }
}
