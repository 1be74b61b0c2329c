import { systemTenant } from '../../domain/index.js';
import type { JsonValue, NewEvent } from '../../domain/index.js';
import { checkedLimit } from '../../eventStore/index.js';
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
/** Keys that are recorded again by one append. */
const rewrittenKeys = 1000;

interface CursorPayload {
  readonly position: number;
  readonly parked: number;
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

  async open(space: StateSpace): Promise<CursorPayload> {
    const event = await this.#log.last(cursorOf(space));
    // Only `#cursorText` writes these events.
    return (event?.payload as CursorPayload | undefined) ?? { position: 0, parked: 0 };
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
    const before = await this.open(space);
    if (before.position !== after) throw new StatesMovedError(space, after, before.position);
    const tenantId = tenantOfSpace(space);
    const texts = [
      ...changes.map((change) => changeText(tenantId, change)),
      ...parked.map((payload) => JSON.stringify(parkedEvent(space, payload))),
      JSON.stringify(cursorEvent(space, { position, parked: before.parked + parked.length })),
    ];
    await this.#log.appendTexts(texts);
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
    const tenantId = tenantOfSpace(space);
    let from: string | null = null;
    do {
      const page: StoredStates = await this.list(space, { prefix: '', from, limit: rewrittenKeys });
      const texts = page.states.map(({ key, state }) =>
        changeText(tenantId, { key, text: JSON.stringify(state) }),
      );
      if (texts.length > 0) await this.#log.appendTexts(texts);
      from = page.next;
    } while (from !== null);
    for (const parked of await this.parked(space)) {
      await this.#log.appendTexts([JSON.stringify(parkedEvent(space, parked))]);
    }
    await this.#log.appendTexts([JSON.stringify(cursorEvent(space, await this.open(space)))]);
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

function changeText(tenantId: string, { key, text }: StateChange): string {
  const eventType = text === undefined ? removedType : stateType;
  const head = JSON.stringify({ tenantId, entityId: key, eventType });
  return `${head.slice(0, -1)},"payload":${text ?? 'null'}}`;
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
