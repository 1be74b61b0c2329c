import { describe, expect, it } from 'vitest';
import type { EmbeddedStore, ReplayRequest } from '../../src/index.js';
import { codeOf, collect, errorOf, newEvent, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const counts = { name: 'counts', fields: { events: { fold: 'count' } } } as const;

async function counted(mode: StoreMode, tenantId?: string): Promise<EmbeddedStore> {
  const store = await mode.open();
  await store.projections.declare(counts, { tenantId });
  const events = Array.from({ length: 30 }, (_, i) => newEvent(`e-${i % 3}`, i));
  await store.appendBatch(events, { tenantId });
  return store;
}

export function describeReplays(mode: StoreMode): void {
  describe('replays', () => {
    it('build states anew of the events that are selected', async () => {
      const store = await counted(mode);
      const [, second] = await collect(store.read({ entityId: 'e-1' }));
      const since = second?.timestamp;
      const request: ReplayRequest = {
        ...{ projectionName: 'counts', entityId: 'e-1', eventType: 'thing.done' },
        ...{ fromTimestamp: since, mode: 'blue_green' },
        config: { batchSize: 2, emitProgress: true, progressInterval: 1 },
      };
      const begun = await store.replays.start(request);
      const { length: total } = await collect(store.read({ entityId: 'e-1', since }));
      expect(begun).toMatchObject({
        projections: ['counts'],
        totalEvents: total,
        mode: 'blue_green',
      });
      const ended = await store.replays.ended(begun.replayId);
      expect(ended).toMatchObject({
        ...{ status: 'completed', processedEvents: total, failedEvents: 0, errorMessage: null },
        ...{ progressPercentage: 100, remainingSeconds: null, startedAt: begun.startedAt },
      });
      expect(ended.completedAt).toBeGreaterThanOrEqual(begun.startedAt);
      const handle = await store.projections.get('counts');
      expect((await handle.list()).states).toEqual([{ key: 'e-1', state: { events: total } }]);
      expect(await store.replays.get(begun.replayId)).toEqual(ended);
      expect(await store.replays.list()).toEqual([ended]);
      await store.replays.delete(begun.replayId);
      expect(await store.replays.list()).toEqual([]);
    });

    it('are those of a tenant', async () => {
      const store = await counted(mode, 'acme');
      const { replayId } = await store.replays.start({ tenantId: 'acme' });
      expect(await codeOf(() => store.replays.get(replayId))).toBe('replay_not_found');
      expect(await store.replays.list()).toEqual([]);
      const { processedEvents } = await store.replays.ended(replayId, { tenantId: 'acme' });
      expect(processedEvents).toBe(30);
    });

    it('are waited for, cancelled and forgotten', async () => {
      const store = await counted(mode);
      const handle = await store.projections.get('counts');
      await handle.pause();
      const { replayId: id } = await store.replays.start();
      const waited = store.replays.ended(id, { signal: AbortSignal.timeout(20) });
      expect(await codeOf(() => waited)).toBe('aborted');
      expect(await codeOf(() => store.replays.start())).toBe('replay_running');
      expect(await codeOf(() => store.replays.delete(id))).toBe('replay_running');
      expect((await store.replays.cancel(id)).status).toBe('cancelled');
      expect((await store.replays.cancel(id)).status).toBe('cancelled');
      await handle.resume();
      await handle.waitFor(store.watermark);
      expect((await handle.get('e-0'))?.state).toEqual({ events: 10 });
      await store.replays.delete(id);
      for (const gone of [
        () => store.replays.get(id),
        () => store.replays.cancel(id),
        () => store.replays.ended(id),
        () => store.replays.delete(id),
      ]) {
        expect(await codeOf(gone)).toBe('replay_not_found');
      }
    });

    it('are refused where a field is wrong, and name it', async () => {
      const store = await counted(mode);
      for (const [request, field] of [
        [{ projektion: 'counts' }, 'projektion'],
        [{ config: { batches: 1 } }, 'config.batches'],
        [{ config: { batchSize: 0 } }, 'batch_size'],
        [{ mode: 'red' }, 'mode'],
        [{ fromTimestamp: 'yesterday' }, 'from_timestamp'],
      ] as const) {
        const { message } = await errorOf(() => store.replays.start(wrong(request)));
        expect(message).toContain(field);
      }
    });
  });
}
