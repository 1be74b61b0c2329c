import { AllSourceError } from '../domain/index.js';
import type { Reducer } from '../domain/index.js';

/** JSON text of a state; `unprocessable` where it is no JSON value, or not all of it. */
export function stateText(reducer: Reducer, state: unknown): Buffer {
  const text = JSON.stringify(state, function (this: unknown, key: string, value: unknown) {
    // What JSON makes of it, such as the text of a date, would not be what the reducer made.
    const held = (this as Readonly<Record<string, unknown>>)[key];
    if (isJson(held) && !(held === undefined && Array.isArray(this))) return value;
    const { entityType, version } = reducer;
    throw new AllSourceError(
      'unprocessable',
      `reducer ${entityType} version ${version}: the state has ${nameOf(held)} at ` +
        `${JSON.stringify(key)}, which JSON can't keep; use JSON values only`,
    );
  }) as string | undefined;
  if (text !== undefined) return Buffer.from(text);
  throw new AllSourceError('unprocessable', "a state was undefined, which JSON can't keep");
}

/** A member that is undefined is left out, which gives the same state. */
function isJson(value: unknown): boolean {
  switch (typeof value) {
    case 'object': {
      if (value === null || Array.isArray(value)) return true;
      const prototype: unknown = Object.getPrototypeOf(value);
      return prototype === Object.prototype || prototype === null;
    }
    case 'number':
      return Number.isFinite(value);
    case 'string':
    case 'boolean':
    case 'undefined':
      return true;
    default:
      return false;
  }
}

function nameOf(value: unknown): string {
  if (typeof value === 'object') return `a ${value?.constructor?.name ?? 'object'}`;
  return typeof value === 'number' ? String(value) : `a ${typeof value}`;
}
