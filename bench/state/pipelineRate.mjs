import { performance } from 'node:perf_hooks';

import { openEventStore, pipeline } from '../../dist/index.js';
import { prepareStore } from '../read/preparedStore.mjs';
import { sums } from './sums.mjs';

const eventsPerEntity = 10;

/**
 * Events a second that a pipeline of filter, map and reduce processes from the beginning of a log, the
 * store just opened, until its results are durable. `running`: each event gives a result, a derived
 * event; `panes`: a window of a minute gives one now and then.
 *
 * @param {{of: 'running' | 'panes', events: number, dataDir: string}} options
 */
export async function run({ of, events, dataDir }) {
  const entities = events / eventsPerEntity;
  const prepared = await prepareStore({ dataDir, entities, eventsPerEntity });
  await prepared.close();
  const store = await openEventStore({ dataDir });
  const definition =
    of === 'running'
      ? sums('sums')
      : pipeline('panes')
          .from('order.*')
          .filter('currency', 'exists')
          .map('items.0.price_cents', 'divide:100')
          .window({ tumbling: { minutes: 1 } }, { function: 'sum', field: 'items.0.price_cents' })
          .toTopic('panes');
  const begin = performance.now();
  await store.pipelines.create(definition, { id: 'bench', from: 'beginning' });
  const info = () => store.pipelines.get('bench');
  while ((await info()).position < events) await new Promise((resolve) => setTimeout(resolve, 1));
  const seconds = (performance.now() - begin) / 1000;
  const { statistics } = await info();
  if (statistics.processed !== events || statistics.failed > 0) {
    throw new Error(`expected ${events} events, got ${JSON.stringify(statistics)}`);
  }
  await store.close();
  return { value: events / seconds, extra: { ...statistics } };
}
