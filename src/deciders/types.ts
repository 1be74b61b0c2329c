import type {
  AnyEvent,
  AppendCondition,
  EventShape,
  JsonObject,
  NewEvent,
  Reducer,
  StoredEvent,
} from '../domain/index.js';
import type {
  BatchOptions,
  BatchResult,
  ReducedState,
  ReducedStateOptions,
} from '../eventStore/index.js';

/** An event as it is decided: its entity and its place in the log come with the append. */
export type DecidedEvent<E extends EventShape = AnyEvent> = E & {
  readonly metadata?: JsonObject | null | undefined;
  /** What the event is about besides its entity: up to 32 texts of 1-128 bytes, none twice. */
  readonly tags?: readonly string[] | null | undefined;
};

/** A reducer that also decides: it works wherever a reducer does. Made by `defineDecider`. */
export interface Decider<S, C, E extends EventShape = AnyEvent> extends Reducer<S> {
  /** What a command brings about in a state; whatever the definition throws, it throws. */
  decide(command: C, state: S): readonly DecidedEvent<E>[];
}

export interface HandleOptions extends AppendCondition {
  /** Default `default`. */
  readonly tenantId?: string | undefined;
  /**
   * Names this command among those of the entity, 1-256 characters: handled again, after a crash or by
   * a caller who got no answer, it gives what it gave, and nothing is written twice.
   */
  readonly commandId?: string | undefined;
  /** Goes with each of the events, below what the decider says. */
  readonly metadata?: JsonObject | undefined;
  /** How often it is decided anew because somebody else was faster; default 10. */
  readonly retriesMax?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a command brought about. */
export interface HandledCommand<E extends EventShape = AnyEvent> {
  readonly events: readonly DecidedEvent<E>[];
  /** The entity's version behind them. */
  readonly version: number;
  /** Of the last event: what `waitFor` of a projection takes; 0 where there is no event. */
  readonly position: number;
  /** True where the command of this id had been handled before. */
  readonly deduplicated: boolean;
}

/** What `handle` needs of a store: one in this process, or one behind a server, whose events these are. */
export interface CommandStore<E extends EventShape = AnyEvent> {
  // Written as properties, so that a store of other events is none of these.
  readonly appendBatch: (
    events: readonly NewEvent<E>[],
    options: BatchOptions,
  ) => Promise<BatchResult>;
  readonly getEvent: (
    eventId: string,
    options: { tenantId?: string | undefined },
  ) => Promise<StoredEvent<EventShape> | undefined>;
  readonly stateOf: <S>(
    reducer: Reducer<S>,
    entityId: string,
    options: ReducedStateOptions,
  ) => Promise<ReducedState<S>>;
}
