import { performance } from 'node:perf_hooks';

import { defineProjection, openEventStore } from '../../dist/index.js';
import { prepareStore } from '../read/preparedStore.mjs';

const eventsPerEntity = 10;

const definitions = {
  /** Of each event type how many there are: reads no payload. */
  counter: {
    key: ({ eventType }) => eventType,
    readsPayload: false,
    on: { '*': (state) => ({ count: state.count + 1 }) },
  },
  /** One state for each entity. */
  entities: { on: { '*': (state) => ({ count: state.count + 1 }) } },
};

/**
 * Events a second that a projection takes in from the beginning of a log, the store just opened, until
 * its states are durable. `rebuild`: the same for a rebuild, with what comparing and swapping take.
 *
 * @param {{of: 'counter' | 'entities', isRebuild: boolean, events: number, dataDir: string}} options
 */
export async function run({ of, isRebuild, events, dataDir }) {
  const entities = events / eventsPerEntity;
  const prepared = await prepareStore({ dataDir, entities, eventsPerEntity });
  await prepared.close();
  const store = await openEventStore({ dataDir });
  const projection = defineProjection({
    ...{ name: of, version: 1, init: () => ({ count: 0 }) },
    ...definitions[of],
  });
  const begin = performance.now();
  const handle = await store.projections.start(projection);
  await handle.waitFor(events);
  await handle.list({ limit: 1 });
  let seconds = (performance.now() - begin) / 1000;
  if (isRebuild) {
    const rebuildBegin = performance.now();
    const { different } = await handle.rebuild();
    seconds = (performance.now() - rebuildBegin) / 1000;
    if (different.length > 0) throw new Error(`states differ: ${different.join(', ')}`);
  }
  const { eventsProcessed } = await handle.info();
  if (eventsProcessed !== events) throw new Error(`expected ${events}, got ${eventsProcessed}`);
  await store.close();
  return { value: events / seconds };
}
