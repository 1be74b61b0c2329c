import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../../src/index.js';
import { codeOf, collect, errorOf, newEvent, take, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const subject = 'order.placed';
const totals = {
  type: 'object',
  properties: { total: { type: 'integer' } },
  required: ['total'],
  additionalProperties: false,
};
const wider = {
  ...totals,
  properties: { total: { type: 'integer' }, currency: { type: 'string' } },
};
const stricter = { ...wider, required: ['total', 'currency'] };
const order = (payload: object) => newEvent('o-1', wrong(payload), { eventType: subject });

export function describeSchemas(mode: StoreMode): void {
  describeRegistry(mode);
  describeEnforcement(mode);
  describeUpcasters(mode);
}

function describeRegistry(mode: StoreMode): void {
  describe('schemas', () => {
    it('are registered, listed, read and deleted', async () => {
      const { schemas } = await mode.open();
      const options = { description: 'An order', tags: ['shop'] };
      const first = await schemas.register(subject, totals, options);
      expect(first).toMatchObject({
        ...{ subject, tenantId: 'default', version: 1, schema: totals, isNew: true, ...options },
        latestVersion: 1,
        ...{ compatibility: 'BACKWARD', enforcement: 'enforce' },
      });
      expect(first.createdAt).toBeGreaterThan(1_700_000_000_000_000);
      expect(await schemas.register(subject, totals)).toEqual({ ...first, isNew: false });
      const second = await schemas.register(subject, wider);
      expect(second).toMatchObject({ version: 2, latestVersion: 2, description: null, tags: [] });
      const earlier = { ...first, isNew: false, latestVersion: 2 };
      expect(await schemas.register(subject, totals)).toEqual(earlier);
      const { isNew: _, latestVersion: _latest, ...shown } = first;
      expect(await schemas.get(subject, { version: 1 })).toEqual(shown);
      expect((await schemas.get(subject)).id).toBe(second.id);
      expect(await schemas.versions(subject)).toEqual([1, 2]);
      await schemas.register('order.*', true);
      expect((await schemas.get('order.*')).schema).toBe(true);
      const violations = { refused: 0, warned: 0 };
      const rest = { tenantId: 'default', compatibility: 'BACKWARD', enforcement: 'enforce' };
      expect(await schemas.list()).toEqual([
        { subject: 'order.*', latestVersion: 1, violations, ...rest },
        { subject, latestVersion: 2, violations, ...rest },
      ]);
      await schemas.delete(subject, { version: 2 });
      expect(await schemas.versions(subject)).toEqual([1]);
      await schemas.delete(subject);
      expect(await codeOf(() => schemas.get(subject))).toBe('schema_not_found');
      expect((await schemas.register(subject, totals)).version).toBe(3);
    });

    it('are of a subject whatever its name', async () => {
      const { schemas } = await mode.open();
      for (const name of ['validate', 'versions', '__proto__', 'a.*']) {
        await schemas.register(name, true);
        expect((await schemas.get(name)).subject).toBe(name);
        expect(await schemas.versions(name)).toEqual([1]);
        await schemas.delete(name);
      }
      expect(await schemas.list()).toEqual([]);
    });

    it('must be compatible, and tell each breaking change', async () => {
      const { schemas } = await mode.open();
      await schemas.register(subject, totals);
      const error = await errorOf(() => schemas.register(subject, stricter));
      expect(error.code).toBe('incompatible_schema');
      const [detail] = error.details ?? [];
      expect(detail).toMatchObject({ subject, version: 1, rule: 'required_added' });
      const check = await schemas.check(subject, stricter);
      expect(check).toMatchObject({ compatible: false, compatibility: 'BACKWARD' });
      const [change] = check.breakingChanges;
      expect(change).toMatchObject({
        ...{ version: 1, kind: 'required_added', direction: 'backward' },
        ...{ pointer: detail?.pointer, advice: detail?.reason },
      });
      const fine = { compatible: true, compatibility: 'BACKWARD', breakingChanges: [] };
      expect(await schemas.check(subject, wider)).toEqual(fine);
      const changed = await schemas.setCompatibility(subject, 'NONE');
      expect(changed).toMatchObject({ subject, compatibility: 'NONE', latestVersion: 1 });
      expect((await schemas.register(subject, stricter)).version).toBe(2);
    });

    it('tell whether a payload would be taken', async () => {
      const { schemas } = await mode.open();
      await schemas.register(subject, totals);
      await schemas.register(subject, wider);
      const valid = { valid: true, errors: [], schemaVersion: 2 };
      expect(await schemas.validate(subject, { total: 1 })).toEqual(valid);
      const bad = await schemas.validate(subject, { total: 'one' });
      expect(bad).toMatchObject({ valid: false, errors: [{ pointer: '/total', rule: 'type' }] });
      const newer = { total: 1, currency: 'EUR' };
      expect(await schemas.validate(subject, newer)).toEqual(valid);
      const old = await schemas.validate(subject, newer, { version: 1 });
      expect(old).toMatchObject({
        ...{ valid: false, schemaVersion: 1 },
        errors: [{ rule: 'additionalProperties' }],
      });
    });

    it('are refused where a field is wrong, and name it', async () => {
      const { schemas } = await mode.open();
      await schemas.register(subject, totals);
      const calls: readonly [() => Promise<unknown>, string, string][] = [
        [() => schemas.register('A b', true), 'validation_error', 'subject'],
        [() => schemas.register('a', { type: 'strange' }), 'validation_error', 'type'],
        [() => schemas.register('a', true, { tags: [''] }), 'validation_error', 'tags'],
        [() => schemas.get('b'), 'schema_not_found', 'b'],
        [() => schemas.get(subject, { version: 9 }), 'schema_not_found', '9'],
        [() => schemas.versions('b'), 'schema_not_found', 'b'],
        [() => schemas.validate('b', 1), 'schema_not_found', 'b'],
        [() => schemas.delete('b'), 'schema_not_found', 'b'],
        [() => schemas.setCompatibility(subject, wrong('SOME')), 'validation_error', 'NONE'],
        [() => schemas.setEnforcement(subject, wrong('on')), 'validation_error', 'enforcement'],
        [() => schemas.setEnforcement('b', 'off'), 'schema_not_found', 'b'],
      ];
      for (const [call, code, told] of calls) {
        const error = await errorOf(call);
        expect(error.code, error.message).toBe(code);
        expect(error.message).toContain(told);
      }
    });
  });
}

function describeEnforcement(mode: StoreMode): void {
  describe('schemas, enforced', () => {
    it('refuse events that break them, and are told of by the others', async () => {
      const store = await mode.open();
      await store.schemas.register(subject, totals);
      const error = await errorOf(() => store.append(order({})));
      expect(error.code).toBe('payload_schema_violation');
      expect(error.details).toMatchObject([{ subject, version: 1, rule: 'required' }]);
      const batch = await errorOf(() => store.appendBatch([order({ total: 1 }), order({})]));
      expect(batch.details).toMatchObject([{ event: 1, field: 'payload' }]);
      expect(await collect(store.read())).toEqual([]);
      await store.append(order({ total: 1 }));
      await store.append(newEvent('o-1', 'anything', { eventType: 'order.paid' }));
      const [checked, other] = await collect(store.read());
      expect([checked?.schemaVersion, other?.schemaVersion]).toEqual([1, undefined]);
      const [info] = await store.schemas.list();
      expect(info?.violations).toEqual({ refused: 2, warned: 0 });
    });

    it('only count what breaks them, or look at nothing', async () => {
      const store = await mode.open();
      await store.schemas.register(subject, totals);
      const warned = await store.schemas.setEnforcement(subject, 'warn');
      expect(warned).toMatchObject({ subject, enforcement: 'warn' });
      await store.append(order({}));
      await store.schemas.setEnforcement(subject, 'off');
      await store.append(order({}));
      const [info] = await store.schemas.list();
      expect(info?.violations).toEqual({ refused: 0, warned: 1 });
    });

    it('are those of a tenant', async () => {
      const store = await mode.open();
      const theirs = { tenantId: 'acme' };
      await store.schemas.register(subject, totals, theirs);
      expect(await store.schemas.list()).toEqual([]);
      expect(await store.schemas.list(theirs)).toMatchObject([{ subject, tenantId: 'acme' }]);
      expect(await codeOf(() => store.schemas.get(subject))).toBe('schema_not_found');
      await store.append(order({}));
      const refused = () => store.append({ ...order({}), ...theirs });
      expect(await codeOf(refused)).toBe('payload_schema_violation');
    });
  });
}

function describeUpcasters(mode: StoreMode): void {
  describe('upcasters', () => {
    it('that are mappings are recorded, listed and deleted', async () => {
      const { schemas } = await mode.open();
      const operations = [{ op: 'add', path: 'currency', value: 'EUR' }] as const;
      const mapping = { eventType: subject, fromVersion: 1, operations };
      const added = await schemas.addUpcaster(mapping);
      expect(added).toEqual({ ...mapping, toVersion: 2 });
      const other = { ...mapping, fromVersion: 2, toVersion: 4 };
      expect(await schemas.addUpcaster(other)).toEqual(other);
      expect(await schemas.upcasters()).toEqual([added, other]);
      expect(await schemas.upcasters({ tenantId: 'acme' })).toEqual([]);
      expect(await codeOf(() => schemas.addUpcaster(mapping))).toBe('validation_error');
      const strange = { ...mapping, eventType: 'a', operations: [wrong({ op: 'move' })] };
      expect(await codeOf(() => schemas.addUpcaster(strange))).toBe('validation_error');
      await schemas.deleteUpcaster(subject, 1);
      expect(await schemas.upcasters()).toEqual([other]);
      const gone = () => schemas.deleteUpcaster(subject, 1);
      expect(await codeOf(gone)).toBe('schema_not_found');
    });

    it('make what subscriptions give that of the newest version, where they ask for it', async () => {
      const { store, entityId } = await withOldEvents(mode);
      const from = 'beginning';
      const events: StoredEvent[] = [];
      for await (const batch of store.subscribe({ from, upcast: 'latest' })) {
        events.push(...batch.events);
        if (events.length === 3) break;
      }
      expect(events.map(({ payload, schemaVersion }) => [payload, schemaVersion])).toEqual([
        [{ total: 1, currency: 'EUR' }, 2],
        [{ total: 2, currency: 'USD' }, 2],
        [{ any: 1e21 }, undefined],
      ]);
      const stored = await take(store.subscribe({ from }).events(), 3);
      expect(stored[0]?.payload).toEqual({ total: 1 });
      const live = take(store.subscribe({ upcast: 'latest' }).events(), 1);
      await store.append({ eventType: subject, entityId, payload: { total: 3, currency: 'CHF' } });
      expect((await live)[0]?.payload).toEqual({ total: 3, currency: 'CHF' });
    });

    it('that fail end the subscription, which goes on once they are mended', async () => {
      const { store } = await withOldEvents(mode);
      await store.schemas.deleteUpcaster(subject, 1);
      const subscribe = () => take(store.subscribe({ from: 1, upcast: 'latest' }).events(), 3);
      expect(await codeOf(subscribe)).toBe('unprocessable');
      await store.schemas.addUpcaster(toCurrency);
      expect(await subscribe()).toHaveLength(3);
    });

    it('are asked for by one word', async () => {
      const store = await mode.open();
      const error = await errorOf(() => take(store.subscribe({ upcast: wrong('newest') }), 1));
      expect(error.code).toBe('invalid_query');
      expect(error.message).toContain('upcast: expected');
    });
  });
}

const toCurrency = {
  eventType: subject,
  fromVersion: 1,
  operations: [{ op: 'add', path: 'currency', value: 'EUR' }],
} as const;

/** An event of version 1, one of version 2, and one without a schema. */
async function withOldEvents(mode: StoreMode) {
  const store = await mode.open();
  const entityId = 'order-1';
  const { schemas } = store;
  await schemas.register(subject, totals);
  await store.append({ eventType: subject, entityId, payload: { total: 1 } });
  await schemas.setCompatibility(subject, 'NONE');
  await schemas.register(subject, { ...wider, required: ['total', 'currency'] });
  await schemas.addUpcaster(toCurrency);
  await store.append({ eventType: subject, entityId, payload: { total: 2, currency: 'USD' } });
  await store.append({ eventType: 'note.added', entityId, payload: { any: 1e21 } });
  return { store, entityId };
}
