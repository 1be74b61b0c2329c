import { Ajv } from 'ajv';
import { describe, expect, it, onTestFinished } from 'vitest';
import { errorOfProblem } from '../../src/client/wire/answers.js';
import type { Problem } from '../../src/client/wire/answers.js';
import { toEvent } from '../../src/client/wire/documents.js';
import type { WireEvent } from '../../src/client/wire/documents.js';
import { problemText } from '../../src/server/http/problem.js';
import { ConsumerRegistry } from '../../src/consumers/index.js';
import type { JsonValue, NewEvent, OpenOptions, StoredEvent } from '../../src/index.js';
import { verifyEvent } from '../../src/proof/index.js';
import { NativeEventStore, SystemAccess, openCore } from '../../src/eventStore/index.js';
import type { PayloadGate } from '../../src/eventStore/index.js';
import {
  chunksOf,
  codeOf,
  collect,
  errorOf,
  line,
  makeDirectory,
  newEvent,
  textOf,
  uuid,
  waitUntil,
} from '../support/store.js';

const orderNumber = 1;
const orderSchema = {
  type: 'object',
  properties: { total: { type: 'number' }, items: { type: 'array', items: { type: 'string' } } },
  required: ['total'],
};

/** What a gate knows of a subject, by its number. */
interface Known {
  readonly subject: string;
  version: number;
  schema: object;
}

/** Compiles schemas as the registry does; counts what it is asked. */
class TestGate implements PayloadGate {
  readonly asked: { subject: number; payload: unknown }[] = [];
  begun = 0;
  readonly #known = new Map<number, Known & { validate: ReturnType<Ajv['compile']> }>();

  know(number: number, known: Known): void {
    const validate = new Ajv({ allErrors: true }).compile(known.schema);
    this.#known.set(number, { ...known, validate });
  }

  begin(): void {
    this.begun += 1;
  }

  check(subject: number, payload: unknown): ReturnType<PayloadGate['check']> {
    this.asked.push({ subject, payload });
    const known = this.#known.get(subject);
    if (known === undefined) throw new Error(`no subject has the number ${subject}`);
    if (known.validate(payload)) return known.version;
    const violations = (known.validate.errors ?? []).map(({ instancePath, keyword, message }) => ({
      pointer: instancePath,
      rule: keyword,
      message: message ?? '',
    }));
    return { subject: known.subject, version: known.version, violations };
  }
}

interface Gated {
  readonly store: NativeEventStore;
  readonly log: SystemAccess;
  readonly gate: TestGate;
}

/** A store with a schema of `order.placed`, version 2. */
async function openGated(options: OpenOptions = { memory: true }): Promise<Gated> {
  const core = await openCore(options, { milestoneEvery: 0 });
  const store = new NativeEventStore(core, options);
  onTestFinished(() => store.close());
  const log = new SystemAccess(core);
  const gate = new TestGate();
  gate.know(orderNumber, { subject: 'order.placed', version: 2, schema: orderSchema });
  log.setPayloadGate(gate);
  log.setSubject('default', 'order.placed', orderNumber);
  return { store, log, gate };
}

const order = (payload: JsonValue, more: Partial<NewEvent> = {}): NewEvent =>
  newEvent('order-1', payload, { eventType: 'order.placed', ...more });
const orderLine = (payload: string, more: Record<string, unknown> = {}): string =>
  line('order-1', payload, { event_type: 'order.placed', ...more });

const good = { total: 42 };
const bad = { total: 'much' };
const goodLine = orderLine(JSON.stringify(good));
const badLine = orderLine(JSON.stringify(bad));
const other = newEvent('thing-1', { total: 'anything' });
const otherLine = line('thing-1', '{"total":"anything"}');

const versionsOf = (events: readonly StoredEvent[]) => events.map((event) => event.schemaVersion);
const detail = {
  field: 'payload',
  subject: 'order.placed',
  version: 2,
  pointer: '/total',
  rule: 'type',
  reason: 'must be number',
};
const sentence = 'payload/total: must be number (schema order.placed version 2)';

const caller = { tenantId: 'default', isOnlyTenant: false };

