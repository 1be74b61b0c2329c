import { AllSourceError } from './errors.js';
import type { AnyEvent, EventShape, StoredEvent } from './event.js';

const entityTypePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** What an event does to a state, by event type. A handler gives the state; it may change it in place. */
export type StateHandlers<S, E extends EventShape = AnyEvent> = {
  readonly [T in E['eventType']]?: (
    state: S,
    event: StoredEvent<Extract<E, { readonly eventType: T }>>,
  ) => S;
};

export interface ReducerDefinition<S, E extends EventShape = AnyEvent> {
  /** 1-64 lower-case letters, digits, `_` and `-`, such as `order`. */
  readonly entityType: string;
  /**
   * A whole number from 1. Raise it whenever what the handlers do changes: snapshots of other versions
   * are not used.
   */
  readonly version: number;
  /** How ids of these entities begin; default the type and `-`. The longest one counts. */
  readonly entityIdPrefix?: string | undefined;
  /** The state before the first event: JSON values only, since snapshots keep it as JSON. */
  readonly init: () => S;
  /** Events of other types change nothing. */
  readonly on: StateHandlers<S, E>;
}

/** How the state of the entities of one type comes from their events. Made by `defineReducer`. */
export interface Reducer<S = unknown> {
  readonly entityType: string;
  readonly version: number;
  readonly entityIdPrefix: string;
  init(): S;
  /** The state after an event; throws `unprocessable` where its handler fails. */
  apply(state: S, event: StoredEvent): S;
}

/**
 * Defines how the state of entities of one type comes from their events. Handlers must be pure: the same
 * state and event give the same state, whenever they run. Throws `invalid_configuration`.
 *
 * @example
 * const order = defineReducer<Order, OrderEvent>({
 *   entityType: 'order',
 *   version: 1,
 *   init: () => ({ total: 0 }),
 *   on: { 'order.placed': (state, event) => ({ ...state, total: event.payload.total }) },
 * });
 * const { state } = await store.stateOf(order, 'order-1');
 */
export function defineReducer<S, E extends EventShape = AnyEvent>(
  definition: ReducerDefinition<S, E>,
): Reducer<S> {
  const { entityType, version, init, on } = definition;
  const entityIdPrefix = definition.entityIdPrefix ?? `${entityType}-`;
  checkDefinition(definition, entityIdPrefix);
  const name = `reducer ${entityType} version ${version}`;
  // Handlers are called with the events of their own type only.
  const handlers = new Map(Object.entries(on) as [string, Handler<S>][]);
  return {
    entityType,
    version,
    entityIdPrefix,
    init: () => init(),
    apply: (state, event) => {
      const handler = handlers.get(event.eventType);
      return handler === undefined ? state : applyHandler(name, handler, state, event);
    },
  };
}

type Handler<S> = (state: S, event: StoredEvent) => S;

function applyHandler<S>(name: string, handler: Handler<S>, state: S, event: StoredEvent): S {
  const where = `${name}, ${event.eventType} at version ${event.version}`;
  let next: S | undefined;
  try {
    next = handler(state, event);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AllSourceError('unprocessable', `${where}: ${reason}`, { cause });
  }
  if (next !== undefined) return next;
  throw new AllSourceError('unprocessable', `${where}: the handler gave no state; return it`);
}

function checkDefinition<S, E extends EventShape>(
  { entityType, version, init, on }: ReducerDefinition<S, E>,
  entityIdPrefix: string,
): void {
  if (typeof entityType !== 'string' || !entityTypePattern.test(entityType)) {
    throw invalid('entityType', 'expected 1-64 lower-case letters, digits, _ and -', entityType);
  }
  if (!Number.isSafeInteger(version) || version < 1) {
    throw invalid('version', 'expected a whole number from 1', version);
  }
  if (typeof entityIdPrefix !== 'string' || entityIdPrefix === '') {
    throw invalid('entityIdPrefix', 'expected a text', entityIdPrefix);
  }
  if (typeof init !== 'function') throw invalid('init', 'expected a function', init);
  for (const [type, handler] of Object.entries(on)) {
    if (typeof handler !== 'function')
      throw invalid(`on["${type}"]`, 'expected a function', handler);
  }
}

function invalid(field: string, expected: string, value: unknown): AllSourceError {
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new AllSourceError('invalid_configuration', `reducer: ${field}: ${expected}, got ${got}`);
}
