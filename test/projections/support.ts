import { defineProjection } from '../../src/index.js';
import type { EmbeddedStore, JsonValue, Projection, ProjectionHandle } from '../../src/index.js';

export interface Total {
  count: number;
  sum: number;
}

/** Counts and sums by entity; changes its states in place, as handlers may. */
export function totals(overrides: Partial<Parameters<typeof defineProjection<Total>>[0]> = {}) {
  return defineProjection<Total>({
    name: 'totals',
    version: 1,
    init: () => ({ count: 0, sum: 0 }),
    on: {
      'order.placed': (state, event) => {
        state.count += 1;
        state.sum += Number(event.payload);
        return state;
      },
      'order.deleted': () => null,
    },
    ...overrides,
  });
}

export async function place(
  store: EmbeddedStore,
  entityId: string,
  payload: JsonValue,
): Promise<number> {
  const { position } = await store.append({ eventType: 'order.placed', entityId, payload });
  return position;
}

/** All states by key, once the projection has come to the end of the log. */
export async function statesOf<S>(
  store: EmbeddedStore,
  handle: ProjectionHandle<S>,
): Promise<Record<string, S>> {
  await handle.waitFor(store.watermark);
  const states: Record<string, S> = {};
  let cursor: string | undefined;
  do {
    const page = await handle.list({ limit: 7, ...(cursor !== undefined && { cursor }) });
    for (const { key, state } of page.states) states[key] = state;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return states;
}

/** What the states must be: a fold of all events from the first one on. */
export async function foldOf<S>(
  store: EmbeddedStore,
  projection: Projection<S>,
): Promise<Record<string, S>> {
  const states = new Map<string, S>();
  for await (const event of store.read()) {
    if (!projection.handles(event.eventType)) continue;
    const key = projection.keyOf(event);
    if (key === null) continue;
    const state = projection.apply(states.get(key) ?? projection.init(key), event);
    if (state === null) states.delete(key);
    else states.set(key, state);
  }
  return Object.fromEntries(states);
}

export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
