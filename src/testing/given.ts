import type { AnyEvent, EventShape, JsonObject } from '../domain/index.js';
import type { Decider } from '../deciders/index.js';
import type { PipelineDefinition } from '../pipelines/index.js';
import type { Projection, ProjectionDeclaration } from '../projections/index.js';
import { invalid } from './clock.js';
import { DeciderGiven } from './scenarios/deciderScenario.js';
import { PipelineScenario } from './scenarios/pipelineScenario.js';
import { ProjectionScenario } from './scenarios/projectionScenario.js';
import type { DeciderEvent, GivenEvent, ThroughOptions } from './types.js';

/** Events that are in the log, from which states and results are made. */
export class Given<E extends EventShape> {
  readonly #events: readonly GivenEvent<E>[];

  constructor(events: readonly GivenEvent<E>[]) {
    this.#events = events;
  }

  /** A projection, in code or declared, takes them all when the first `then…` is called. */
  project<S>(projection: Projection<S>): ProjectionScenario<S>;
  project(declaration: ProjectionDeclaration): ProjectionScenario<JsonObject>;
  project<S>(projection: Projection<S> | ProjectionDeclaration): ProjectionScenario<S> {
    return new ProjectionScenario<S>(projection, this.#events);
  }

  /** The same with a pipeline. */
  through(pipeline: PipelineDefinition, options: ThroughOptions = {}): PipelineScenario {
    return new PipelineScenario(pipeline, this.#events, options);
  }
}

/**
 * Begins a test: what happened before. With a decider, events of one entity, to which a command comes;
 * else events of any, for a projection or a pipeline. They are appended to a store in memory of its own,
 * by a clock that is turned by hand, when the first `then…` is called. Each `then…` rejects with an
 * `AssertionError` where it is not so.
 *
 * @example
 * await given(order, placed).when({ type: 'pay', cents: 42 }).thenEvents(paid);
 * await given(order).when({ type: 'pay', cents: 42 }).thenThrows(/nothing is due/);
 * await given<ShopEvent>(placed, paid).project(openOrders).thenState('ada', { orders: 0 });
 * await given<ShopEvent>(placed, paid).through(revenue).thenEmits({ topic: 'revenue', value: 42 });
 */
export function given<S, C, E extends EventShape>(
  decider: Decider<S, C, E>,
  ...events: readonly DeciderEvent<E>[]
): DeciderGiven<S, C, E>;
export function given<E extends EventShape = AnyEvent>(
  ...events: readonly GivenEvent<E>[]
): Given<E>;
export function given(
  first?: Decider<unknown, unknown> | GivenEvent,
  ...events: readonly (DeciderEvent | GivenEvent)[]
): unknown {
  for (const [i, event] of events.entries()) mustBeEvent(event, i + 1);
  if (first !== undefined && 'decide' in first) return new DeciderGiven(first, events);
  if (first !== undefined) mustBeEvent(first, 1);
  // The second signature asks for the entity of each event.
  const all = first === undefined ? [] : [first, ...events];
  return new Given(all as readonly GivenEvent[]);
}

/** Callers may come with an array, as other kits take it; checked before anything is done with it. */
function mustBeEvent(event: unknown, number: number): void {
  const isEvent = typeof event === 'object' && event !== null && 'eventType' in event;
  if (isEvent) return;
  const got = Array.isArray(event) ? 'an array; give it as ...events' : typeof event;
  throw invalid(`given event ${number}`, `expected an event, got ${got}`);
}
