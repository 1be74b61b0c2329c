import { jsonDepthMax } from '../limits.js';

/** A part of a value that JSON can't keep. */
export interface JsonFault {
  /** Empty for the value itself. */
  readonly path: string;
  /** What it is, as `a Date`. */
  readonly name: string;
}

/**
 * What JSON leaves out or makes something else of, such as the text of a date: a value that is read back
 * would not be what was written. A member that is undefined is left out, which changes nothing.
 */
export function jsonFault(value: unknown): JsonFault | undefined {
  return faultIn(value, '', 0);
}

function faultIn(value: unknown, path: string, depth: number): JsonFault | undefined {
  if (typeof value !== 'object' || value === null) {
    return isScalar(value) ? undefined : { path, name: nameOf(value) };
  }
  // A value that holds itself ends here, too.
  if (depth > jsonDepthMax) return { path, name: `more than ${jsonDepthMax} levels` };
  if (Array.isArray(value)) return faultInItems(value, path, depth);
  if (!isPlain(value)) return { path, name: nameOf(value) };
  for (const [key, member] of Object.entries(value)) {
    const fault = member === undefined ? undefined : faultIn(member, pathOf(path, key), depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultInItems(
  items: readonly unknown[],
  path: string,
  depth: number,
): JsonFault | undefined {
  for (const [i, item] of items.entries()) {
    const fault = faultIn(item, `${path}[${i}]`, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function pathOf(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function nameOf(value: unknown): string {
  if (typeof value === 'object') return `a ${value?.constructor?.name ?? 'object'}`;
  if (typeof value === 'number') return String(value);
  return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`;
}
