import { setImmediate as nextTurn } from 'node:timers/promises';
import { readArrays } from '../columnar/index.js';
import type { ArraysBatch, ArraysWanted } from '../columnar/index.js';
import { abortedError } from '../domain/index.js';
import type { StoredEvent } from '../domain/index.js';
import { tenantOf } from '../eventStore/index.js';
import type { EntitySummary, EventTypeSummary, SystemAccess } from '../eventStore/index.js';
import type { Selection } from './input.js';

/** Rows of a list that are taken at a time: a millisecond or two of the JavaScript thread. */
const pageRows = 500;

type Wanted = Omit<ArraysWanted, 'filter' | 'signal'>;

/** Where answers come from: columns of the log, or its index. */
export class Source {
  readonly #system: SystemAccess;

  constructor(system: SystemAccess) {
    this.#system = system;
  }

  /** Where no time is given to begin with, from the first event that the log has. */
  batches({ filter, signal }: Selection, wanted: Wanted): AsyncGenerator<ArraysBatch> {
    const fromPosition = filter.since === undefined ? this.#system.logBegin : undefined;
    return readArrays(this.#system, { ...wanted, filter: { ...filter, fromPosition }, signal });
  }

  types(selection: Selection): AsyncGenerator<EventTypeSummary> {
    return this.#list(selection, (tenantId, page) => this.#system.typesOf(tenantId, page));
  }

  entities(selection: Selection): AsyncGenerator<EntitySummary> {
    return this.#list(selection, (tenantId, page) => this.#system.namesOf(tenantId, page));
  }

  /** The events at some positions, by position. */
  async eventsAt(positions: readonly number[]): Promise<ReadonlyMap<number, StoredEvent>> {
    const events = new Map<number, StoredEvent>();
    let rest = [...new Set(positions)].sort((a, b) => a - b);
    while (rest.length > 0) {
      // A chunk has a bound in bytes: not all of them may be in it.
      const chunk = await this.#system.eventsAt(rest);
      for (const event of chunk.events) events.set(event.position, event);
      if (chunk.count === 0) break;
      rest = rest.slice(chunk.count);
    }
    return events;
  }

  async *#list<Item>(
    { filter, signal }: Selection,
    list: (
      tenantId: string,
      page: { readonly prefix: string; readonly firstPosition: number; readonly limit: number },
    ) => { readonly items: readonly Item[]; readonly nextPosition: number },
  ): AsyncGenerator<Item> {
    const tenantId = tenantOf(filter.tenantId);
    for (let firstPosition = 1; ;) {
      const page = list(tenantId, { prefix: '', firstPosition, limit: pageRows });
      yield* page.items;
      if (page.nextPosition === 0) return;
      firstPosition = page.nextPosition;
      await nextTurn();
      if (signal?.aborted === true) throw abortedError();
    }
  }
}
