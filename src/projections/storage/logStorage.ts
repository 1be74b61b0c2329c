import { VersionConflictError, systemTenant } from '../../domain/index.js';
import type { JsonValue, NewEvent } from '../../domain/index.js';
import { checkedLimit, textBatches } from '../../eventStore/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import { StatesMovedError } from './statesMovedError.js';
import type {
  ProjectionStorage,
  StateChange,
  StateCommit,
  StateSpace,
  StoredStates,
} from './types.js';

const stateType = 'projection.state';
const removedType = 'projection.removed';
const cursorType = 'projection.cursor';
const parkedType = 'projection.parked';
/** Keys that are looked up at a time as states are recorded again. */
const rewrittenKeys = 1000;

interface CursorPayload {
  readonly position: number;
  readonly parked: number;
}

interface Cursor {
  readonly payload: CursorPayload;
  readonly version: number | undefined;
}

/**
 * Keeps states in the log of the store. A space is a tenant of the store's own, and a key is an entity of
 * it whose newest event has its state. What changed and the position are one append, which is atomic.
 */
export class LogStorage implements ProjectionStorage {
  readonly #log: SystemAccess;

  constructor(log: SystemAccess) {
    this.#log = log;
  }

  /** It can't be of another log. */
  keepsEventId(): boolean {
    return false;
  }

  async open(space: StateSpace): Promise<CursorPayload> {
    return (await this.#cursor(space)).payload;
  }

  /** Its version is undefined where there is no such event, or it was dropped. */
  async #cursor(space: StateSpace): Promise<Cursor> {
    const event = await this.#log.last(cursorOf(space));
    if (event === undefined) return { payload: { position: 0, parked: 0 }, version: undefined };
    // Only `cursorEvent` makes these events.
    return { payload: event.payload as unknown as CursorPayload, version: event.version };
  }

  async load(
    space: StateSpace,
    keys: readonly string[],
  ): Promise<readonly (JsonValue | undefined)[]> {
    const tenantId = tenantOfSpace(space);
    const states: (JsonValue | undefined)[] = [];
    for (const entityId of keys) {
      const event = await this.#log.newest({ tenantId, entityId });
      states.push(event?.eventType === stateType ? event.payload : undefined);
    }
    return states;
  }

  async commit(
    space: StateSpace,
    { changes, after, position, parked }: StateCommit,
  ): Promise<void> {
    const { payload: before, version } = await this.#cursor(space);
    if (before.position !== after) throw new StatesMovedError(space, after, before.position);
    const tenantId = tenantOfSpace(space);
    const texts = [
      ...changes.map((change) => changeText(tenantId, change)),
      ...parked.map((payload) => JSON.stringify(parkedEvent(space, payload))),
    ];
    const cursor = cursorEvent(space, { position, parked: before.parked + parked.length });
    try {
      await this.#append(space, texts, { ...cursor, expectedVersion: version ?? 0 });
    } catch (error) {
      // Somebody else has committed since it was read.
      if (!(error instanceof VersionConflictError)) throw error;
      throw new StatesMovedError(space, after, (await this.open(space)).position);
    }
  }