describe('a payload that breaks the schema of its type', () => {
  const bytes = (...lines: string[]) => Buffer.from(lines.join('\n'));
  const cases: Record<string, [(gated: Gated) => Promise<unknown>, string, object]> = {
    'as an object': [({ store }) => store.append(order(bad)), '', {}],
    'as an object under a condition': [
      ({ store }) => store.append(order(bad), { failIfEventsMatch: { eventTypes: ['none'] } }),
      'events[0]: ',
      { event: 0 },
    ],
    'as a line of bytes': [({ store }) => store.wire.append(Buffer.from(badLine), caller), '', {}],
    'as bytes on several lines': [
      ({ store }) => store.wire.append(Buffer.from(`\n${badLine}`), caller),
      '',
      {},
    ],
    'in a batch of objects': [
      ({ store }) => store.appendBatch([order(good), other, order(bad)]),
      'events[2]: ',
      { event: 2 },
    ],
    'in a JSON array': [
      ({ store }) => store.appendBatch(Buffer.from(`[${otherLine},${goodLine},${badLine}]`)),
      'events[2]: ',
      { event: 2 },
    ],
    'in a batch body': [
      ({ store }) =>
        store.wire.appendBatch(Buffer.from(`{"events":[${otherLine},${badLine}]}`), {
          ...caller,
          format: 'json',
          return: 'full',
        }),
      'events[1]: ',
      { event: 1 },
    ],
    'in NDJSON with blank lines': [
      ({ store }) => store.appendBatch(bytes('', goodLine, ' \t\r', otherLine, '', badLine, '')),
      'line 6: ',
      { line: 6 },
    ],
    'in a stream of NDJSON': [
      ({ store }) => store.appendBatch(chunksOf(`${otherLine}\r\n${badLine}`, 10)),
      'line 2: ',
      { line: 2 },
    ],
  };

  it.each(Object.entries(cases))('is refused %s, and nothing is stored', async (_, row) => {
    const [append, place, where] = row;
    const gated = await openGated();
    const error = await errorOf(() => append(gated));
    expect(error.code).toBe('payload_schema_violation');
    expect(error.status).toBe(400);
    expect(error.message).toBe(place + sentence);
    expect(error.details).toEqual([{ ...detail, ...where }]);
    expect(gated.store.watermark).toBe(0);
    await gated.store.append(order(good));
    expect(versionsOf(await collect(gated.store.read()))).toEqual([2]);
  });

  it('ends an ingest at its line of the whole input', async () => {
    const { store } = await openGated();
    const lines: string[] = Array.from({ length: 100 }, () => goodLine);
    lines[34] = badLine;
    const error = await errorOf(() =>
      store.ingest(chunksOf(lines.join('\n')), { batchEvents: 10, inFlight: 4 }),
    );
    expect(error.code).toBe('payload_schema_violation');
    expect(error.message).toBe(`line 35: ${sentence}`);
    expect(error.details?.[0]?.line).toBe(35);
    expect((await collect(store.read())).length).toBe(30);
  });

  it('is told to a client as in the process', async () => {
    const { store } = await openGated();
    const error = await errorOf(() => store.appendBatch([order(good), order(bad)]));
    const problem = JSON.parse(problemText(error, 'request-1')) as Problem;
    const { code, message, details } = errorOfProblem(problem);
    expect({ code, message, details }).toEqual({
      code: 'payload_schema_violation',
      message: `events[1]: ${sentence}`,
      details: [{ ...detail, event: 1 }],
    });
  });

  it('leaves alone the single appends that cross beside it', async () => {
    const { store } = await openGated();
    const payloads = [good, bad, good, { total: [] }, good];
    const outcomes = await Promise.allSettled([
      ...payloads.map((payload) => store.append(order(payload))),
      store.append(other),
    ]);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      false,
      true,
      false,
      true,
      true,
    ]);
    const events = await collect(store.read());
    expect(events.map(({ version }) => version)).toEqual([1, 2, 3, 1]);
    expect(versionsOf(events)).toEqual([2, 2, 2, undefined]);
  });

  it('is told with each violation, of every event, up to sixteen', async () => {
    const { store } = await openGated();
    const two = await errorOf(() => store.appendBatch([order({ items: [1] }), order(bad)]));
    expect(two.message).toBe(
      "events[0]: payload: must have required property 'total' (schema order.placed version 2), " +
        'and 2 more in details',
    );
    expect(two.details?.map(({ event, pointer, rule }) => [event, pointer, rule])).toEqual([
      [0, '', 'required'],
      [0, '/items/0', 'type'],
      [1, '/total', 'type'],
    ]);
    const many = await errorOf(() =>
      store.appendBatch(Array.from({ length: 50 }, () => order(bad))),
    );
    expect(many.details?.length).toBe(16);
  });

  it('is refused in events of a handler, which go the way of a handler that failed', async () => {
    const { store, log } = await openGated();
    const registry = new ConsumerRegistry(log);
    onTestFinished(() => registry.close());
    await registry.start('orders', (_, { append }) => append(order(bad)), {
      filter: { eventType: 'thing.done' },
      maxAttempts: 1,
    });
    await store.append(newEvent('thing-1'));
    const consumer = await registry.get('orders');
    await waitUntil(() => consumer.describe().deadLetters === 1);
    expect((await store.eventTypes()).eventTypes.map(({ eventType }) => eventType)).toEqual([
      'thing.done',
    ]);
  });
});

