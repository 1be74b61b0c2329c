import { expect, it } from 'vitest';
import { defineUpcaster } from '../../src/schemas/index.js';
import type { EmbeddedStore } from '../../src/index.js';
import { codeOf, collect, errorOf, openStore } from '../support/store.js';

const whole = { type: 'object', required: ['total'], properties: { total: { type: 'number' } } };
const cents = { type: 'object', required: ['cents'], properties: { cents: { type: 'integer' } } };
const toCents = {
  eventType: 'order.placed',
  fromVersion: 1,
  operations: [
    { op: 'transform', path: 'total', transform: 'multiply:100' },
    { op: 'rename', from: 'total', to: 'cents' },
  ],
} as const;

async function evolved(options = {}): Promise<EmbeddedStore> {
  const store = await openStore({ memory: true, ...options });
  await store.schemas.register('order.placed', whole);
  await store.append({ eventType: 'order.placed', entityId: 'o-1', payload: { total: 12 } });
  await store.schemas.setCompatibility('order.placed', 'NONE');
  await store.schemas.register('order.placed', cents);
  await store.append({ eventType: 'order.placed', entityId: 'o-2', payload: { cents: 7 } });
  return store;
}

const payloads = [{ cents: 1200 }, { cents: 7 }];

it('gives payloads of the newest version to reads that ask for it, by object and by byte', async () => {
  const store = await evolved();
  await store.schemas.addUpcaster(toCents);
  const events = await collect(store.read({ upcast: 'latest' }));
  expect(events.map(({ payload }) => payload)).toEqual(payloads);
  expect(events.map(({ schemaVersion }) => schemaVersion)).toEqual([2, 2]);
  expect((await store.readPage({ upcast: 'latest' })).events).toEqual(events);
  const { bytes, count } = await store.readBytes({ upcast: 'latest' });
  const page = JSON.parse(bytes.toString()) as { events: { payload: unknown }[]; count: number };
  expect(page.events.map(({ payload }) => payload)).toEqual(payloads);
  expect(page).toMatchObject({ count, next_cursor: null });
  const lines = Buffer.concat(await collect(store.readNdjson({ upcast: 'latest' })));
  expect(
    lines
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(page.events);
  const [first] = await collect(store.read());
  expect(first).toMatchObject({ payload: { total: 12 }, schemaVersion: 1 });
  const id = first?.id ?? '';
  expect(await store.getEvent(id, { upcast: 'latest' })).toEqual(events[0]);
  const document = await store.getEventBytes(id, { upcast: 'latest' });
  expect(JSON.parse(String(document))).toEqual(page.events[0]);
});

it('takes upcasters that are code, and none beside a mapping of the same version', async () => {
  const up = ({ total }: { total: number }) => ({ cents: total * 100 });
  const upcasters = [defineUpcaster({ eventType: 'order.placed', fromVersion: 1, up })];
  const store = await evolved({ upcasters });
  const events = await collect(store.read({ upcast: 'latest' }));
  expect(events.map(({ payload }) => payload)).toEqual(payloads);
  expect(await codeOf(() => store.schemas.addUpcaster(toCents))).toBe('validation_error');
  expect(await store.schemas.upcasters()).toEqual([]);
});

it('says which event has no upcaster, and needs none between compatible versions', async () => {
  const store = await evolved();
  const error = await errorOf(() => collect(store.read({ upcast: 'latest' })));
  expect(error.code).toBe('unprocessable');
  expect(error.message).toContain('order.placed, version 1');
  const [first] = await collect(store.read());
  expect(error.message).toContain(first?.id);
  await store.schemas.addUpcaster(toCents);
  const looser = { ...cents, required: [] };
  await store.schemas.register('order.placed', looser);
  const events = await collect(store.read({ upcast: 'latest' }));
  expect(events.map(({ schemaVersion }) => schemaVersion)).toEqual([3, 3]);
  await store.schemas.deleteUpcaster('order.placed', 1);
  expect(await codeOf(() => store.schemas.deleteUpcaster('order.placed', 1))).toBe(
    'schema_not_found',
  );
  expect(await codeOf(() => collect(store.read({ upcast: 'latest' })))).toBe('unprocessable');
});

it('refuses to read what it does not know', async () => {
  const store = await evolved();
  const upcast = 'newest' as 'latest';
  expect(await codeOf(() => store.readPage({ upcast }))).toBe('invalid_query');
  expect(await codeOf(() => store.getEvent('x', { upcast }))).toBe('invalid_query');
});
