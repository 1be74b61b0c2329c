import { describe, expect, it } from 'vitest';
import { defineReducer } from '../../src/index.js';
import type { EmbeddedStore, Reducer } from '../../src/index.js';
import { codeOf, collect, errorOf, line, newEvent, textOf, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

interface Account {
  balance: number;
  moves: number;
}
type AccountEvent =
  | { eventType: 'account.moved'; payload: { by: number } }
  | { eventType: 'account.failed'; payload: unknown }
  | { eventType: 'account.lost'; payload: unknown };

const account = defineReducer<Account, AccountEvent>({
  entityType: 'account',
  version: 3,
  init: () => ({ balance: 0, moves: 0 }),
  on: {
    'account.moved': ({ balance, moves }, { payload }) => ({
      balance: balance + payload.by,
      moves: moves + 1,
    }),
    'account.failed': () => {
      throw new Error('no such luck');
    },
    'account.lost': wrong(() => undefined),
  },
});

const moved = (entityId: string, by: number) =>
  newEvent(entityId, { by }, { eventType: 'account.moved' });

/** Ten moves of 1, 2, 3, …, with events between them that change nothing. */
async function appendMoves(store: EmbeddedStore, entityId = 'account-1'): Promise<void> {
  for (let by = 1; by <= 10; by += 1) {
    await store.append(moved(entityId, by));
    await store.append(newEvent(entityId, { by: 1000 }));
  }
}

function describeVersions(mode: StoreMode): void {
  describe('state at a version', () => {
    it('is the one that the entity had then', async () => {
      const store = await mode.open();
      for (let i = 1; i <= 12; i += 1) {
        await store.append(newEvent('e', { i, [`k${i % 3}`]: i }));
        await store.append(newEvent('other', { i: -i }));
      }
      for (let version = 1; version <= 12; version += 1) {
        const state = await store.state('e', { version, historyLimit: 2 });
        expect(state).toMatchObject({ version, eventCount: version, asOf: null });
        expect(state.currentState['i']).toBe(version);
        expect(state.history.map((event) => event.version)).toEqual(
          version === 1 ? [1] : [version - 1, version],
        );
      }
      const error = await errorOf(() => store.state('e', { version: 13 }));
      expect(error.code).toBe('entity_not_found');
      if (mode.isRemote !== true) expect(error.message).toContain('no version 13');
      expect(await codeOf(() => store.state('nobody', { version: 1 }))).toBe('entity_not_found');
    });

    it('is of the tenant that is asked for', async () => {
      const store = await mode.open();
      await store.append(newEvent('e', { of: 'default' }));
      await store.append(newEvent('e', { of: 'two' }, { tenantId: 'two' }));
      await store.append(newEvent('e', { of: 'default, later' }));
      const state = await store.state('e', { version: 1, tenantId: 'two' });
      expect(state.currentState).toEqual({ of: 'two' });
      const none = () => store.state('e', { version: 2, tenantId: 'two' });
      expect(await codeOf(none)).toBe('entity_not_found');
    });

    it.each([
      { version: 0 },
      { version: -1 },
      { version: 1.5 },
      { version: NaN },
      { version: '1' },
      { version: 1, asOf: '2026-01-01T00:00:00Z' },
      { merge: 'other' },
      { merge: 'constructor' },
    ])('refuses %j', async (options) => {
      const store = await mode.open();
      await store.append(newEvent('e'));
      expect(await codeOf(() => store.state('e', wrong(options)))).toBe('invalid_query');
    });
  });
}

function describeMerges(mode: StoreMode): void {
  describe('deep merge', () => {
    it('merges objects in objects, and null removes a key', async () => {
      const store = await mode.open();
      const payloads = [
        '{"a":{"b":1,"c":2},"d":1}',
        '[1]',
        '{"a":{"b":null,"x":{"y":1}},"d":null}',
      ];
      for (const payload of payloads) await store.appendBatch(Buffer.from(line('e', payload)));
      const deep = await store.state('e', { merge: 'deep' });
      expect(deep.currentState).toEqual({ a: { c: 2, x: { y: 1 } } });
      const before = await store.state('e', { merge: 'deep', version: 2 });
      expect(before.currentState).toEqual({ a: { b: 1, c: 2 }, d: 1 });
      const shallow = await store.state('e', { merge: 'shallow' });
      expect(shallow.currentState).toEqual({ a: { b: null, x: { y: 1 } }, d: null });
      expect(await store.state('e')).toEqual(shallow);
    });

    it('keeps the digits of numbers', async () => {
      const store = await mode.open();
      const payloads = ['{"o":{"n":1e400}}', '{"o":{"\\u006d":12345678901234567890}}', '{"z":1.0}'];
      for (const payload of payloads) await store.appendBatch(Buffer.from(line('e', payload)));
      const bytes = await store.wire.state('e', { merge: 'deep' });
      expect(textOf(bytes)).toContain(
        '"current_state":{"o":{"n":1e400,"\\u006d":12345678901234567890},"z":1.0}',
      );
    });
  });

  // A client has no reducers of the store that it does not see.
  if (mode.isRemote !== true) itRefusesToMerge(mode);
}

function itRefusesToMerge(mode: StoreMode): void {
  it('refuses to merge where a reducer makes the state', async () => {
    const store = await mode.open({ reducers: [account] });
    await appendMoves(store);
    expect((await store.state('account-1')).currentState).toEqual({ balance: 55, moves: 10 });
    expect((await store.state('account-1', { version: 3 })).currentState).toEqual({
      balance: 3,
      moves: 2,
    });
    for (const merge of ['deep', 'shallow'] as const) {
      const error = await errorOf(() => store.state('account-1', { merge }));
      expect(error.code).toBe('invalid_query');
      expect(error.details).toMatchObject([{ field: 'merge' }]);
      const document = () => store.wire.state('account-1', { merge });
      expect(await codeOf(document)).toBe('invalid_query');
    }
    await store.append(newEvent('another', { a: { b: 1 } }));
    expect((await store.state('another', { merge: 'deep' })).version).toBe(1);
  });
}

function describeReducers(mode: StoreMode): void {
  describe('state of a reducer', () => {
    it('is what its handlers made of the events, now, at a version and at a time', async () => {
      const store = await mode.open();
      await appendMoves(store);
      const events = await collect(store.read());
      const now = await store.stateOf(account, 'account-1');
      expect(now).toEqual({
        entityId: 'account-1',
        state: { balance: 55, moves: 10 },
        version: 20,
        lastUpdated: events.at(-1)?.timestamp,
      });
      for (let version = 1; version <= 20; version += 1) {
        const moves = Math.ceil(version / 2);
        const then = await store.stateOf(account, 'account-1', { version });
        expect(then.state).toEqual({ balance: (moves * (moves + 1)) / 2, moves });
        expect(then).toMatchObject({ version, lastUpdated: events[version - 1]?.timestamp });
      }
      const [fifth] = events.slice(4);
      const asOf = fifth?.timestamp ?? 0;
      const seen = events.filter(({ timestamp }) => timestamp <= asOf);
      const then = await store.stateOf(account, 'account-1', { asOf });
      expect(then.version).toBe(seen.length);
      const moves = seen.filter(({ eventType }) => eventType === 'account.moved').length;
      expect(then.state.moves).toBe(moves);
    });

    it('is typed, and of the tenant that is asked for', async () => {
      const store = await mode.open();
      await store.append({ ...moved('account-1', 7), tenantId: 'two' });
      const { state } = await store.stateOf(account, 'account-1', { tenantId: 'two' });
      const balance: number = state.balance;
      expect(balance).toBe(7);
      expect(await codeOf(() => store.stateOf(account, 'account-1'))).toBe('entity_not_found');
    });

    it('goes beyond one page of events', async () => {
      const store = await mode.open();
      const count = 12_000;
      await store.appendBatch(Array.from({ length: count }, () => moved('account-1', 1)));
      expect((await store.stateOf(account, 'account-1')).state.balance).toBe(count);
      const at = { version: count - 1 };
      expect((await store.stateOf(account, 'account-1', at)).state.balance).toBe(count - 1);
    });

    it('is not there where the entity, the version or the time is not', async () => {
      const store = await mode.open();
      await appendMoves(store);
      const first = (await store.readPage({ limit: 1 })).events[0];
      for (const [entityId, options] of [
        ['account-2', {}],
        ['account-2', { version: 1 }],
        ['account-1', { version: 21 }],
        ['account-1', { asOf: (first?.timestamp ?? 0) - 1 }],
      ] as const) {
        const call = () => store.stateOf(account, entityId, options);
        expect(await codeOf(call)).toBe('entity_not_found');
      }
    });

    it.each([
      { version: 0 },
      { version: -1 },
      { version: 1.5 },
      { version: '1' },
      { asOf: 'now' },
      { version: 1, asOf: '2026-01-01T00:00:00Z' },
      { tenantId: 5 },
      { tenantId: '$snapshots/default' },
    ])('refuses %j', async (options) => {
      const store = await mode.open();
      await appendMoves(store);
      const call = () => store.stateOf(account, 'account-1', wrong(options));
      expect(await codeOf(call)).toBe('invalid_query');
    });

    it.each([
      ['account.failed', 'no such luck'],
      ['account.lost', 'gave no state'],
    ])('names the handler that fails: %s', async (eventType, reason) => {
      const store = await mode.open();
      await store.append(moved('account-1', 1));
      await store.append(newEvent('account-1', 1, { eventType }));
      const error = await errorOf(() => store.stateOf(account, 'account-1'));
      expect(error.code).toBe('unprocessable');
      expect(error.message).toContain(`reducer account version 3, ${eventType} at version 2`);
      expect(error.message).toContain(reason);
      expect((await store.stateOf(account, 'account-1', { version: 1 })).state.balance).toBe(1);
    });

    it('needs no handler of an event type that an object has by itself', async () => {
      const store = await mode.open();
      await store.append(newEvent('account-1', 1, { eventType: 'constructor' }));
      const { state } = await store.stateOf<Account>(account as Reducer<Account>, 'account-1');
      expect(state).toEqual({ balance: 0, moves: 0 });
    });
  });
}

export function describeStates(mode: StoreMode): void {
  describeVersions(mode);
  describeMerges(mode);
  describeReducers(mode);
}