  /** One append; rejects with `version_conflict` where the cursor was moved. */
  async #append(space: StateSpace, texts: readonly string[], cursor: NewEvent): Promise<void> {
    try {
      await this.#log.appendTexts([...texts, JSON.stringify(cursor)]);
    } catch (error) {
      if (!(error instanceof VersionConflictError) || cursor.expectedVersion !== 0) throw error;
      // Where all events of it were dropped, its versions go on all the same.
      if ((await this.#cursor(space)).version !== undefined) throw error;
      await this.#append(space, texts, { ...cursor, expectedVersion: error.currentVersion });
    }
  }

  async list(
    space: StateSpace,
    page: { readonly prefix: string; readonly from: string | null; readonly limit: number },
  ): Promise<StoredStates> {
    const tenantId = tenantOfSpace(space);
    const { prefix, limit } = page;
    const { from } = page;
    const firstPosition =
      from === null ? 1 : checkedLimit(Number(from), 1, Number.MAX_SAFE_INTEGER, 'cursor');
    const { items, nextPosition } = this.#log.namesOf(tenantId, { prefix, firstPosition, limit });
    const keys = items.map(({ entityId }) => entityId);
    const loaded = await this.load(space, keys);
    const states = keys.flatMap((key, i) => {
      const state = loaded[i];
      return state === undefined ? [] : [{ key, state }];
    });
    return { states, next: nextPosition === 0 ? null : String(nextPosition) };
  }

  async parked(space: StateSpace): Promise<readonly { position: number; reason: string }[]> {
    // One that was recorded again is there twice.
    const parked = new Map<number, { position: number; reason: string }>();
    const place = { tenantId: systemTenant, entityId: parkedOf(space) };
    const firstPosition = this.#log.logBegin;
    for await (const events of this.#log.eventsOf({ ...place, firstPosition })) {
      for (const { payload } of events) {
        // Only `parkedEvent` writes these events.
        const one = payload as { readonly position: number; readonly reason: string };
        parked.set(one.position, one);
      }
    }
    return [...parked.values()];
  }

  async drop(): Promise<void> {
    // Nothing reads it any more; it leaves the log when the log is dropped.
  }

  async rewrite(space: StateSpace): Promise<void> {
    for await (const texts of textBatches(this.#textsOf(space))) await this.#log.appendTexts(texts);
    // It says that all before it is there.
    const { payload } = await this.#cursor(space);
    await this.#log.appendTexts([JSON.stringify(cursorEvent(space, payload))]);
  }

  /** States one by one, as each may be large, and what was parked. */
  async *#textsOf(space: StateSpace): AsyncGenerator<string> {
    const tenantId = tenantOfSpace(space);
    let firstPosition = 1;
    do {
      const page = { prefix: '', firstPosition, limit: rewrittenKeys };
      const { items, nextPosition } = this.#log.namesOf(tenantId, page);
      for (const { entityId: key } of items) {
        const [state] = await this.load(space, [key]);
        if (state !== undefined) yield changeText(tenantId, { key, text: JSON.stringify(state) });
      }
      firstPosition = nextPosition;
    } while (firstPosition !== 0);
    for (const parked of await this.parked(space)) {
      yield JSON.stringify(parkedEvent(space, parked));
    }
  }
}

/** Its length is bounded: 64 bytes of tenant and of name. */
function tenantOfSpace({ tenantId, projection, generation }: StateSpace): string {
  return `$projections/${tenantId}/${projection}/${generation}`;
}

function cursorOf({ tenantId, projection, generation }: StateSpace): string {
  return `projection/${tenantId}/${projection}/${generation}/cursor`;
}

function parkedOf({ tenantId, projection, generation }: StateSpace): string {
  return `projection/${tenantId}/${projection}/${generation}/parked`;
}

/** Put together by hand: a commit may have thousands. The names of tenant and types need no escape. */
function changeText(tenantId: string, { key, text }: StateChange): string {
  const eventType = text === undefined ? removedType : stateType;
  const head = `{"tenantId":"${tenantId}","eventType":"${eventType}","entityId":`;
  return `${head}${JSON.stringify(key)},"payload":${text ?? 'null'}}`;
}

function cursorEvent(space: StateSpace, payload: CursorPayload): NewEvent {
  const entityId = cursorOf(space);
  return { tenantId: systemTenant, entityId, eventType: cursorType, payload: { ...payload } };
}

function parkedEvent(
  space: StateSpace,
  payload: { readonly position: number; readonly reason: string },
): NewEvent {
  const entityId = parkedOf(space);
  return { tenantId: systemTenant, entityId, eventType: parkedType, payload: { ...payload } };
}
