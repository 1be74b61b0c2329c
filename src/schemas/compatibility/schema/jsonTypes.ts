import type { JsonValue } from '../../../domain/index.js';
import { keyword } from './document.js';
import type { SchemaNode } from './document.js';

/** Sets of types, as bits: a number is an integer or has a fraction. */
export const typeBits = {
  null: 1,
  boolean: 2,
  object: 4,
  array: 8,
  string: 16,
  integer: 32,
  number: 96,
} as const;

export type TypeName = keyof typeof typeBits;

export const fractionBit = 64;
export const allTypes = 127;

/** The types that a schema's `type` accepts. */
export function typesOf(node: SchemaNode): number {
  const type = keyword(node, 'type');
  if (type === undefined) return allTypes;
  const names: readonly JsonValue[] = Array.isArray(type) ? (type as readonly JsonValue[]) : [type];
  let bits = 0;
  for (const name of names) if (isTypeName(name)) bits |= typeBits[name];
  return bits;
}

export function typeOf(value: JsonValue): number {
  if (value === null) return typeBits.null;
  if (Array.isArray(value)) return typeBits.array;
  // 1.0 is an integer, as JSON Schema has it.
  if (typeof value === 'number') return Number.isInteger(value) ? typeBits.integer : fractionBit;
  return typeBits[typeof value as 'boolean' | 'object' | 'string'];
}

/** Names of a set; an integer is not named beside a number. */
export function typeNames(bits: number): readonly TypeName[] {
  const names = (Object.keys(typeBits) as TypeName[]).filter(
    (name) => (bits & typeBits[name]) === typeBits[name],
  );
  const isNumber = (bits & typeBits.number) === typeBits.number;
  if (isNumber) return names.filter((name) => name !== 'integer');
  return (bits & fractionBit) === 0 ? names : [...names, 'number'];
}

function isTypeName(name: JsonValue): name is TypeName {
  return typeof name === 'string' && Object.hasOwn(typeBits, name);
}
