// JSON as the guide describes it for pipelines, written plainly and sharing nothing with src/pipelines.
import type { JsonValue, StoredEvent } from '../../../src/domain/index.js';

export type Wire = Readonly<Record<string, JsonValue>>;

export interface ModelItem {
  readonly value: JsonValue;
  readonly event: StoredEvent | null;
  readonly time: number;
}

/** Thrown where an item fails. */
export class ItemFails extends Error {}

export const has = (value: object, name: string): boolean =>
  Object.prototype.hasOwnProperty.call(value, name);

const isObject = (value: JsonValue | undefined): value is Wire =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const namesOf = (path: string): string[] => {
  const names = path.split('.');
  return names[0] === 'payload' ? names.slice(1) : names;
};

const isPlace = (name: string): boolean => String(Number.parseInt(name, 10)) === name;

export function get(item: ModelItem, path: string): JsonValue | undefined {
  const { event } = item;
  if (path === '$timestamp') return item.time;
  if (path === '$event_type') return event?.eventType;
  if (path === '$entity_id') return event?.entityId;
  if (path === '$tenant_id') return event?.tenantId;
  if (path === '$version') return event?.version;
  if (path === '$position') return event?.position;
  let value: JsonValue | undefined = item.value;
  for (const name of namesOf(path)) {
    if (Array.isArray(value))
      value = isPlace(name) ? (value as JsonValue[])[Number(name)] : undefined;
    else if (isObject(value)) value = has(value, name) ? value[name] : undefined;
    else return undefined;
  }
  return value;
}

/** Puts a field into a copy; `undefined` takes it out. */
export function put(value: JsonValue, path: string, field: JsonValue | undefined): JsonValue {
  return putAt(value, namesOf(path), field);
}

function putAt(
  value: JsonValue | undefined,
  [name, ...rest]: readonly string[],
  field: JsonValue | undefined,
): JsonValue {
  if (name === undefined) return field ?? null;
  const isLast = rest.length === 0;
  if (Array.isArray(value)) {
    const list = [...(value as JsonValue[])];
    if (!isPlace(name) || Number(name) >= list.length) throw new ItemFails();
    if (isLast && field === undefined) list.splice(Number(name), 1);
    else list[Number(name)] = putAt(list[Number(name)], rest, field);
    return list;
  }
  if (value !== undefined && !isObject(value)) throw new ItemFails();
  const entries = new Map(Object.entries(value ?? {}));
  if (isLast && field === undefined) entries.delete(name);
  else entries.set(name, putAt(entries.get(name), rest, field));
  return Object.fromEntries(entries);
}

export function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${(value as JsonValue[]).map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null)}`).join()}}`;
}

export const same = (a: JsonValue, b: JsonValue): boolean => canonical(a) === canonical(b);

export const isPlainObject = isObject;

export function passes(op: string, field: JsonValue | undefined, value: JsonValue): boolean {
  if (op === 'exists') return (field !== undefined) === value;
  if (field === undefined) return false;
  if (op === 'eq') return same(field, value);
  if (op === 'ne') return !same(field, value);
  if (op === 'in') return (value as JsonValue[]).some((one) => same(one, field));
  if (op === 'contains') {
    if (Array.isArray(field)) return (field as JsonValue[]).some((one) => same(one, value));
    return typeof field === 'string' && typeof value === 'string' && field.split(value).length > 1;
  }
  if (typeof field !== typeof value || !['number', 'string'].includes(typeof field)) return false;
  // Both are numbers, or both are texts.
  const [a, b] = [field as number, value as number];
  if (op === 'gt') return a > b;
  if (op === 'gte') return a >= b;
  return op === 'lt' ? a < b : a <= b;
}

export function transformed(transform: string, field: JsonValue | undefined): JsonValue {
  const [name, argument] = transform.split(':');
  if (name === 'uppercase' || name === 'lowercase' || name === 'trim') {
    if (typeof field !== 'string') throw new ItemFails();
    if (name === 'trim') return field.trim();
    return name === 'uppercase' ? field.toUpperCase() : field.toLowerCase();
  }
  if (typeof field !== 'number') throw new ItemFails();
  const by = Number(argument ?? 0);
  let changed = field;
  if (name === 'multiply') changed = field * by;
  if (name === 'divide') changed = field / by;
  if (name === 'add') changed = field + by;
  if (name === 'subtract') changed = field - by;
  if (name === 'round') changed = rounded(field, by);
  if (Math.abs(changed) === Infinity) throw new ItemFails();
  return changed === 0 ? 0 : changed;
}

/** On the decimal digits, with whole numbers of any length. */
function rounded(number: number, digits: number): number {
  const [mantissa = '', exponent = '0'] = String(Math.abs(number)).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const places = fraction.length - Number(exponent);
  if (places <= digits) return number;
  const unit = 10n ** BigInt(places - digits);
  const units = (BigInt(whole + fraction) + unit / 2n) / unit;
  return Math.sign(number) * Number(`${units}e-${digits}`);
}
