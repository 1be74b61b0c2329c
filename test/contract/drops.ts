import { describe, expect, it, vi } from 'vitest';
import { codeOf, collect, newEvent, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';
import type { EmbeddedStore } from '../../src/index.js';

const segmentBytesMax = 64 * 1024;
const events = 600;

/** A store of many small segments whose events are all in index files, but for the last ones. */
async function fill(mode: StoreMode): Promise<EmbeddedStore> {
  const store = await mode.open({ segmentBytesMax });
  const text = 'x'.repeat(1000);
  const batch = Array.from({ length: events }, (_, i) =>
    newEvent(i < 10 ? 'early' : `entity-${i % 7}`, { text }, { eventType: i < 10 ? 'a.b' : 'a.c' }),
  );
  for (let i = 0; i < events; i += 10) await store.appendBatch(batch.slice(i, i + 10));
  const sealed = async () =>
    store.counters().indexedSegments === (await store.stats()).segments - 1;
  await vi.waitUntil(sealed, { timeout: 10_000, interval: 10 });
  // Merges go on for a moment: bytes are compared below.
  let [bytes, same] = [0, 0];
  const isStill = async (): Promise<boolean> => {
    const { storageBytes } = await store.stats();
    same = storageBytes === bytes ? same + 1 : 0;
    bytes = storageBytes;
    return same === 20;
  };
  await vi.waitUntil(isStill, { timeout: 10_000, interval: 10 });
  return store;
}

export function describeDrops(mode: StoreMode): void {
  describe('drops', () => {
    it('take whole segments from the front, and reads of these are told', async () => {
      const store = await fill(mode);
      const before = await store.stats();
      const head = await store.treeHead({ treeSize: 300 });
      const [first] = await collect(store.read({ entityId: 'early' }));
      const report = await store.dropBefore(200);
      expect(report.segments).toBeGreaterThan(1);
      expect(report.firstPosition).toBeGreaterThan(100);
      expect(report.firstPosition).toBeLessThanOrEqual(200);
      expect(await store.stats()).toMatchObject({
        totalEvents: events,
        firstPosition: report.firstPosition,
        segments: before.segments - report.segments,
        storageBytes: before.storageBytes - report.bytes,
      });
      for (const options of [{}, { entityId: 'early' }, { eventType: 'a.b' }, { limit: 1 }]) {
        expect(await codeOf(() => collect(store.read(options)))).toBe('events_dropped');
      }
      expect(await codeOf(() => store.state('entity-1'))).toBe('events_dropped');
      expect(await codeOf(() => store.getEvent(first?.id ?? ''))).toBe('events_dropped');
      expect(await codeOf(() => store.proveEvent(1))).toBe('events_dropped');
      const kept = await collect(store.read({ fromPosition: report.firstPosition }));
      expect(kept.map(({ position }) => position)).toEqual(
        Array.from(
          { length: events - report.firstPosition + 1 },
          (_, i) => report.firstPosition + i,
        ),
      );
      expect(await store.treeHead({ treeSize: 300 })).toEqual(head);
      expect((await store.verify()).events).toBe(kept.length);
    });

    it('leave versions and known ids as they are', async () => {
      const store = await mode.open({ segmentBytesMax });
      const eventId = '0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f';
      await store.append(newEvent('a', 1, { eventId }));
      const text = 'x'.repeat(20_000);
      for (let i = 0; i < 40; i++) await store.append(newEvent('b', { text }));
      const sealed = async () =>
        store.counters().indexedSegments === (await store.stats()).segments - 1;
      await vi.waitUntil(sealed, { timeout: 10_000, interval: 10 });
      expect((await store.dropBefore(20)).firstPosition).toBeGreaterThan(1);
      const again = () => store.append(newEvent('a', 1, { eventId }));
      expect(await codeOf(again)).toBe('events_dropped');
      expect((await store.append(newEvent('a', 2, { expectedVersion: 1 }))).version).toBe(2);
      const ids = (await store.entities()).entities.map(({ entityId }) => entityId);
      expect(ids).toEqual(['a', 'b']);
    });

    it('tell pages from the newest on when what was dropped is their turn', async () => {
      const store = await fill(mode);
      const { firstPosition } = await store.dropBefore(events);
      const page = await store.readPage({ order: 'desc', limit: events });
      expect(page.events.at(-1)?.position).toBe(firstPosition);
      const cursor = page.nextCursor ?? '';
      const next = () => store.readPage({ order: 'desc', limit: events, cursor });
      expect(await codeOf(next)).toBe('events_dropped');
    });

    it('refuse what is no position', async () => {
      const store = await mode.open();
      for (const position of [0, -1, 1.5, NaN, wrong('5')]) {
        expect(await codeOf(() => store.dropBefore(position))).toBe('invalid_query');
      }
      expect(await store.dropBefore(1000)).toEqual({ firstPosition: 1, segments: 0, bytes: 0 });
    });
  });
}
