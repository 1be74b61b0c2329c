import { AllSourceError } from '../../domain/index.js';
import type { EventShape, StoredEvent } from '../../domain/index.js';
import { handle } from '../../deciders/index.js';
import type { CommandStore, Decider } from '../../deciders/index.js';
import { compare, isMatcher, show } from '../compare/compare.js';
import { describeError, failure, mustEqual } from '../compare/fail.js';
import { TestRun } from '../testRun.js';
import type { DeciderEvent, ExpectedError, ExpectedEvent, WhenOptions } from '../types.js';

interface Outcome<S> {
  readonly events: readonly StoredEvent[];
  readonly error: { readonly thrown: unknown } | undefined;
  readonly state: S;
}

/** A history of an entity, to which a command comes. */
export class DeciderGiven<S, C, E extends EventShape> {
  readonly #decider: Decider<S, C, E>;
  readonly #events: readonly DeciderEvent<E>[];

  constructor(decider: Decider<S, C, E>, events: readonly DeciderEvent<E>[]) {
    this.#decider = decider;
    this.#events = events;
  }

  /** The command is handled when the first `then…` is called, once. */
  when(command: C, options: WhenOptions = {}): DeciderScenario<S, E> {
    const title = `given ${countOf(this.#events)}, when ${show(command)}`;
    const { entityId = `${this.#decider.entityIdPrefix}1` } = options;
    const act = (): Promise<Outcome<S>> =>
      TestRun.with(
        this.#events,
        (run) => this.#handle(run, { ...options, entityId }, command),
        entityId,
      );
    return new DeciderScenario(title, act);
  }

  async #handle(
    run: TestRun,
    { at, entityId, commandId }: WhenOptions & { readonly entityId: string },
    command: C,
  ): Promise<Outcome<S>> {
    const after = run.store.watermark;
    if (this.#events.length > 0 || at !== undefined) run.goOn(at, 'when: at');
    // Which events it is of matters to the caller's types only.
    const store = run.store as unknown as CommandStore<E>;
    const error = await handle(store, this.#decider, entityId, command, { commandId }).then(
      () => undefined,
      (thrown: unknown) => ({ thrown }),
    );
    const state = await stateOf(run, this.#decider, entityId);
    return { events: await run.eventsFrom(after + 1), error, state };
  }
}

/** What came of a command. */
export class DeciderScenario<S, E extends EventShape> {
  readonly #title: string;
  readonly #act: () => Promise<Outcome<S>>;
  #outcome: Promise<Outcome<S>> | undefined;

  constructor(title: string, act: () => Promise<Outcome<S>>) {
    this.#title = title;
    this.#act = act;
  }

  /** Exactly these events were appended, in this order. */
  async thenEvents(...expected: readonly ExpectedEvent<E>[]): Promise<void> {
    const { events, error } = await this.#run();
    const wanted = expected.map(expectedShape);
    const actual = events.map((event, i) => actualShape(event, expected[i]));
    if (error !== undefined) {
      const what = `expected ${countOf(expected)}, got an error: ${describeError(error.thrown)}`;
      const title = this.#title;
      throw failure({ title, what, expected: wanted, actual: error.thrown, cause: error.thrown });
    }
    const title = this.#title;
    const what = differenceOf(wanted, actual, events);
    mustEqual({ title, what, expected: numbered(wanted), actual: numbered(actual) });
  }

  /** No event was appended, and the command was not refused. */
  thenNothing(): Promise<void> {
    return this.thenEvents();
  }

  /** The command was refused, and nothing appended: by an error of a class, with a message, or members. */
  async thenThrows(expected?: ExpectedError): Promise<void> {
    const { events, error } = await this.#run();
    const title = this.#title;
    if (error === undefined) {
      const actual = events.map((event) => actualShape(event));
      const what = `expected an error, got ${countOf(events)}`;
      const notes = actual.map(show);
      throw failure({ title, what, expected: expected ?? 'an error', actual, notes });
    }
    const { thrown } = error;
    const got = `got ${describeError(thrown)}`;
    const what = whyNotError(expected, thrown);
    if (what === undefined) return;
    throw failure({ title, what: `${what}, ${got}`, expected, actual: thrown, cause: thrown });
  }

  /** The state of the entity behind the command; what is was before where the command was refused. */
  async thenState(expected: S): Promise<void> {
    const { state } = await this.#run();
    mustEqual({
      title: this.#title,
      what: 'the state is not as expected',
      expected,
      actual: state,
    });
  }

  #run(): Promise<Outcome<S>> {
    this.#outcome ??= this.#act();
    return this.#outcome;
  }
}

async function stateOf<S, C, E extends EventShape>(
  { store }: TestRun,
  decider: Decider<S, C, E>,
  entityId: string,
): Promise<S> {
  try {
    return (await store.stateOf(decider, entityId)).state;
  } catch (error) {
    if (error instanceof AllSourceError && error.code === 'entity_not_found') return decider.init();
    throw error;
  }
}

/** What is compared of an event that should be: all that it names. */
function expectedShape<E extends EventShape>(event: ExpectedEvent<E>): unknown {
  return isMatcher(event) ? event : shapeOf(event, event);
}

/** The same of one that is: type and payload, and of the rest what the expected one may ask for. */
function actualShape(event: StoredEvent, expected: object = {}): unknown {
  return shapeOf(event, isMatcher(expected) ? event : expected);
}

interface EventPart {
  readonly metadata?: unknown;
  readonly tags?: unknown;
}

function shapeOf(event: EventShape & EventPart, named: EventPart): unknown {
  const { eventType, payload, metadata, tags } = event;
  return {
    eventType,
    payload,
    ...(named.metadata !== undefined && { metadata }),
    ...(named.tags !== undefined && { tags }),
  };
}

/** Differences of events are told as `event 1.payload.total`. */
function numbered(events: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(events.map((event, i) => [`event ${i + 1}`, event]));
}

function differenceOf(
  expected: readonly unknown[],
  actual: readonly unknown[],
  events: readonly StoredEvent[],
): string {
  if (expected.length !== actual.length) {
    const types = events.map(({ eventType }) => eventType).join(', ');
    const got = actual.length === 0 ? 'none' : `${countOf(actual)} (${types})`;
    return `expected ${countOf(expected)}, got ${got}`;
  }
  const different = expected.findIndex(
    (event, i) => compare(event, actual[i]).differences.length > 0,
  );
  return `event ${different + 1} of ${expected.length} is not as expected`;
}

/** Undefined where the error is as it should be. */
function whyNotError(expected: ExpectedError | undefined, thrown: unknown): string | undefined {
  if (expected === undefined) return undefined;
  if (expected instanceof RegExp) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return expected.test(message) ? undefined : `expected an error with ${String(expected)}`;
  }
  if (typeof expected === 'function') {
    return thrown instanceof expected ? undefined : `expected ${expected.name}`;
  }
  // An error's own members are not enumerable, so they are asked for by name.
  const members = Object.keys(expected).map((name) => [name, memberOf(thrown, name)] as const);
  const { differences } = compare(expected, Object.fromEntries(members));
  const [first] = differences;
  return first && `expected an error with ${first.path} ${first.expected}, not ${first.got}`;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

export function countOf({ length }: readonly unknown[]): string {
  if (length === 0) return 'no events';
  return length === 1 ? '1 event' : `${length} events`;
}
