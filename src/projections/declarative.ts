import {
  AllSourceError,
  EventTypes,
  fieldPath,
  isJsonObject,
  setMember,
  valueAt,
} from '../domain/index.js';
import type { ErrorDetail, JsonValue, PathSegment, StoredEvent } from '../domain/index.js';
import {
  expectedName,
  expectedVersion,
  isProjectionName,
  isProjectionVersion,
} from './defineProjection.js';
import type { ErrorPolicy, Projection } from './types.js';

const sourcesMax = 100;
const fieldsMax = 100;
const folds = ['count', 'sum', 'min', 'max', 'last', 'merge'] as const;
const policies: readonly ErrorPolicy[] = ['stop', 'park', 'retry'];

type Fold = (typeof folds)[number];

export interface FieldFold {
  /** `count` of events, where `field` is given those that have it; `merge` takes over the members of an object. */
  readonly fold: Fold;
  /** Path from the payload on, such as `customer.id`; of `merge` the payload itself where it is left out. */
  readonly field?: string | undefined;
}

/** A projection that is data. */
export interface ProjectionDeclaration {
  readonly name: string;
  /** Default 1. */
  readonly version?: number | undefined;
  /** Event types, or `order.*`; empty or left out: all. */
  readonly sourceEventTypes?: readonly string[] | undefined;
  /** Path from the payload on, or `$entity_id`, `$event_type`; default `$entity_id`. */
  readonly key?: string | undefined;
  /** What a state has, by name. */
  readonly fields: Readonly<Record<string, FieldFold>>;
  readonly onError?: ErrorPolicy | undefined;
}

type State = Record<string, JsonValue>;
type Step = (state: State, event: StoredEvent) => void;

/**
 * Makes a projection of a declaration. Missing fields change nothing; a value that can't be folded, such
 * as a text in a sum, is a failure of the event. Throws `validation_error` with all that is wrong.
 */
export function declaredProjection(declaration: ProjectionDeclaration): Projection<State> {
  checkDeclaration(declaration);
  const { name, version = 1, sourceEventTypes = [], onError = 'stop', fields } = declaration;
  const { key = '$entity_id' } = declaration;
  const steps = Object.entries(fields).map(([field, fold]) => stepOf(field, fold));
  const types = new EventTypes(sourceEventTypes);
  const keyOf = keyReader(key);
  const readsPayload = !key.startsWith('$') || Object.values(fields).some(readsField);
  return {
    name,
    version,
    onError,
    filter: types.filter,
    // It was checked to be JSON.
    declaration: JSON.parse(JSON.stringify(declaration)) as JsonValue,
    readsPayload,
    handles: (eventType) => types.includes(eventType),
    keyOf,
    init: () => ({}),
    apply: (state, event) => {
      // Of a failure nothing is kept.
      for (const step of steps) step(state, event);
      return state;
    },
  };
}

function readsField({ fold, field }: FieldFold): boolean {
  return fold !== 'count' || field !== undefined;
}

function keyReader(key: string): (event: StoredEvent) => string | null {
  if (key === '$entity_id') return ({ entityId }) => entityId;
  if (key === '$event_type') return ({ eventType }) => eventType;
  const path = fieldPath(key);
  return ({ payload }) => {
    const value = valueAt(payload, path);
    if (value === undefined || value === null) return null;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new Error(`key: ${key}: expected a text, number or boolean, got ${kindOf(value)}`);
  };
}

function stepOf(name: string, { fold, field }: FieldFold): Step {
  const path = field === undefined ? [] : fieldPath(field);
  const apply = appliers[fold];
  return (state, { payload }) => {
    const value = field === undefined && fold === 'count' ? null : valueAt(payload, path);
    if (value === undefined) return;
    const next = apply(state[name], value, `${name}: ${field ?? 'payload'}`);
    setMember(state, name, next);
  };
}

const appliers: Readonly<
  Record<Fold, (before: JsonValue | undefined, value: JsonValue, where: string) => JsonValue>
