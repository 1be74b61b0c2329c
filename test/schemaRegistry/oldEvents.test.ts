// Which version an event is of, and what becomes of its bytes.
import { expect, it } from 'vitest';
import type { EmbeddedStore, JsonValue } from '../../src/index.js';
import { collect, errorOf, line, openStore, textOf, waitUntil } from '../support/store.js';

const eventType = 'order.placed';
const whole = { type: 'object', required: ['total'], properties: { total: { type: 'number' } } };
const cents = { type: 'object', required: ['cents'], properties: { cents: { type: 'integer' } } };
const toCents = {
  eventType,
  fromVersion: 1,
  operations: [
    { op: 'transform', path: 'total', transform: 'multiply:100' },
    { op: 'rename', from: 'total', to: 'cents' },
  ],
} as const;

const place = (store: EmbeddedStore, payload: JsonValue) =>
  store.append({ eventType, entityId: 'o-1', payload });
const payloadsOf = async (store: EmbeddedStore) =>
  (await collect(store.read({ upcast: 'latest' }))).map(({ payload }) => payload);

/** Times of registrations are in whole milliseconds. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  await waitUntil(() => Date.now() > now + 1);
}

async function changed(store: EmbeddedStore, schema = cents): Promise<void> {
  await nextMillisecond();
  await store.schemas.setCompatibility(eventType, 'NONE');
  await store.schemas.register(eventType, schema);
  await nextMillisecond();
}

it('takes what was written without a version for version 1 only while there was no version 2', async () => {
  const store = await openStore({ memory: true });
  await place(store, { total: 1 });
  await store.schemas.register(eventType, whole);
  await store.schemas.addUpcaster(toCents);
  await store.schemas.setEnforcement(eventType, 'warn');
  await changed(store);
  await store.schemas.setEnforcement(eventType, 'off');
  // In the new shape: as version 1 it would have lost what it has.
  await place(store, { cents: 7, total: 3 });
  expect(await payloadsOf(store)).toEqual([{ cents: 100 }, { cents: 7, total: 3 }]);
  const bytes = (await store.readBytes({ upcast: 'latest' })).bytes.toString();
  expect(bytes).toContain('{"cents":7,"total":3}');
  await place(store, { total: 'much' });
  const error = await errorOf(() => payloadsOf(store));
  const last = (await collect(store.read())).at(-1);
  expect(error.code).toBe('unprocessable');
  expect(error.message).toContain(
    `event ${last?.id ?? '?'} (order.placed, version 3): it was taken in`,
  );
  expect(error.message).toContain('add an upcaster from version 0');
  await store.schemas.addUpcaster({
    ...{ eventType, fromVersion: 0, toVersion: 2 },
    operations: [{ op: 'set', path: 'cents', value: 0 }],
  });
  expect((await payloadsOf(store)).at(-1)).toEqual({ total: 'much', cents: 0 });
});

it('does not take a version of a prefix for one of the type', async () => {
  const store = await openStore({ memory: true });
  await store.schemas.register('order.*', true);
  await place(store, { cents: 5, total: 9 });
  await place(store, { strange: 1 });
  await nextMillisecond();
  await store.schemas.register(eventType, whole);
  await store.schemas.addUpcaster(toCents);
  await nextMillisecond();
  await place(store, { total: 2 });
  await changed(store);
  const [first, second] = await collect(store.read());
  expect([first?.schemaVersion, second?.schemaVersion]).toEqual([1, 1]);
  const upcast = (id: string | undefined) => store.getEvent(id ?? '', { upcast: 'latest' });
  expect((await upcast(first?.id))?.payload).toEqual({ cents: 5, total: 9 });
  const error = await errorOf(() => upcast(second?.id));
  expect(error.code).toBe('unprocessable');
  expect(error.message).toContain('it was not checked against order.placed');
  const third = (await collect(store.read()))[2];
  expect((await upcast(third?.id))?.payload).toEqual({ cents: 200 });
});

it('keeps the bytes of events that need no upcast', async () => {
  const store = await openStore({ memory: true });
  const large = '{"n":12345678901234567890,"t":"]}\\\\\\"{[","list":[[{}],[]]}';
  const other = line('o-1', large, { event_type: 'other.done' });
  const old = line('o-1', '{"total":1}', { event_type: eventType });
  await store.schemas.register(eventType, whole);
  await store.schemas.addUpcaster(toCents);
  await store.appendBatch(Buffer.from([other, old, other].join('\n')));
  const untouched = await store.readBytes({ upcast: 'latest', eventType: 'other.done' });
  const stored = await store.readBytes({ eventType: 'other.done' });
  expect(untouched.bytes.toString()).toBe(textOf(stored.bytes));
  const mixed = (await store.readBytes({ upcast: 'latest' })).bytes.toString();
  expect(mixed.split(large)).toHaveLength(3);
  expect(mixed).toContain('{"cents":100}');
  expect(JSON.parse(mixed)).toMatchObject({ count: 3, events: [{}, { schema_version: 2 }, {}] });
  const lines = Buffer.concat(await collect(store.readNdjson({ upcast: 'latest' }))).toString();
  expect(lines.split(large)).toHaveLength(3);
  expect(lines.trim().split('\n')).toHaveLength(3);
  const [first] = await collect(store.read());
  const document = await store.getEventBytes(first?.id ?? '', { upcast: 'latest' });
  expect(textOf(document)).toContain(large);
});
