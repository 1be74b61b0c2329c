import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openEventStore, pipeline } from '../../src/index.js';
import type { EmbeddedStore, ProjectionHandle } from '../../src/index.js';
import { codeOf, makeDirectory } from '../support/store.js';
import { place, totals, until } from '../projections/support.js';

interface Waited {
  readonly store: EmbeddedStore;
  readonly handle: ProjectionHandle;
  readonly replayId: string;
}

/** Each would wait until the store is closed: the projection of the handle does not come past an event. */
const waits: Record<string, (waited: Waited) => Promise<unknown>> = {
  'the end of a replay': ({ store, replayId }) => store.replays.ended(replayId),
  'a position of a projection': ({ handle, store }) => handle.waitFor(store.watermark),
  'a rebuild': ({ handle }) => handle.rebuild(),
  'a pipeline': ({ store }) => store.pipelines.flush('asking'),
  'a position of the log': ({ store }) => store.waitForWatermark(1_000_000),
};

/** Nobody listens there, and it waits for an answer. */
const asking = pipeline('asking')
  .from('order.placed')
  .enrich({
    source: { type: 'http', url: 'http://127.0.0.1:1/{n}', timeoutMs: 100, onFailure: 'wait' },
    into: 'found',
  })
  .toEvent({ eventType: 'asked.made' });

/** A projection whose replay never ends. */
async function stuck(): Promise<Waited> {
  const store = await openEventStore({
    dataDir: await makeDirectory(),
    allowPrivateLookups: true,
  });
  await store.pipelines.create(asking, { id: 'asking' });
  let isBroken = false;
  const handle = await store.projections.start(
    totals({
      onError: 'retry',
      on: {
        'order.placed': (state) => {
          if (isBroken) throw new Error('not yet');
          return state;
        },
      },
    }),
  );
  await handle.waitFor(await place(store, 'a', { n: 1 }));
  isBroken = true;
  const { replayId } = await store.replays.start();
  await until(async () => (await handle.info()).failure !== null);
  return { store, handle, replayId };
}

describe('a store that closes', () => {
  it.each(Object.entries(waits))(
    'is not held up by a handler that waits for %s: it is told',
    async (name, wait) => {
      const waited = await stuck();
      const { store } = waited;
      // Of the projection that does not go on, another rebuild would be refused.
      if (name === 'a rebuild') await store.replays.cancel(waited.replayId);
      let told: Promise<string> | undefined;
      await store.consumer('waiting', async () => {
        told = codeOf(() => wait(waited));
        await told;
      });
      await until(() => told !== undefined);
      const begin = performance.now();
      await store.close();
      expect(performance.now() - begin).toBeLessThan(5_000);
      expect(await told).toBe('store_closed');
    },
  );

  it('waits for a handler that does not heed its signal, but not for ever; its event comes again', async () => {
    const dataDir = await makeDirectory();
    const store = await openEventStore({ dataDir });
    let isCalled = false;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const worker = await store.consumer('deaf', async (_event, { append }) => {
      isCalled = true;
      await released;
      append({ eventType: 'too.late', entityId: 'a', payload: null });
    });
    await place(store, 'a', 1);
    await until(() => isCalled);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    let isClosed = false;
    const closing = store.close().then(() => (isClosed = true));
    await vi.advanceTimersByTimeAsync(29_000);
    expect(isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    await closing;
    vi.useRealTimers();
    release();
    await worker.done;
    const again = await openEventStore({ dataDir });
    const seen: string[] = [];
    await again.consumer('deaf', ({ eventType }) => void seen.push(eventType));
    await until(() => seen.length > 0);
    expect(seen).toEqual(['order.placed']);
    await again.close();
  });
});
