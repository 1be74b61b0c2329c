import { describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../src/index.js';
import { errorOf, makeDirectory, openStore } from '../support/store.js';
import { totals } from '../projections/support.js';

type Call = (store: EmbeddedStore) => unknown;

const declaration = { name: 'd', fields: { n: { fold: 'count' as const } } };
const definition = { name: 'p', source_event_types: ['*'], operators: [], output: { topic: 't' } };
const schema = { type: 'object' };

/** Calls of the parts of a store; those of the core have their tests in the contract. */
const calls: Record<string, Call> = {
  'snapshots.create': ({ snapshots }) => snapshots.create('e'),
  'snapshots.list': ({ snapshots }) => snapshots.list(),
  'snapshots.latest': ({ snapshots }) => snapshots.latest('e'),
  'schemas.register': ({ schemas }) => schemas.register('order.placed', schema),
  'schemas.list': ({ schemas }) => schemas.list(),
  'schemas.all': ({ schemas }) => schemas.all(),
  'schemas.get': ({ schemas }) => schemas.get('order.placed'),
  'schemas.versions': ({ schemas }) => schemas.versions('order.placed'),
  'schemas.validate': ({ schemas }) => schemas.validate('order.placed', 1),
  'schemas.check': ({ schemas }) => schemas.check('order.placed', schema),
  'schemas.setCompatibility': ({ schemas }) => schemas.setCompatibility('order.placed', 'NONE'),
  'schemas.setEnforcement': ({ schemas }) => schemas.setEnforcement('order.placed', 'off'),
  'schemas.delete': ({ schemas }) => schemas.delete('order.placed'),
  'schemas.upcasters': ({ schemas }) => schemas.upcasters(),
  'schemas.deleteUpcaster': ({ schemas }) => schemas.deleteUpcaster('order.placed', 1),
  'projections.start': ({ projections }) => projections.start(totals()),
  'projections.declare': ({ projections }) => projections.declare(declaration),
  'projections.list': ({ projections }) => projections.list(),
  'projections.all': ({ projections }) => projections.all(),
  'projections.get': ({ projections }) => projections.get('totals'),
  'projections.get of one that is built in': ({ projections }) => projections.get('event_counters'),
  'projections.delete': ({ projections }) => projections.delete('totals'),
  'replays.start': ({ replays }) => replays.start(),
  'replays.list': ({ replays }) => replays.list(),
  'replays.get': ({ replays }) => replays.get('r'),
  'replays.ended': ({ replays }) => replays.ended('r'),
  'replays.cancel': ({ replays }) => replays.cancel('r'),
  'replays.delete': ({ replays }) => replays.delete('r'),
  'replays.counts': ({ replays }) => replays.counts(),
  'pipelines.create': ({ pipelines }) => pipelines.create(definition),
  'pipelines.list': ({ pipelines }) => pipelines.list(),
  'pipelines.all': ({ pipelines }) => pipelines.all(),
  'pipelines.get': ({ pipelines }) => pipelines.get('p'),
  'pipelines.delete': ({ pipelines }) => pipelines.delete('p'),
  'pipelines.pause': ({ pipelines }) => pipelines.pause('p'),
  'pipelines.resume': ({ pipelines }) => pipelines.resume('p'),
  'pipelines.reset': ({ pipelines }) => pipelines.reset('p'),
  'pipelines.dropped': ({ pipelines }) => pipelines.dropped('p'),
  'pipelines.test': ({ pipelines }) => pipelines.test('p', []),
  'pipelines.flush': ({ pipelines }) => pipelines.flush('p'),
  'pipelines.subscribe': ({ pipelines }) => pipelines.subscribe('t'),
  'consumers.create': ({ consumers }) => consumers.create({ name: 'c' }),
  'consumers.list': ({ consumers }) => consumers.list(),
  'consumers.all': ({ consumers }) => consumers.all(),
  'consumers.get': ({ consumers }) => consumers.get('c'),
  'consumers.delete': ({ consumers }) => consumers.delete('c'),
  'consumers.seek': ({ consumers }) => consumers.seek('c', 'beginning'),
  consumer: (store) => store.consumer('c', () => undefined),
  'webhooks.create': ({ webhooks }) => webhooks.create({ name: 'w', url: 'https://example.com' }),
  'webhooks.list': ({ webhooks }) => webhooks.list(),
  'webhooks.get': ({ webhooks }) => webhooks.get('w'),
  'webhooks.delete': ({ webhooks }) => webhooks.delete('w'),
  'webhooks.start': ({ webhooks }) => webhooks.start(),
};

async function filled(): Promise<EmbeddedStore> {
  const store = await openStore({ dataDir: await makeDirectory() });
  await store.append({ eventType: 'order.placed', entityId: 'e', payload: 1 });
  await store.projections.start(totals());
  await store.consumers.create({ name: 'c' });
  return store;
}

describe('a store that was closed', () => {
  it('refuses the calls of all its parts alike, and as it closes too', async () => {
    const store = await filled();
    const closing = store.close();
    const otherAnswers = async (): Promise<string[]> => {
      return othersOf(Object.entries(calls).map(([name, call]) => [name, () => call(store)]));
    };
    expect(await otherAnswers()).toEqual([]);
    await closing;
    expect(await otherAnswers()).toEqual([]);
  });

  it('refuses what handles are asked for that were given before', async () => {
    const store = await filled();
    const handles = [
      await store.projections.get('totals'),
      await store.projections.get('entity_snapshots'),
    ];
    const consumer = await store.consumers.get('c');
    await store.close();
    const asked: Record<string, () => unknown> = {
      'consumer.info': () => consumer.info(),
      'consumer.pull': () => consumer.pull({ member: 'm', limit: 1, waitMs: 0 }),
      'consumer.ack': () => consumer.ack('m', [1]),
      'consumer.nack': () => consumer.nack('m', [1], { reason: 'r' }),
      'consumer.leave': () => consumer.leave('m'),
      'consumer.deadLetters': () => consumer.deadLetters(),
      'consumer.replayDeadLetters': () => consumer.replayDeadLetters(),
    };
    for (const handle of handles) {
      const { name } = handle;
      asked[`${name}.info`] = () => handle.info();
      asked[`${name}.get`] = () => handle.get('e');
      asked[`${name}.list`] = () => handle.list();
      asked[`${name}.parked`] = () => handle.parked();
      asked[`${name}.waitFor`] = () => handle.waitFor(1);
      asked[`${name}.pause`] = () => handle.pause();
      asked[`${name}.resume`] = () => handle.resume();
      asked[`${name}.rebuild`] = () => handle.rebuild();
    }
    expect(await othersOf(Object.entries(asked))).toEqual([]);
    // What ends something has nothing to do.
    await Promise.all([handles[0]?.stop(), store.webhooks.stop(), store.close()]);
  });
});

const closedText = 'store_closed: the store was closed; open it again to use it';

/** What calls answer, where that is not that the store was closed. */
async function othersOf(asked: readonly (readonly [string, () => unknown])[]): Promise<string[]> {
  const others: string[] = [];
  for (const [name, ask] of asked) {
    const text = await errorOf(ask).then(
      ({ code, message }) => `${code}: ${message}`,
      (error: unknown) => String(error),
    );
    if (text !== closedText) others.push(`${name}: ${text}`);
  }
  return others;
}
