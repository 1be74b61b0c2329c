import { describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../src/index.js';
import {
  chunksOf,
  codeOf,
  collect,
  errorOf,
  expectIntact,
  expectOrdered,
  line,
  newEvent,
  wrong,
} from '../support/store.js';
import type { StoreMode } from '../support/store.js';

/** Every call that a closed store must refuse. */
const calls: [string, (store: EmbeddedStore) => unknown][] = [
  ['append', (store) => store.append(newEvent('a'))],
  ['appendBatch', (store) => store.appendBatch([newEvent('a')])],
  ['ingest', (store) => store.ingest(chunksOf(''))],
  ['read', (store) => store.read()],
  ['readPage', (store) => store.readPage()],
  ['readBytes', (store) => store.readBytes()],
  ['readNdjson', (store) => store.readNdjson()],
  ['getEvent', (store) => store.getEvent('x')],
  ['getEventBytes', (store) => store.getEventBytes('x')],
  ['state', (store) => store.state('a')],
  ['entities', (store) => store.entities()],
  ['eventTypes', (store) => store.eventTypes()],
  ['stats', (store) => store.stats()],
  ['counters', (store) => store.counters()],
  ['subscribe', (store) => store.subscribe()],
  ['pipelines.create', (store) => store.pipelines.create({ name: 'p', operators: [] })],
  ['pipelines.subscribe', (store) => store.pipelines.subscribe('t')],
  ['treeHead', (store) => store.treeHead()],
  ['proveEvent', (store) => store.proveEvent(1)],
  ['proveConsistency', (store) => store.proveConsistency(1)],
  ['dropBefore', (store) => store.dropBefore(1)],
  ['verify', (store) => store.verify()],
  [
    'wire.append',
    (store) =>
      store.wire.append(Buffer.from(line('a')), { tenantId: 'default', isOnlyTenant: false }),
  ],
  ['wire.getEvent', (store) => store.wire.getEvent('x', 'default')],
  ['wire.stats', (store) => store.wire.stats(undefined)],
  ['wire.state', (store) => store.wire.state('a', {})],
];

/** What is asked of the store in this process, not of a server. */
const insides = new Set(
  ['counters', 'dropBefore', 'verify'].concat(
    calls.map(([name]) => name).filter((name) => name.startsWith('wire.')),
  ),
);

const badEvents: [string, unknown][] = [
  ['null', null],
  ['nothing', undefined],
  ['text', 'event'],
  ['an array', []],
  ['an empty object', {}],
  ['no payload', { eventType: 'a', entityId: 'a' }],
  ['a payload that JSON can’t hold', { eventType: 'a', entityId: 'a', payload: undefined }],
  ['a BigInt', { eventType: 'a', entityId: 'a', payload: 1n }],
  ['a number as the entity', { eventType: 'a', entityId: 1, payload: 1 }],
  ['null as the type', { eventType: null, entityId: 'a', payload: 1 }],
  ['metadata that is no object', { eventType: 'a', entityId: 'a', payload: 1, metadata: [1] }],
  ['a field that is not known', { eventType: 'a', entityId: 'a', payload: 1, entity_id: 'a' }],
  ['a tenant that is no text', { eventType: 'a', entityId: 'a', payload: 1, tenantId: 1 }],
];

const badBatches: [string, unknown, unknown][] = [
  ['null', null, {}],
  ['text', 'text', {}],
  ['an object', {}, {}],
  ['an array of null', [null], {}],
  ['a stream of text', chunksOfText(), {}],
  ['a tenant that is no text', [newEvent('a')], { tenantId: 1 }],
  ['a bad tenant', [newEvent('a')], { tenantId: 'a b' }],
  ['conditions that are text', [newEvent('a')], { conditions: 'a' }],
  ['conditions that are an array', [newEvent('a')], { conditions: [1] }],
  ['conditions on a bad entity id', [newEvent('a')], { conditions: { ' a': 1 } }],
  ['another kind of answer', [newEvent('a')], { return: 'ids' }],
];

async function* chunksOfText(): AsyncGenerator<string> {
  yield 'text';
}

function describeMisuse(mode: StoreMode): void {
  describe('misuse', () => {
    it.each(badEvents)('append refuses %s', async (_, event) => {
      const store = await mode.open();
      expect(await codeOf(() => store.append(wrong(event)))).toBe('validation_error');
      expect(store.watermark).toBe(0);
    });

    it.each(badBatches)('appendBatch refuses %s', async (_, events, options) => {
      const store = await mode.open();
      const call = (): unknown => store.appendBatch(wrong(events), wrong(options));
      expect(await codeOf(call)).toBe('validation_error');
      expect(store.watermark).toBe(0);
    });

    it('names the field of an unknown name and of a wrong value', async () => {
      const store = await mode.open();
      const unknown = { ...newEvent('a'), colour: 'red' };
      const error = await errorOf(() => store.append(wrong(unknown)));
      expect(error.details).toEqual([
        { field: 'colour', reason: expect.stringContaining('not a field') },
      ]);
      const type = await errorOf(() => store.append(newEvent('a', 1, { eventType: 'A' })));
      expect(type.details?.[0]?.field).toBe('eventType');
    });

    it.each([5, null, {}])('getEvent refuses %j', async (id) => {
      const store = await mode.open();
      expect(await codeOf(() => store.getEvent(wrong(id)))).toBe('invalid_query');
      expect(await codeOf(() => store.getEventBytes(wrong(id)))).toBe('invalid_query');
    });
  });
}

function describeClose(mode: StoreMode): void {
  describe('close', () => {
    it('may be called twice, and at the same time', async () => {
      const store = await mode.open();
      await store.append(newEvent('a'));
      await Promise.all([store.close(), store.close()]);
      await store.close();
      await store[Symbol.asyncDispose]();
    });

    const remote = ([name]: (typeof calls)[number]): boolean => !insides.has(name);
    it.each(mode.isRemote === true ? calls.filter(remote) : calls)(
      'makes %s an error',
      async (_, call) => {
        const store = await mode.open();
        await store.append(newEvent('a'));
        await store.close();
        expect(await codeOf(() => call(store))).toBe('store_closed');
        if (mode.isRemote === true) return;
        expect(store.watermark).toBe(1);
        expect(store.readOnly).toBe(true);
      },
    );

    it('finishes the appends under way', async () => {
      const store = await mode.open();
      const appends = [
        ...Array.from({ length: 500 }, (_, i) => store.append(newEvent(`e${i % 3}`, i))),
        store.appendBatch(Array.from({ length: 500 }, () => newEvent('b'))),
      ];
      const closing = store.close();
      expect(await codeOf(() => store.append(newEvent('late')))).toBe('store_closed');
      await closing;
      await Promise.all(appends);
      expect(store.watermark).toBe(1000);
    });

    it('ends a read that is under way', async () => {
      const store = await mode.open();
      await store.appendBatch(Array.from({ length: 5000 }, () => newEvent('a')));
      const reading = codeOf(() => store.readNdjson());
      const checking = store.verify();
      await store.close();
      expect(await reading).toBe('store_closed');
      expect(await checking).toMatchObject({ ok: true });
    });
  });
}

function describePressure(mode: StoreMode): void {
  describe('backpressure', () => {
    it('lets appends wait where the queue is small', async () => {
      const queueBytesMax = 4096;
      const store = await mode.open({ queueBytesMax });
      let queuedMost = 0;
      const watch = (): void => {
        queuedMost = Math.max(queuedMost, store.counters().queuedBytes);
      };
      const singles = Array.from({ length: 3000 }, (_, i) =>
        store.append(newEvent(`e${i % 10}`, i)).then(watch),
      );
      const batches = Array.from({ length: 20 }, () =>
        store
          .appendBatch(Array.from({ length: 100 }, () => newEvent('b', 'x'.repeat(200))))
          .then(watch),
      );
      await Promise.all([...singles, ...batches]);
      expect(store.watermark).toBe(5000);
      // A queue that is empty takes one append, however large it is.
      expect(queuedMost).toBeLessThanOrEqual(queueBytesMax + 100 * 400);
      expectOrdered(await collect(store.read()));
    });
  });

  describe('verify', () => {
    it('finds nothing wrong and says how far it is', async () => {
      const store = await mode.open();
      expect(await store.verify()).toMatchObject({ ok: true, events: 0 });
      await store.appendBatch(Array.from({ length: 5000 }, (_, i) => newEvent(`e${i % 9}`, i)));
      const seen: number[] = [];
      const report = await store.verify({ onProgress: ({ bytesDone }) => seen.push(bytesDone) });
      expect(report).toMatchObject({ ok: true, events: 5000 });
      expect(report.files.map((file) => file.damage)).toEqual([null]);
      expect(seen.at(-1)).toBeGreaterThan(0);
      await expectIntact(store);
    });

    it('checks up to the watermark while appends go on', async () => {
      const store = await mode.open();
      const appends = Array.from({ length: 2000 }, (_, i) => store.append(newEvent('a', i)));
      for (let i = 0; i < 5; i++) expect((await store.verify()).ok).toBe(true);
      await Promise.all(appends);
      await expectIntact(store);
    });

    it('begins with the file of a position', async () => {
      const store = await mode.open();
      await store.verify({ sincePosition: 1 });
      await store.appendBatch(Array.from({ length: 9 }, (_, i) => newEvent('a', i)));
      for (const sincePosition of [1, 5, 9, undefined]) {
        expect(await store.verify({ sincePosition })).toMatchObject({ ok: true, events: 9 });
      }
      for (const sincePosition of [0, -1, 1.5, NaN, 10]) {
        expect(await codeOf(() => store.verify({ sincePosition }))).toBe('invalid_query');
      }
    });

    it('ends on abort', async () => {
      const store = await mode.open();
      await store.appendBatch(Array.from({ length: 20_000 }, (_, i) => newEvent('a', i)));
      const controller = new AbortController();
      const checking = codeOf(() => store.verify({ signal: controller.signal }));
      controller.abort();
      expect(await checking).toBe('aborted');
      expect(await codeOf(() => store.verify({ signal: AbortSignal.abort() }))).toBe('aborted');
      await expectIntact(store);
    });
  });
}

export function describeLifecycle(mode: StoreMode): void {
  describeMisuse(mode);
  describeClose(mode);
  describePressure(mode);
}