describe('a payload that keeps to the schema of its type', () => {
  it('is stored with the version that it was checked against, also by a handler', async () => {
    const { store, log } = await openGated();
    const registry = new ConsumerRegistry(log);
    onTestFinished(() => registry.close());
    await registry.start('orders', (_, { append }) => append(order(good)), {
      filter: { eventType: 'thing.done' },
    });
    await store.append(newEvent('thing-1'));
    await waitUntil(() => log.eventCountOf('default') === 2);
    const [event] = (await store.readPage({ eventType: 'order.placed' })).events;
    expect(event).toMatchObject({ payload: good, schemaVersion: 2 });
  });

  it('is read back with it in both names, after the store was opened again', async () => {
    const dataDir = await makeDirectory();
    const first = await openGated({ dataDir });
    const { eventId } = await first.store.append(order(good));
    await first.store.appendBatch(Buffer.from(`${otherLine}\n${goodLine}`));
    await first.store.close();
    const { store } = await openGated({ dataDir });
    expect(versionsOf(await collect(store.read()))).toEqual([2, undefined, 2]);
    expect((await store.getEvent(eventId))?.schemaVersion).toBe(2);
    const wire: unknown = JSON.parse(textOf(await store.getEventBytes(eventId)));
    expect(wire).toMatchObject({ schema_version: 2 });
    expect(toEvent(wire as WireEvent)).toEqual(await store.getEvent(eventId));
    const lines = textOf(Buffer.concat(await collect(store.readNdjson())))
      .trim()
      .split('\n');
    const found = lines.map(
      (text) => (JSON.parse(text) as { schema_version?: number }).schema_version,
    );
    expect(found).toEqual([2, undefined, 2]);
    expect((await store.verify()).ok).toBe(true);
  });

  it('is proven together with its version', async () => {
    const { store } = await openGated();
    const { position } = await store.append(order(good));
    const proof = await store.proveEvent(position);
    expect((await verifyEvent(proof, await store.treeHead())).position).toBe(position);
    // Of a record, a leaf has the bytes from offset 48 on behind 16 of its own.
    expect(Buffer.from(proof.leaf, 'base64').readUInt32LE(80 - 48 + 16)).toBe(2);
  });
});

