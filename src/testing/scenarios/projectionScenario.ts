import { setTimeout as wait } from 'node:timers/promises';
import type { EventShape } from '../../domain/index.js';
import type {
  ParkedEvent,
  Projection,
  ProjectionDeclaration,
  ProjectionFailure,
  ProjectionHandle,
} from '../../projections/index.js';
import { show } from '../compare/compare.js';
import { failure, mustEqual } from '../compare/fail.js';
import { TestRun } from '../testRun.js';
import type { GivenEvent } from '../types.js';
import { countOf } from './deciderScenario.js';

const deadlineMs = 10_000;
const lookMs = 1;
const pageStates = 1000;

interface Outcome<S> {
  readonly states: Readonly<Record<string, S>>;
  readonly parked: readonly ParkedEvent[];
  readonly failure: ProjectionFailure | null;
  readonly nameOf: (position: number) => string;
}

/** What a projection made of the given events. */
export class ProjectionScenario<S> {
  readonly #title: string;
  readonly #act: () => Promise<Outcome<S>>;
  #outcome: Promise<Outcome<S>> | undefined;

  constructor(
    projection: Projection<S> | ProjectionDeclaration,
    events: readonly GivenEvent<EventShape>[],
  ) {
    this.#title = `given ${countOf(events)}, projection ${projection.name}`;
    this.#act = () => TestRun.with(events, (run) => project(run, projection));
  }

  /** The state of a key. */
  async thenState(key: string, expected: S): Promise<void> {
    const { states } = await this.#succeeded();
    const actual = states[key];
    const notes = actual === undefined ? [keysNote(states)] : [];
    const what = `the state of ${show(key)} is not as expected`;
    mustEqual({ title: this.#title, what, expected, actual, notes });
  }

  /** The key has no state: it never had one, or it was removed. */
  async thenNoState(key: string): Promise<void> {
    const { states } = await this.#succeeded();
    const actual = states[key];
    if (actual === undefined) return;
    const what = `expected no state of ${show(key)}, got ${show(actual)}`;
    throw failure({ title: this.#title, what, expected: undefined, actual });
  }

  /** Exactly these keys have a state, and which. */
  async thenStates(expected: Readonly<Record<string, S>>): Promise<void> {
    const { states: actual } = await this.#succeeded();
    mustEqual({ title: this.#title, what: 'the states are not as expected', expected, actual });
  }

  /** Exactly these events were left out, by their numbers among the given ones, from 1. */
  async thenParked(...numbers: readonly number[]): Promise<void> {
    const { parked, nameOf } = await this.#succeeded();
    const actual = parked.map(({ position }) => nameOf(position));
    const expected = numbers.map((number) => `given event ${number}`);
    const notes = parked.map(({ position, reason }) => `${nameOf(position)}: ${reason}`);
    const what = 'other events were left out than expected';
    mustEqual({ title: this.#title, what, expected, actual, notes });
  }

  /** A handler failed, and the projection stopped there. */
  async thenFails(expected: RegExp = /^/): Promise<void> {
    const { failure: got } = await this.#run();
    const title = this.#title;
    if (got === null) {
      const what = `expected it to fail with ${String(expected)}, but it did not`;
      throw failure({ title, what, expected, actual: null });
    }
    if (expected.test(got.reason)) return;
    const what = `expected it to fail with ${String(expected)}, it failed otherwise: ${got.reason}`;
    throw failure({ title, what, expected, actual: got.reason });
  }

  async #succeeded(): Promise<Outcome<S>> {
    const outcome = await this.#run();
    if (outcome.failure === null) return outcome;
    const { position, reason } = outcome.failure;
    const where = position === 0 ? '' : ` at ${outcome.nameOf(position)}`;
    const what = `it failed${where}: ${reason}`;
    throw failure({ title: this.#title, what, expected: 'states', actual: reason });
  }

  #run(): Promise<Outcome<S>> {
    this.#outcome ??= this.#act();
    return this.#outcome;
  }
}

async function project<S>(
  run: TestRun,
  projection: Projection<S> | ProjectionDeclaration,
): Promise<Outcome<S>> {
  const { projections } = run.store;
  const handle = await ('apply' in projection
    ? projections.start(projection)
    : // A declaration's states are objects, which is what S is then.
      (projections.declare(projection) as Promise<unknown> as Promise<ProjectionHandle<S>>));
  const failed = await caughtUp(handle, run.store.watermark);
  const states: Record<string, S> = {};
  let cursor: string | undefined;
  do {
    const page = await handle.list({ limit: pageStates, cursor });
    for (const { key, state } of page.states) states[key] = state;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  const parked = await handle.parked();
  // What can't be kept is found when it is written, which the list waits for.
  const { failure: failedLater } = await handle.info();
  return {
    states,
    parked,
    failure: failed ?? failedLater,
    nameOf: (position) => run.nameOf(position),
  };
}

/** Waits until a projection is at a position, or failed: then why. */
export async function caughtUp(
  handle: ProjectionHandle,
  position: number,
): Promise<ProjectionFailure | null> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const info = await handle.info();
    if (info.failure !== null || info.position >= position) return info.failure;
    if (performance.now() > deadline) {
      const reason = `it is at ${info.position} of ${position} after ${deadlineMs / 1000} seconds`;
      return { position: 0, reason };
    }
    await wait(lookMs);
  }
}

function keysNote(states: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(states);
  return keys.length === 0
    ? 'no key has a state'
    : `keys with a state: ${keys.map(show).join(', ')}`;
}
