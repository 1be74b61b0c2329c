import { createHash } from 'node:crypto';
import { AllSourceError, systemTenant } from '../domain/index.js';
import type { JsonValue, StoredEvent } from '../domain/index.js';
import { EventLines, linesOf } from '../eventStore/index.js';
import type { LinesSlice, SystemAccess } from '../eventStore/index.js';
import type { Emission, StateChange, StateEntry } from '../pipelines/index.js';
import { OutputTexts } from './outputs/outputTexts.js';
import type { PipelineSpace } from './pipelineSpace.js';

const stateType = 'pipeline.state';
const removedType = 'pipeline.removed';
const cursorType = 'pipeline.cursor';
const pageKeys = 1000;

export interface Checkpoint {
  /** Of the events since the checkpoint before; the rest of the write is put behind them. */
  readonly results: EventLines;
  readonly changes: readonly StateChange[];
  /** All events up to here were processed. */
  readonly position: number;
}

interface KeptEntry {
  readonly key: string;
  readonly value: JsonValue;
}

/** What was written last. */
interface Written {
  /** Undefined where nothing was yet. */
  readonly position: number | undefined;
  readonly state: StateEntry[];
}

/**
 * Keeps a pipeline in the log of the store: what comes out, what changed of the state, and last a cursor.
 * That is one append, which is atomic; where it is too much for one, several. The state is read as it was
 * at the cursor, so that what stands behind it counts for nothing until there is the next one. Results of
 * a write that broke off are there, and have the same ids when they are made again.
 */
export class PipelineStorage {
  readonly #log: SystemAccess;
  readonly #outputs: OutputTexts;
  readonly #stateTenant: string;
  readonly #cursor: string;
  /** By entity: what a write that broke off changed, as it was before. The next one puts it right. */
  #torn = new Map<string, string>();

  constructor(log: SystemAccess, space: PipelineSpace) {
    const { tenantId, id, generation } = space;
    this.#log = log;
    this.#outputs = new OutputTexts(space);
    this.#stateTenant = `$pipelines/${tenantId}/${id}/${generation}`;
    this.#cursor = `pipeline/${tenantId}/${id}/${generation}/cursor`;
  }

  /** A result as it is written. */
  textOf(emission: Emission): string {
    return this.#outputs.textOf(emission);
  }

  async read(): Promise<Written> {
    const tenantId = this.#stateTenant;
    const cursor = await this.#log.last(this.#cursor);
    const torn = new Map<string, string>();
    const state: StateEntry[] = [];
    for (let firstPosition = 1; firstPosition !== 0;) {
      const page = { prefix: '', firstPosition, limit: pageKeys };
      const { items, nextPosition } = this.#log.namesOf(tenantId, page);
      for (const { entityId } of items) {
        const place = { tenantId, entityId };
        const event = await this.#eventAt(place, { at: cursor?.position ?? 0, torn });
        if (event?.eventType !== stateType) continue;
        const { key, value } = event.payload as unknown as KeptEntry;
        state.push([key, value]);
      }
      firstPosition = nextPosition;
    }
    this.#torn = torn;
    // Only `commit` writes these events.
    const payload = cursor?.payload as { readonly position: number } | undefined;
    return { position: payload?.position, state };
  }

  /** The newest event of an entry that is not behind a position. */
  async #eventAt(
    place: { readonly tenantId: string; readonly entityId: string },
    { at, torn }: { readonly at: number; readonly torn: Map<string, string> },
  ): Promise<StoredEvent | undefined> {
    const newest = await this.#log.newest(place);
    if (newest === undefined || newest.position <= at) return newest;
    const event = at === 0 ? undefined : await this.#log.newest({ ...place, lastPosition: at });
    const { eventType, payload } = event ?? { eventType: removedType, payload: null };
    torn.set(place.entityId, JSON.stringify({ ...place, eventType, payload }));
    return event;
  }

  /**
   * Gives where in the log the end of it was written: what lies before it is not younger. After an error,
   * `read` comes before the next one.
   */
  async commit({ results, changes, position }: Checkpoint): Promise<number> {
    for (const text of this.#stateTexts(changes)) results.add(text);
    const cursor = { tenantId: systemTenant, entityId: this.#cursor, eventType: cursorType };
    results.add(JSON.stringify({ ...cursor, payload: { position } }));
    let last = 0;
    for (const slice of results.slices()) last = await this.#append(slice);
    this.#torn = new Map();
    return last;
  }

  *#stateTexts(changes: readonly StateChange[]): Generator<string> {
    const torn = new Map(this.#torn);
    const tenantId = this.#stateTenant;
    for (const change of changes) {
      const entityId = entityOf(change.key);
      torn.delete(entityId);
      yield stateText({ tenantId, entityId }, change);
    }
    yield* torn.values();
  }

  /** Gives the last position. A result that a write that broke off made of another answer stays. */
  async #append(slice: LinesSlice): Promise<number> {
    try {
      return (await this.#log.appendLines(slice.bytes)).lastPosition;
    } catch (error) {
      const isKnown = error instanceof AllSourceError && error.code === 'event_id_conflict';
      if (!isKnown) throw error;
      const count = slice.ends.length;
      // Only results have ids.
      if (count === 1) return 0;
      const half = count >>> 1;
      await this.#append(linesOf(slice, 0, half));
      return this.#append(linesOf(slice, half, count));
    }
  }

  /** Records again what it has, before the log that it is in is dropped. */
  async rewrite(position: number): Promise<void> {
    const { state } = await this.read();
    const changes = state.map(([key, value]) => ({ key, value }));
    await this.commit({ results: new EventLines(), changes, position });
  }
}

/** Keys of a state may be longer than the ids of entities. */
function entityOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function stateText(
  place: { readonly tenantId: string; readonly entityId: string },
  { key, value }: StateChange,
): string {
  return value === undefined
    ? JSON.stringify({ ...place, eventType: removedType, payload: null })
    : JSON.stringify({ ...place, eventType: stateType, payload: { key, value } });
}
