import type { EmbeddedStore, JsonObject, JsonValue, PipelineDefinition } from '../../src/index.js';
import { SystemAccess } from '../../src/eventStore/index.js';
import { AllSourceError } from '../../src/index.js';
import { createMachine } from '../../src/pipelines/index.js';
import { expect, onTestFinished, vi } from 'vitest';
import { until } from '../projections/support.js';
import { collect } from '../support/store.js';

/** What a pipeline gives for the whole log, in a machine that never stops. */
export async function expectedOf(
  store: EmbeddedStore,
  definition: PipelineDefinition,
): Promise<JsonValue[]> {
  const states = new Map<string, JsonObject>();
  const lookup = ({ key }: { key?: string }) => states.get(key ?? '');
  const machine = createMachine(definition, { sources: { lookup: lookup as never } });
  const values: JsonValue[] = [];
  for await (const event of store.read()) {
    const merged = { ...states.get(event.entityId), ...(event.payload as JsonObject) };
    states.set(event.entityId, merged);
    const { emissions } = await machine.process(event);
    values.push(...emissions.map(({ value }) => value));
  }
  return values;
}

/** Fails unless pipelines have derived what they would have without a crash; tells how much. */
export async function expectDerived(
  store: EmbeddedStore,
  definitions: readonly PipelineDefinition[],
): Promise<number> {
  const last = (await store.readPage({ order: 'desc', limit: 1 })).events[0]?.position ?? 0;
  for (const { name } of definitions) {
    // As long as it goes on: many kills leave much to be done.
    for (let seen = 0; seen < last;) {
      const before = seen;
      await until(async () => (seen = (await store.pipelines.get(name)).position) > before);
    }
  }
  let derived = 0;
  for (const definition of definitions) {
    const { output } = definition;
    const eventType = output.type === 'event' ? output.eventType : '';
    const got = await collect(store.read({ eventType }));
    derived += got.length;
    expect(got.map(({ payload }) => payload)).toEqual(await expectedOf(store, definition));
    expect(new Set(got.map(({ id }) => id)).size).toBe(got.length);
  }
  return derived;
}

/** One append of the parts of stores fails, behind those that may go through before it. */
export function failAppend(
  name: 'append' | 'appendLines',
  { behind = 0 }: { readonly behind?: number } = {},
): void {
  const original = SystemAccess.prototype[name];
  let count = 0;
  const spy = vi.spyOn(SystemAccess.prototype, name).mockImplementation(function (
    this: SystemAccess,
    ...args: readonly unknown[]
  ) {
    count += 1;
    if (count !== behind + 1) return Reflect.apply(original, this, args) as never;
    return Promise.reject(new AllSourceError('storage_full', 'no room for this append'));
  });
  onTestFinished(() => void spy.mockRestore());
}