describe('the gate', () => {
  it('is not asked about types without a subject, nor about other tenants', async () => {
    const { store, gate } = await openGated();
    await store.append(other);
    await store.appendBatch([other, newEvent('a', {}, { eventType: 'order.placed.late' })]);
    await store.appendBatch(Buffer.from(`${otherLine}\n${otherLine}`));
    await store.append(order(bad, { tenantId: 'elsewhere' }));
    expect(gate.asked).toEqual([]);
  });

  it('is asked with the values of payloads, whatever their text is', async () => {
    const { store, gate } = await openGated();
    const texts = [
      '{"total":1,"text":"é ☃ \\ud83d\\ude00 \\ud800"}',
      ' { "total" : 1 , "much" : 1e400 , "__proto__" : { "x" : 1 } } ',
      '{"total":12345678901234567890,"deep":[[[{}]]]}',
    ];
    for (const text of texts) await store.appendBatch(Buffer.from(orderLine(text)));
    await store.appendBatch(Buffer.from(texts.map((text) => orderLine(text)).join('\n')));
    const values = texts.map((text) => JSON.parse(text) as unknown);
    expect(gate.asked.map(({ payload }) => payload)).toEqual([...values, ...values]);
  });

  it('is asked about types with a prefix, after the type itself and the longer prefix', async () => {
    const { store, log, gate } = await openGated();
    const any = { type: 'object' };
    gate.know(2, { subject: 'order.*', version: 5, schema: any });
    gate.know(3, { subject: 'order.late.*', version: 6, schema: any });
    log.setSubject('default', 'order.*', 2);
    log.setSubject('default', 'order.late.*', 3);
    const types = ['order.placed', 'order.paid', 'order.late.x', 'order.late', 'order', 'orders.x'];
    await store.appendBatch(types.map((eventType) => newEvent('a', good, { eventType })));
    expect(gate.asked.map(({ subject }) => subject)).toEqual([1, 2, 3, 2]);
    const events = await collect(store.read());
    expect(versionsOf(events)).toEqual([2, 5, 6, 5, undefined, undefined]);
    const error = await errorOf(() =>
      store.append(newEvent('a', 1, { eventType: 'order.late.x' })),
    );
    expect(error.message).toBe(
      'payload: must be object (schema order.late.* version 6 of order.late.x)',
    );
  });

  it('is asked no more about a subject that was taken away', async () => {
    const { store, log, gate } = await openGated();
    log.setSubject('default', 'order.placed', undefined);
    await store.append(order(bad));
    expect(gate.asked).toEqual([]);
  });

  it('is asked about all of a batch that crosses in many pieces', async () => {
    const { store, gate } = await openGated();
    const count = 5000;
    const filler = 'x'.repeat(1000);
    const events = Array.from({ length: count }, (_, total) =>
      total % 3 === 0 ? other : order({ total, filler }),
    );
    await store.appendBatch(events, { return: 'summary' });
    const expected = events.filter((event) => event !== other).map(({ payload }) => payload);
    expect(gate.asked.map(({ payload }) => payload)).toEqual(expected);
    const found = versionsOf(await collect(store.read()));
    expect(found).toEqual(events.map((event) => (event === other ? undefined : 2)));

    const last = await errorOf(() => store.appendBatch([...events, order(bad)]));
    expect(last.details?.[0]?.event).toBe(count);
    expect(store.watermark).toBe(count);
  });

  it('begins anew for each append: once for a batch of many pieces, and for each single one', async () => {
    const { store, gate } = await openGated();
    await store.appendBatch(Array.from({ length: 3_000 }, () => order(good)));
    expect(gate.begun).toBe(1);
    await Promise.all([good, good, good].map((payload) => store.append(order(payload))));
    expect(gate.begun).toBe(4);
  });

  it('is asked about payloads that are larger than a piece', async () => {
    const { store } = await openGated();
    const filler = 'é'.repeat(900_000);
    await store.appendBatch([order({ total: 1, filler }), order({ total: 2, filler })]);
    expect(versionsOf(await collect(store.read()))).toEqual([2, 2]);
    const error = await errorOf(() =>
      store.appendBatch([order({ total: 1, filler }), order({ total: '2', filler })]),
    );
    expect(error.details?.[0]?.event).toBe(1);
  });

  it('is not asked about what the store itself writes, but about what a caller gives it', async () => {
    const { store, log, gate } = await openGated();
    await log.append([{ ...order(bad), tenantId: 'default' }]);
    await log.appendTexts([JSON.stringify({ ...order(bad), tenantId: 'default' })]);
    expect(gate.asked).toEqual([]);
    expect(await codeOf(() => log.appendChecked([order(bad)]))).toBe('payload_schema_violation');
    expect(store.watermark).toBe(2);
    expect(() => log.setSubject('$system', 'a', 1)).toThrow('not checked');
  });
});

describe('an event that is sent again', () => {
  const eventId = uuid(7);

  it('is the same after its schema has changed, alone and in a batch', async () => {
    const { store, gate } = await openGated();
    const first = await store.append(order(good, { eventId }));
    gate.know(orderNumber, { subject: 'order.placed', version: 3, schema: { type: 'array' } });
    const again = await store.append(order(good, { eventId }));
    expect(again).toEqual({ ...first, deduplicated: true });
    const batch = await store.appendBatch([order(good, { eventId }), order([])]);
    expect(batch.results.map(({ deduplicated }) => deduplicated)).toEqual([true, false]);
    expect(versionsOf(await collect(store.read()))).toEqual([2, 3]);
  });

  it('is a conflict where its content is another, whether or not that is valid', async () => {
    const { store } = await openGated();
    await store.append(order(good, { eventId }));
    for (const payload of [{ total: 43 }, bad]) {
      expect(await codeOf(() => store.append(order(payload, { eventId })))).toBe(
        'event_id_conflict',
      );
    }
    expect(store.watermark).toBe(1);
  });

  it('is refused where it was never stored', async () => {
    const { store } = await openGated();
    for (let i = 0; i < 2; i += 1) {
      expect(await codeOf(() => store.append(order(bad, { eventId })))).toBe(
        'payload_schema_violation',
      );
    }
    expect((await store.append(order(good, { eventId }))).deduplicated).toBe(false);
  });
});
