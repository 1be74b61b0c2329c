import { AllSourceError } from '../domain/index.js';
import type { EventShape, NewEvent, StoredEvent } from '../domain/index.js';
import { openEventStore } from '../store/index.js';
import type { EmbeddedStore } from '../store/index.js';
import { backwards, beginOfTests, microsOf, testClock } from './clock.js';
import type { TestClock } from './clock.js';
import type { DeciderEvent } from './types.js';

const stepSeconds = 1;

/** A store in memory with what was given in it, for one test. */
export class TestRun {
  readonly store: EmbeddedStore;
  readonly clock: TestClock;
  /** Numbers of given events, from 1, by position. */
  readonly #numbers = new Map<number, number>();

  private constructor(store: EmbeddedStore, clock: TestClock) {
    this.store = store;
    this.clock = clock;
  }

  /** Does something with a store that has these events, and closes it. */
  static async with<T>(
    events: readonly DeciderEvent<EventShape>[],
    work: (run: TestRun) => Promise<T>,
    entityId?: string,
  ): Promise<T> {
    const clock = testClock(events[0]?.at ?? beginOfTests);
    const snapshots = { automatic: false };
    const run = new TestRun(await openEventStore({ memory: true, clock, snapshots }), clock);
    try {
      await run.#append(events, entityId);
      return await work(run);
    } finally {
      await run.store.close();
    }
  }

  /** A second later, or at a time. */
  goOn(at: number | string | undefined, field: string): void {
    if (at === undefined) {
      this.clock.advance({ seconds: stepSeconds });
      return;
    }
    const micros = microsOf(at, field);
    if (micros < this.clock.now()) throw backwards(field, micros, this.clock.now());
    this.clock.set(micros);
  }

  /** How a message names a given event. */
  nameOf(position: number): string {
    const number = this.#numbers.get(position);
    return number === undefined ? `the event at position ${position}` : `given event ${number}`;
  }

  async eventsFrom(position: number, tenantId?: string): Promise<StoredEvent[]> {
    const events: StoredEvent[] = [];
    for await (const event of this.store.read({ fromPosition: position, tenantId })) {
      events.push(event);
    }
    return events;
  }

  async #append(
    events: readonly DeciderEvent<EventShape>[],
    entityId: string | undefined,
  ): Promise<void> {
    for (const [i, event] of events.entries()) {
      const name = `given event ${i + 1}`;
      if (i > 0) this.goOn(event.at, `${name}: at`);
      const { at: _, ...rest } = event;
      try {
        // The engine checks what it is.
        const { position } = await this.store.append({ entityId, ...rest } as NewEvent);
        this.#numbers.set(position, i + 1);
      } catch (cause) {
        if (!(cause instanceof AllSourceError)) throw cause;
        throw new AllSourceError(cause.code, `${name}: ${cause.message}`, { cause });
      }
    }
  }
}
