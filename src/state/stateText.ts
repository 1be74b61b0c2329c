import { AllSourceError, jsonDepthMax } from '../domain/index.js';
import type { Reducer } from '../domain/index.js';

/** JSON text of a state; `unprocessable` where JSON can't keep it as it is. */
export function stateText({ entityType, version }: Reducer, state: unknown): Buffer {
  const fault = faultIn(state, '');
  if (fault === undefined) return Buffer.from(JSON.stringify(state));
  const where = fault.path === '' ? `is ${fault.name}` : `has ${fault.name} at ${fault.path}`;
  throw new AllSourceError(
    'unprocessable',
    `reducer ${entityType} version ${version}: the state ${where}, which JSON can't keep; ` +
      'use JSON values only',
  );
}

interface Fault {
  readonly path: string;
  readonly name: string;
}

/**
 * What JSON leaves out or makes something else of, such as the text of a date: a state read back from a
 * snapshot would not be what the reducer made. A member that is undefined is left out, which changes
 * nothing.
 */
function faultIn(value: unknown, path: string, depth = 0): Fault | undefined {
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

function faultInItems(items: readonly unknown[], path: string, depth: number): Fault | undefined {
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
