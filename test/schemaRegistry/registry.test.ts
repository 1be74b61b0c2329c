import { describe, expect, it } from 'vitest';
import { openEventStore } from '../../src/index.js';
import type { EmbeddedStore, JsonValue } from '../../src/index.js';
import { codeOf, collect, errorOf, makeDirectory, openStore } from '../support/store.js';

const open = (): Promise<EmbeddedStore> => openStore({ memory: true });

const totals = { type: 'object', properties: { total: { type: 'integer' } }, required: ['total'] };
const priced = {
  ...totals,
  properties: { total: { type: 'integer' }, currency: { type: 'string' } },
};

const place = (store: EmbeddedStore, payload: JsonValue, eventType = 'order.placed') =>
  store.append({ eventType, entityId: 'o-1', payload });

describe('a registered schema', () => {
  it('is the next version of its subject, the same one again the one that is there', async () => {
    const store = await open();
    const first = await store.schemas.register('order.placed', totals, {
      description: 'An order',
      tags: ['shop', 'shop'],
    });
    expect(first).toMatchObject({
      ...{ subject: 'order.placed', tenantId: 'default', version: 1, isNew: true },
      ...{ description: 'An order', tags: ['shop'], schema: totals },
      ...{ compatibility: 'BACKWARD', enforcement: 'enforce' },
    });
    const { required, ...rest } = totals;
    const again = await store.schemas.register('order.placed', { required, ...rest });
    expect(again).toEqual({ ...first, isNew: false });
    await store.schemas.setCompatibility('order.placed', 'NONE');
    const second = await store.schemas.register('order.placed', true);
    expect(second.version).toBe(2);
    expect(await store.schemas.versions('order.placed')).toEqual([1, 2]);
    expect((await store.schemas.get('order.placed', { version: 1 })).id).toBe(first.id);
    expect((await store.schemas.get('order.placed')).schema).toBe(true);
  });

  it('must be compatible, and each breaking change is named', async () => {
    const store = await open();
    await store.schemas.register('order.placed', totals);
    const next = { ...totals, required: ['total', 'currency'] };
    const error = await errorOf(() => store.schemas.register('order.placed', next));
    expect(error.code).toBe('incompatible_schema');
    expect(error.message).toContain('against version 1 of order.placed, which is BACKWARD');
    expect(error.details).toEqual([
      expect.objectContaining({ subject: 'order.placed', version: 1, rule: 'required_added' }),
    ]);
    const check = await store.schemas.check('order.placed', next);
    expect(check).toMatchObject({ compatible: false, compatibility: 'BACKWARD' });
    expect(check.breakingChanges.map(({ kind, pointer }) => [kind, pointer])).toEqual([
      ['required_added', error.details?.[0]?.pointer],
    ]);
    expect(await store.schemas.versions('order.placed')).toEqual([1]);
    // A subject without versions takes anything that is a schema.
    expect(await store.schemas.check('other', next)).toMatchObject({ compatible: true });
  });

  it('is refused where it is none, and so are other bad options', async () => {
    const { schemas } = await open();
    expect(await codeOf(() => schemas.register('a', { type: 'strange' }))).toBe('validation_error');
    expect(await codeOf(() => schemas.register('', true))).toBe('validation_error');
    expect(await codeOf(() => schemas.register('a.*.b', true))).toBe('validation_error');
    expect(await codeOf(() => schemas.register('a', true, { tags: [''] }))).toBe(
      'validation_error',
    );
    expect(await codeOf(() => schemas.register('a', true, { tenantId: '$system' }))).toBe(
      'invalid_query',
    );
    expect(await codeOf(() => schemas.setCompatibility('a', 'SOME' as 'NONE'))).toBe(
      'validation_error',
    );
    expect(await codeOf(() => schemas.get('a'))).toBe('schema_not_found');
    await schemas.register('a', true);
    expect(await codeOf(() => schemas.get('a', { version: 2 }))).toBe('schema_not_found');
    expect(await codeOf(() => schemas.get('a', { version: 0.5 }))).toBe('validation_error');
  });
});