> = {
  count: (before) => numberBefore(before) + 1,
  sum: (before, value, where) => {
    const sum = numberBefore(before) + numberIn(value, where);
    if (Number.isFinite(sum)) return sum;
    throw new Error(`${where}: the sum is beyond what a number holds`);
  },
  min: (before, value, where) => extreme(before, value, where, (a, b) => a < b),
  max: (before, value, where) => extreme(before, value, where, (a, b) => a > b),
  last: (_before, value) => value,
  merge: (before, value, where) => {
    if (!isJsonObject(value)) throw new Error(`${where}: expected an object, got ${kindOf(value)}`);
    const merged: Record<string, JsonValue | undefined> = isJsonObject(before) ? { ...before } : {};
    for (const [key, member] of Object.entries(value)) {
      setMember(merged, key, member ?? null);
    }
    return merged;
  },
};

function numberBefore(before: JsonValue | undefined): number {
  return typeof before === 'number' ? before : 0;
}

function numberIn(value: JsonValue, where: string): number {
  if (typeof value === 'number') return value;
  throw new Error(`${where}: expected a number, got ${kindOf(value)}`);
}

function extreme(
  before: JsonValue | undefined,
  value: JsonValue,
  where: string,
  isBetter: (a: number | string, b: number | string) => boolean,
): JsonValue {
  if (typeof value !== 'number' && typeof value !== 'string') {
    throw new Error(`${where}: expected a number or text, got ${kindOf(value)}`);
  }
  if (typeof before !== 'number' && typeof before !== 'string') return value;
  if (typeof before !== typeof value) {
    throw new Error(`${where}: expected a ${typeof before} as before, got ${kindOf(value)}`);
  }
  return isBetter(value, before) ? value : before;
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

function isNameless({ name }: PathSegment): boolean {
  return name === '';
}

type Found = (field: string, reason: string) => void;

/** Callers without types may give anything. */
function partsOf(
  { sourceEventTypes = [], fields }: ProjectionDeclaration,
  found: Found,
): Required<Pick<ProjectionDeclaration, 'fields'>> & { sourceEventTypes: readonly string[] } {
  const isList = Array.isArray(sourceEventTypes) && sourceEventTypes.every(isText);
  if (!isList) found('source_event_types', 'expected an array of texts');
  const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields);
  return { sourceEventTypes: isList ? sourceEventTypes : [], fields: isObject ? fields : {} };
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function checkDeclaration(declaration: ProjectionDeclaration): void {
  const { name, version = 1, key, onError } = declaration;
  const details: ErrorDetail[] = [];
  const found: Found = (field, reason) => void details.push({ field, reason });
  if (!isProjectionName(name)) found('name', expectedName);
  if (!isProjectionVersion(version)) found('version', expectedVersion);
  const { sourceEventTypes, fields } = partsOf(declaration, found);
  if (sourceEventTypes.length > sourcesMax) {
    found('source_event_types', `expected at most ${sourcesMax}`);
  }
  for (const [i, type] of sourceEventTypes.entries()) {
    const star = type.indexOf('*');
    const isRight = star < 0 || type === '*' || (type.endsWith('.*') && star === type.length - 1);
    if (!isRight) found(`source_event_types[${i}]`, "expected an event type, 'prefix.*' or '*'");
  }
  if (key?.startsWith('$') === true && key !== '$entity_id' && key !== '$event_type') {
    found('key', 'expected a path, $entity_id or $event_type');
  }
  if (key !== undefined && !key.startsWith('$') && fieldPath(key).some(isNameless)) {
    found('key', 'expected names with one dot between them');
  }
  if (onError !== undefined && !policies.includes(onError)) {
    found('on_error', `expected one of ${policies.join(', ')}`);
  }
  checkFields(fields, found);
  if (details.length === 0) return;
  const [first] = details;
  const message = `${first?.field}: ${first?.reason}`;
  throw new AllSourceError('validation_error', message, { details });
}

function checkFields(fields: ProjectionDeclaration['fields'], found: Found): void {
  const entries = Object.entries(fields);
  if (entries.length === 0 || entries.length > fieldsMax) {
    found('fields', `expected 1-${fieldsMax} fields`);
  }
  for (const [field, { fold, field: path }] of entries) {
    if (!folds.includes(fold)) found(`fields.${field}.fold`, `expected one of ${folds.join(', ')}`);
    const isOptional = fold === 'count' || fold === 'merge';
    if (path !== undefined && fieldPath(path).some(isNameless)) {
      found(`fields.${field}.field`, 'expected names with one dot between them');
    }
    if (path === undefined && !isOptional) found(`fields.${field}.field`, 'required, but missing');
  }
}
