import { AllSourceError, defineReducer } from '../domain/index.js';
import type { AnyEvent, EventShape, ReducerDefinition } from '../domain/index.js';
import type { DecidedEvent, Decider } from './types.js';

export interface DeciderDefinition<S, C, E extends EventShape = AnyEvent> extends ReducerDefinition<
  S,
  E
> {
  /**
   * The events that a command brings about; none where there is nothing to do. Throws what the caller is
   * to see where the command is refused. May be called several times for a command.
   */
  readonly decide: (command: C, state: S) => readonly DecidedEvent<E>[];
}

/**
 * Defines how commands to entities of one type are decided: `decide` makes events of a command and a
 * state, `on` makes the state of the events, from `init` on. Both must be pure. Throws
 * `invalid_configuration`.
 *
 * @example
 * const order = defineDecider<Order, OrderCommand, OrderEvent>({
 *   entityType: 'order',
 *   version: 1,
 *   init: () => ({ status: 'new' }),
 *   on: { 'order.placed': (state) => ({ ...state, status: 'placed' }) },
 *   decide: (command, state) => {
 *     if (state.status !== 'new') throw new Error('the order is placed already');
 *     return [{ eventType: 'order.placed', payload: { total: command.total } }];
 *   },
 * });
 * await handle(store, order, 'order-1', { type: 'place', total: 42 });
 */
export function defineDecider<S, C, E extends EventShape = AnyEvent>(
  definition: DeciderDefinition<S, C, E>,
): Decider<S, C, E> {
  const { decide, ...reducer } = definition;
  if (typeof decide !== 'function') {
    const got = decide === null ? 'null' : typeof decide;
    const message = `decider: decide: expected a function, got ${got}`;
    throw new AllSourceError('invalid_configuration', message);
  }
  const name = `decider ${definition.entityType}`;
  return {
    ...defineReducer<S, E>(reducer),
    decide: (command, state) => checkedEvents(decide(command, state), name),
  };
}

/** Callers without types may give something else, most of all nothing, where a return was forgotten. */
function checkedEvents<E extends EventShape>(
  decided: readonly DecidedEvent<E>[],
  name: string,
): readonly DecidedEvent<E>[] {
  const isArray: boolean = Array.isArray(decided);
  const wrong = isArray ? decided.find((event) => !isEvent(event)) : decided;
  if (isArray && decided.every(isEvent)) return decided;
  const expected = 'expected an array of events, [] where there is nothing to do';
  const got = `${isArray ? 'one with ' : ''}${wrong === null ? 'null' : typeof wrong}`;
  throw new AllSourceError('unprocessable', `${name}: decide: ${expected}, got ${got}`);
}

function isEvent(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'eventType' in event;
}