describe('enforcement', () => {
  it('refuses what breaks the schema, and stores the version of what does not', async () => {
    const store = await open();
    await store.schemas.register('order.placed', totals);
    await place(store, { total: 1 });
    const error = await errorOf(() => place(store, { total: 'much' }));
    expect(error.code).toBe('payload_schema_violation');
    expect(error.message).toContain('payload/total');
    await place(store, { total: 'much' }, 'order.paid');
    await store.schemas.register('order.placed', priced).catch(() => undefined);
    const [kept, other] = await collect(store.read());
    expect([kept?.schemaVersion, other?.schemaVersion]).toEqual([1, undefined]);
    expect(await store.schemas.list()).toMatchObject([
      { subject: 'order.placed', violations: { refused: 1, warned: 0 } },
    ]);
  });

  it('takes in and counts where the subject warns, and does not look where it is off', async () => {
    const store = await open();
    await store.schemas.register('order.*', totals);
    await store.schemas.setEnforcement('order.*', 'warn');
    await place(store, {});
    expect((await store.schemas.list())[0]?.violations).toEqual({ refused: 0, warned: 1 });
    await store.schemas.setEnforcement('order.*', 'off');
    await place(store, {});
    expect((await store.schemas.list())[0]?.violations).toEqual({ refused: 0, warned: 1 });
    await store.schemas.setEnforcement('order.*', 'enforce');
    expect(await codeOf(() => place(store, {}))).toBe('payload_schema_violation');
  });

  it('takes a bounded number of steps for one append, and says so', async () => {
    const store = await open();
    const schema = { items: { enum: Array.from({ length: 10_000 }, (_, i) => i) } };
    await store.schemas.register('order.placed', schema);
    // 15 million steps each.
    const payload = Array.from({ length: 1_500 }, () => 9_999);
    const events = Array.from({ length: 14 }, () => {
      return { eventType: 'order.placed', entityId: 'o-1', payload };
    });
    const error = await errorOf(() => store.appendBatch(events));
    expect(error.code).toBe('payload_schema_violation');
    expect(error.details?.[0]).toMatchObject({ event: 13, rule: 'steps' });
    expect(error.message).toContain('send fewer events at a time or make the schema simpler');
    // Those that cross together have their own steps each.
    await Promise.all(events.map((event) => store.append(event)));
  });

  it('that is off leaves a type to no prefix', async () => {
    const store = await open();
    await store.schemas.register('order.*', totals);
    await store.schemas.register('order.placed', totals);
    await store.schemas.setEnforcement('order.placed', 'off');
    await place(store, {});
    expect((await collect(store.read())).map((event) => event.schemaVersion)).toEqual([undefined]);
    expect(await codeOf(() => place(store, {}, 'order.paid'))).toBe('payload_schema_violation');
    await store.schemas.delete('order.placed');
    expect(await codeOf(() => place(store, {}))).toBe('payload_schema_violation');
  });

  it('is of the own schema of a type before that of a prefix, and of one tenant', async () => {
    const store = await open();
    await store.schemas.register('order.*', false);
    await store.schemas.register('order.placed', totals);
    await place(store, { total: 1 });
    expect(await codeOf(() => place(store, {}, 'order.paid'))).toBe('payload_schema_violation');
    const event = { eventType: 'order.paid', entityId: 'o-1', payload: {}, tenantId: 'other' };
    await store.append(event);
  });

  it('goes back to the version before one that is deleted, and ends with the last', async () => {
    const store = await open();
    await store.schemas.register('order.placed', totals);
    await store.schemas.setCompatibility('order.placed', 'NONE');
    await store.schemas.register('order.placed', false);
    expect(await codeOf(() => place(store, { total: 1 }))).toBe('payload_schema_violation');
    await store.schemas.delete('order.placed', { version: 2 });
    await place(store, { total: 1 });
    await store.schemas.delete('order.placed');
    await place(store, 'anything');
    expect(await store.schemas.list()).toEqual([]);
    expect((await store.schemas.register('order.placed', totals)).version).toBe(3);
  });

  it('is there from the first append on after a restart, and after what came before was dropped', async () => {
    const dataDir = await makeDirectory();
    const options = { dataDir, segmentBytesMax: 65_536, snapshots: { automatic: false } };
    const first = await openEventStore(options);
    await first.schemas.register('order.placed', totals, { tags: ['x'] });
    await first.schemas.register('order.*', true);
    await first.schemas.setEnforcement('order.*', 'warn');
    await first.schemas.addUpcaster({
      eventType: 'order.placed',
      fromVersion: 1,
      operations: [{ op: 'add', path: 'currency', value: 'EUR' }],
    });
    const known = await first.schemas.list();
    for (let i = 0; i < 300; i += 1) await place(first, { total: i, note: 'x'.repeat(1_000) });
    const { firstPosition } = await first.dropBefore(first.watermark);
    expect(firstPosition).toBeGreaterThan(100);
    await first.close();
    const store = await openStore(options);
    expect(await codeOf(() => place(store, {}))).toBe('payload_schema_violation');
    expect(await store.schemas.get('order.placed')).toMatchObject({ version: 1, tags: ['x'] });
    expect((await store.schemas.list()).map(({ violations: _, ...info }) => info)).toEqual(
      known.map(({ violations: _, ...info }) => info),
    );
    expect(await store.schemas.upcasters()).toHaveLength(1);
  });
});

describe('a payload that is asked about', () => {
  it('is valid under a version or not, and why', async () => {
    const { schemas } = await open();
    await schemas.register('order.placed', totals);
    expect(await schemas.validate('order.placed', { total: 1 })).toEqual({
      ...{ valid: true, errors: [], schemaVersion: 1 },
    });
    const { valid, errors } = await schemas.validate('order.placed', { total: 1.5 });
    expect(valid).toBe(false);
    expect(errors).toEqual([expect.objectContaining({ pointer: '/total', rule: 'type' })]);
  });
});
