import {
  AllSourceError,
  Failure,
  Fields,
  eventTypeRule,
  isEventType,
  jsonFault,
  shown,
} from '../../domain/index.js';
import type { ErrorDetail, JsonObject, JsonValue } from '../../domain/index.js';
import { checkOperations, compileMapping, operationToWire } from './mapping.js';
import type { MappingOperation } from './mapping.js';
import { extentOf } from './payloadExtent.js';

/** 32 bits: what a record keeps of the version of its schema. */
const versionMax = 4_294_967_295;
const expectedFrom = 'expected a whole number from 0';
const expectedTo = 'expected a whole number above from_version';

/** Makes payloads of one version of an event type's schema those of a later one. */
export interface Upcaster {
  readonly eventType: string;
  /** 0 = events that were written without a schema. */
  readonly fromVersion: number;
  readonly toVersion: number;
  /** Null where it is code. */
  readonly operations: readonly MappingOperation[] | null;
  /** A payload of the later version; the one that is given stays as it is. Throws what the code throws. */
  up(payload: JsonValue): JsonValue;
}

export interface UpcasterDefinition<From, To> {
  readonly eventType: string;
  /** Version of the schema that payloads were written with; 0 = written without one. */
  readonly fromVersion: number;
  /** Default the next one. */
  readonly toVersion?: number | undefined;
  /**
   * Gives the payload of the later version. It must be pure: the same payload gives the same, whenever and
   * however often it runs. It gets a copy, and may change that in place.
   */
  readonly up: (payload: From) => To;
}

/**
 * Defines how payloads of one version of a schema become those of a later one. Throws
 * `invalid_configuration`.
 *
 * @example
 * const placed = defineUpcaster<{ total: number }, { totalCents: number }>({
 *   eventType: 'order.placed',
 *   fromVersion: 1,
 *   up: ({ total }) => ({ totalCents: Math.round(total * 100) }),
 * });
 */
export function defineUpcaster<From = JsonValue, To = JsonValue>(
  definition: UpcasterDefinition<From, To>,
): Upcaster {
  const { eventType, fromVersion, toVersion = fromVersion + 1, up } = definition;
  if (typeof eventType !== 'string' || !isEventType(eventType)) {
    throw invalid('eventType', eventTypeRule.problem('') ?? '', eventType);
  }
  if (!isVersion(fromVersion, 0)) throw invalid('fromVersion', expectedFrom, fromVersion);
  if (!isVersion(toVersion, fromVersion + 1)) {
    throw invalid('toVersion', 'expected a whole number above fromVersion', toVersion);
  }
  if (typeof up !== 'function') throw invalid('up', 'expected a function', up);
  return {
    eventType,
    fromVersion,
    toVersion,
    operations: null,
    // What the schema of the version says, its payloads are; a result that is not JSON is refused.
    up: (payload) => checkedResult(up(structuredClone(payload) as From)),
  };
}

function checkedResult(result: unknown): JsonValue {
  if (result === undefined) throw new Error('gave no payload; return it');
  // Before it is walked through: parts may be shared, or hold themselves.
  const extent = extentOf(result);
  if (extent instanceof Failure) throw new Error(extent.reason);
  const fault = jsonFault(result);
  // It has nothing in it that is not JSON.
  if (fault === undefined) return result as JsonValue;
  const where = fault.path === '' ? '' : ` at ${fault.path.replace(/^\./, '')}`;
  throw new Error(`gave ${fault.name}${where}; expected values of JSON`);
}

/**
 * The upcaster that an object of the wire describes: `event_type`, `from_version`, `to_version` (default
 * the next one) and `operations`. Throws `validation_error` with every problem in `details`.
 */
export function checkUpcaster(input: unknown): Upcaster {
  const problems: ErrorDetail[] = [];
  const names = ['event_type', 'from_version', 'to_version', 'operations'];
  const fields = new Fields(input, { problems, path: '', what: 'an upcaster', names });
  const eventType = fields.text('event_type', eventTypeRule);
  const fromVersion = checkVersion(fields, 'from_version', { min: 0, expected: expectedFrom });
  const toVersion = fields.has('to_version')
    ? checkVersion(fields, 'to_version', { min: fromVersion + 1, expected: expectedTo })
    : fromVersion + 1;
  const operations = checkOperations(fields, 'operations');
  if (problems.length > 0) throw problemsError(problems);
  const map = compileMapping(operations);
  const up = (payload: JsonValue): JsonValue => {
    const mapped = map(payload);
    if (mapped instanceof Failure) throw new Error(mapped.reason);
    // Operations share what they copy: a few of them can double it without end.
    const extent = extentOf(mapped);
    if (extent instanceof Failure) throw new Error(extent.reason);
    return mapped;
  };
  return { eventType, fromVersion, toVersion, operations, up };
}

/** As it stands on the wire; `checkUpcaster` makes the same of it again. Null for one that is code. */
export function upcasterToWire(upcaster: Upcaster): JsonObject | null {
  const { eventType, fromVersion, toVersion, operations } = upcaster;
  if (operations === null) return null;
  return {
    event_type: eventType,
    from_version: fromVersion,
    to_version: toVersion,
    operations: operations.map(operationToWire),
  };
}

function checkVersion(
  fields: Fields,
  name: string,
  { min, expected }: { readonly min: number; readonly expected: string },
): number {
  const version = fields.raw(name);
  if (isVersion(version, min)) return version;
  fields.add(name, `${expected}, not ${shown(version)}`);
  return min;
}

function isVersion(value: unknown, min: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= versionMax;
}

function problemsError(problems: readonly ErrorDetail[]): AllSourceError {
  const first = problems.slice(0, 3);
  const told = first.map(({ field, reason }) => `${field || 'upcaster'}: ${reason}`);
  const more = problems.length > 3 ? `, and ${problems.length - 3} more in details` : '';
  const message = `${told.join('; ')}${more}`;
  return new AllSourceError('validation_error', message, { details: problems });
}

function invalid(field: string, expected: string, value: unknown): AllSourceError {
  const message = `upcaster: ${field}: ${expected}, got ${shown(value)}`;
  return new AllSourceError('invalid_configuration', message);
}
