import { AllSourceError, EventTypes } from '../domain/index.js';
import type { AnyEvent, EventShape, StoredEvent } from '../domain/index.js';
import type { ErrorPolicy, Projection, ProjectionModule } from './types.js';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const policies: ReadonlySet<string> = new Set(['stop', 'park', 'retry']);

/** What an event does to a state, by event type; `order.*` is all types that begin with `order.`. */
export type ProjectionHandlers<S, E extends EventShape = AnyEvent> = string extends E['eventType']
  ? { readonly [type: string]: (state: S, event: StoredEvent<E>) => S | null }
  : NamedHandlers<S, E>;

type NamedHandlers<S, E extends EventShape> = {
  readonly [T in E['eventType']]?: (
    state: S,
    event: StoredEvent<Extract<E, { readonly eventType: T }>>,
  ) => S | null;
} & {
  readonly [T in `${string}.*` | '*']?: (state: S, event: StoredEvent<E>) => S | null;
};

export interface ProjectionDefinition<S, E extends EventShape = AnyEvent> {
  /** 1-64 letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** A whole number from 1. Raise it when the handlers change: the states are then built anew. */
  readonly version: number;
  /** The state of a key before its first event: JSON values only. */
  readonly init: (key: string) => S;
  /** A handler gives the new state, or null to remove the key. The most exact name counts. */
  readonly on: ProjectionHandlers<S, E>;
  /** Default the entity id. Null: the event changes nothing. */
  readonly key?: ((event: StoredEvent<E>) => string | null) | undefined;
  /** False where payload and metadata do not matter: they are null then, and reading is faster. */
  readonly readsPayload?: boolean | undefined;
  /** Default `stop`. */
  readonly onError?: ErrorPolicy | undefined;
  /** Where threads find it: replays may then fold parts of its keys at once. */
  readonly partitions?: ProjectionModule | undefined;
}

type Handler<S> = (state: S, event: StoredEvent) => S | null;

/**
 * Defines states that are kept up to date with the log. Handlers must be pure: the same state and event
 * give the same state, whenever and however often they run. Throws `invalid_configuration`.
 *
 * @example
 * const totals = defineProjection<{ total: number }, OrderEvent>({
 *   name: 'customer-totals',
 *   version: 1,
 *   init: () => ({ total: 0 }),
 *   key: (event) => event.payload.customerId,
 *   on: { 'order.placed': (state, event) => ({ total: state.total + event.payload.total }) },
 * });
 */
export function defineProjection<S, E extends EventShape = AnyEvent>(
  definition: ProjectionDefinition<S, E>,
): Projection<S> {
  checkDefinition(definition);
  const { name, version, onError = 'stop', init } = definition;
  // Handlers and key are called with events of the types that they name.
  const handlers = new Map(Object.entries(definition.on) as [string, Handler<S>][]);
  const keyOf = (definition.key ?? entityIdOf) as (event: StoredEvent) => string | null;
  const handlerOf = handlerFinder(handlers);
  return {
    name,
    version,
    onError,
    filter: new EventTypes([...handlers.keys()]).filter,
    declaration: null,
    readsPayload: definition.readsPayload ?? true,
    isKeyedByEntity: definition.key === undefined,
    partitions: definition.partitions,
    handles: (eventType) => handlerOf(eventType) !== undefined,
    keyOf,
    init: (key) => init(key),
    apply: (state, event) => {
      const next = handlerOf(event.eventType)?.(state, event);
      if (next !== undefined) return next;
      throw new Error(`the handler of ${event.eventType} gave no state; return it, or null`);
    },
  };
}

function entityIdOf({ entityId }: StoredEvent): string {
  return entityId;
}

/** Exact names first, then the longest prefix, then `*`. */
function handlerFinder<S>(
  handlers: ReadonlyMap<string, Handler<S>>,
): (eventType: string) => Handler<S> | undefined {
  const prefixes = [...handlers.keys()]
    .filter((name) => name.endsWith('*'))
    .map((name) => name.slice(0, -1))
    .sort((a, b) => b.length - a.length);
  if (prefixes.length === 0) return (eventType) => handlers.get(eventType);
  const known = new Map<string, Handler<S> | undefined>();
  return (eventType) => {
    if (known.has(eventType)) return known.get(eventType);
    const prefix = prefixes.find((text) => eventType.startsWith(text));
    const handler =
      handlers.get(eventType) ?? (prefix === undefined ? undefined : handlers.get(`${prefix}*`));
    known.set(eventType, handler);
    return handler;
  };
}

function checkDefinition<S, E extends EventShape>(definition: ProjectionDefinition<S, E>): void {
  const { name, version, init, on, key, onError, partitions } = definition;
  checkName(name, version);
  if (typeof init !== 'function') throw invalid('init', 'expected a function', init);
  if (key !== undefined && typeof key !== 'function') {
    throw invalid('key', 'expected a function', key);
  }
  if (onError !== undefined && !policies.has(onError)) {
    throw invalid('onError', "expected 'stop', 'park' or 'retry'", onError);
  }
  if (partitions !== undefined) checkModule(partitions);
  const entries = Object.entries(on);
  if (entries.length === 0) throw invalid('on', 'expected at least one handler', on);
  for (const [type, handler] of entries) {
    if (typeof handler !== 'function')
      throw invalid(`on["${type}"]`, 'expected a function', handler);
    const star = type.indexOf('*');
    const isPattern = star < 0 || type === '*' || (star === type.length - 1 && type.endsWith('.*'));
    if (!isPattern) throw invalid('on', "expected an event type, 'prefix.*' or '*'", type);
  }
}

/** Callers without types may give anything. */
function checkModule(partitions: ProjectionModule): void {
  const { module, export: name }: Partial<ProjectionModule> = partitions ?? {};
  if (typeof module !== 'string' || !URL.canParse(module)) {
    throw invalid('partitions.module', 'expected import.meta.url of its module', module);
  }
  if (typeof name !== 'string' || name === '') {
    throw invalid('partitions.export', 'expected the name of an export of its module', name);
  }
}

export const expectedName =
  'expected 1-64 letters, digits, ., _ and -, the first a letter or digit';
export const expectedVersion = 'expected a whole number from 1';

function checkName(name: unknown, version: unknown): void {
  if (!isProjectionName(name)) throw invalid('name', expectedName, name);
  if (!isProjectionVersion(version)) throw invalid('version', expectedVersion, version);
}

export function isProjectionName(name: unknown): name is string {
  return typeof name === 'string' && namePattern.test(name);
}

export function isProjectionVersion(version: unknown): version is number {
  return Number.isSafeInteger(version) && Number(version) >= 1;
}

function invalid(field: string, expected: string, value: unknown): AllSourceError {
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value);
  const message = `projection: ${field}: ${expected}, got ${got}`;
  return new AllSourceError('invalid_configuration', message);
}
