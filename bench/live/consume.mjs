import { performance } from 'node:perf_hooks';

import { openEventStore } from '../../dist/index.js';
import { prepareStore } from '../read/preparedStore.mjs';

const entities = 20_000;
const eventsPerEntity = 10;

/**
 * Events a second that the members of a consumer handle from the beginning of a log. `handler`:
 * handlers that append nothing; `append`: each appends an event, durable with the record that its
 * event was handled; `pull`: members that pull up to 1 000 events and acknowledge them.
 *
 * @param {{members: number, via: 'handler' | 'append' | 'pull', dataDir: string}} options
 */
export async function run({ members, via, dataDir }) {
  const prepared = await prepareStore({ dataDir, entities, eventsPerEntity });
  await prepared.close();
  const store = await openEventStore({ dataDir });
  const events = entities * eventsPerEntity;
  const seconds = await (via === 'pull' ? pull : handle)(store, { members, via, events });
  await store.close();
  return { value: events / seconds };
}

/** @param {import('../../dist/index.js').EmbeddedStore} store */
async function handle(store, { members, via, events }) {
  let count = 0;
  const begin = performance.now();
  let finish = () => undefined;
  const done = new Promise((resolve) => (finish = resolve));
  const handler = (event, { append }) => {
    const payload = event.position;
    if (via === 'append') append({ eventType: 'order.seen', entityId: event.entityId, payload });
    count += 1;
    if (count === events) finish();
  };
  const filter = { eventTypePrefix: 'order.p' };
  for (let member = 0; member < members; member++)
    await store.consumer('bench', handler, { filter });
  await done;
  return (performance.now() - begin) / 1000;
}

/** @param {import('../../dist/index.js').EmbeddedStore} store */
async function pull(store, { members, events }) {
  await store.consumers.create({ name: 'bench', maxInFlight: 1000 });
  const consumer = await store.consumers.get('bench');
  let count = 0;
  const begin = performance.now();
  const work = async (member) => {
    while (count < events) {
      const deliveries = await consumer.pull({ member, limit: 1000, waitMs: 50 });
      await consumer.ack(
        member,
        deliveries.map(({ event }) => event.position),
      );
      count += deliveries.length;
    }
  };
  await Promise.all(Array.from({ length: members }, (_, member) => work(`member-${member}`)));
  if (count !== events) throw new Error(`expected ${events} events, got ${count}`);
  return (performance.now() - begin) / 1000;
}
