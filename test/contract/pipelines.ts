import { describe, expect, it } from 'vitest';
import { pipeline } from '../../src/index.js';
import type { EventStore, JsonValue, NewEvent, TopicMessage } from '../../src/index.js';
import { until } from '../projections/support.js';
import { codeOf, collect, errorOf, newEvent, take, wrong } from '../support/store.js';
import type { StoreMode } from '../support/store.js';

const sums = pipeline('sums')
  .from('order.*')
  .filter('total', 'gte', 10)
  .reduce({ function: 'sum', field: 'total', groupBy: 'region' })
  .toEvent({ eventType: 'sum.changed', entityId: 'sum-{group.region}' });

const all = pipeline('all').from('order.*').toTopic('orders');

const order = (payload: JsonValue, more: Partial<NewEvent> = {}): NewEvent =>
  newEvent('o-1', payload, { eventType: 'order.placed', ...more });

async function place(store: EventStore, payload: JsonValue, tenantId = 'default') {
  return (await store.append(order(payload, { tenantId }))).position;
}

async function caughtUp(store: EventStore, id: string, position: number): Promise<void> {
  await until(async () => (await store.pipelines.get(id)).position >= position);
}

export function describePipelines(mode: StoreMode): void {
  describeManaging(mode);
  describeRunning(mode);
  describeTopics(mode);
}

function describeManaging(mode: StoreMode): void {
  describe('pipelines', () => {
    it('are made, listed, looked at and deleted', async () => {
      const store = await mode.open();
      const made = await store.pipelines.create(sums, { id: 'p' });
      expect(made).toMatchObject({
        ...{ id: 'p', tenantId: 'default', name: 'sums', status: 'running' },
        ...{ definition: sums, lastProcessed: null, failure: null },
        statistics: { processed: 0, emitted: 0, openPanes: 0, position: 0 },
      });
      const theirs = { ...all, tenantId: 'acme' };
      const other = await store.pipelines.create(theirs);
      expect(other.definition).toEqual(theirs);
      const ids = async (tenantId?: string) =>
        (await store.pipelines.list({ tenantId })).map(({ id }) => id);
      expect([await ids(), await ids('acme')]).toEqual([['p'], [other.id]]);
      expect((await store.pipelines.get(other.id, { tenantId: 'acme' })).name).toBe('all');
      expect(await store.pipelines.create(sums, { id: 'p' })).toMatchObject({ id: 'p' });
      expect(await codeOf(() => store.pipelines.create(all, { id: 'p' }))).toBe('pipeline_exists');
      await store.pipelines.delete('p');
      for (const gone of [
        () => store.pipelines.get('p'),
        () => store.pipelines.get(other.id),
        () => store.pipelines.delete('p'),
        () => store.pipelines.pause('p'),
        () => store.pipelines.resume('p'),
        () => store.pipelines.reset('p'),
        () => store.pipelines.dropped('p'),
        () => store.pipelines.test('p', []),
      ]) {
        expect(await codeOf(gone)).toBe('pipeline_not_found');
      }
    });

    it('are made of the JSON of the wire, and say what is wrong with it', async () => {
      const store = await mode.open();
      const operators = [{ type: 'filter', field: 'a_b', op: 'eq', value: { some_name: 1 } }];
      const made = await store.pipelines.create({ name: 'w', operators, tenant_id: 'acme' });
      expect(made.definition).toMatchObject({
        ...{ tenantId: 'acme', sourceEventTypes: [], operators, enabled: true },
        output: { type: 'topic', name: 'w' },
      });
      const bad = { name: 'a b', operators: [{ type: 'filtre' }] };
      const error = await errorOf(() => store.pipelines.create(bad));
      expect(error.code).toBe('validation_error');
      const fields = error.details?.map(({ field }) => field);
      expect(fields).toEqual(['name', 'operators[0].type']);
    });

    it.each<[string, unknown]>([
      ['an id with a blank', { id: 'a b' }],
      ['the id of a path', { id: 'stats' }],
      ['an unknown place to begin at', { from: 'yesterday' }],
      ['a position to begin at', { from: 5 }],
    ])('are not made with %s', async (_, options) => {
      const store = await mode.open();
      const error = await errorOf(() => store.pipelines.create(all, wrong(options)));
      expect(error.code).toBe('validation_error');
      expect(error.details?.[0]?.field).toMatch(/^(id|from)$/);
      expect(await store.pipelines.list()).toEqual([]);
    });
  });
}

function describeRunning(mode: StoreMode): void {
  describe('a pipeline', () => {
    it('begins with what follows, or with the whole log', async () => {
      const store = await mode.open();
      await place(store, { region: 'eu', total: 20 });
      await store.pipelines.create(sums, { id: 'late' });
      const whole = pipeline('whole')
        .from('order.*')
        .reduce({ function: 'count' })
        .toEvent({ eventType: 'count.changed' });
      await store.pipelines.create(whole, { id: 'whole', from: 'beginning' });
      const position = await place(store, { region: 'eu', total: 30 });
      await caughtUp(store, 'late', position);
      await caughtUp(store, 'whole', position);
      const values = async (eventType: string) =>
        (await collect(store.read({ eventType }))).map(({ payload }) => payload);
      await until(async () => (await values('count.changed')).length === 2);
      expect(await values('sum.changed')).toMatchObject([{ value: 30 }]);
      expect(await values('count.changed')).toMatchObject([{ value: 1 }, { value: 2 }]);
    });

    it('is paused, resumed and reset', async () => {
      const store = await mode.open();
      await store.pipelines.create(sums, { id: 'p' });
      await caughtUp(store, 'p', await place(store, { region: 'eu', total: 20 }));
      const paused = await store.pipelines.pause('p');
      expect([paused.status, paused.definition?.enabled]).toEqual(['paused', false]);
      const position = await place(store, { region: 'eu', total: 5 });
      expect((await store.pipelines.get('p')).position).toBeLessThan(position);
      expect((await store.pipelines.resume('p')).definition).toEqual(sums);
      await caughtUp(store, 'p', position);
      const { statistics, lastProcessed } = await store.pipelines.get('p');
      expect(statistics).toMatchObject({ processed: 2, filtered: 1, emitted: 1, position });
      expect(lastProcessed).toBeTypeOf('number');
      expect((await store.pipelines.reset('p')).statistics.processed).toBe(0);
    });

    it('tells of what failed', async () => {
      const store = await mode.open();
      const twice = pipeline('twice').map('total', 'multiply:2').toTopic('twice');
      await store.pipelines.create(twice, { id: 'p' });
      const position = await place(store, { total: 'much' });
      await until(async () => (await store.pipelines.dropped('p')).length === 1);
      const [dropped] = await store.pipelines.dropped('p');
      expect(dropped).toMatchObject({ position, outcome: 'failed' });
      expect(dropped?.reason).toContain('operators[0]');
    });

    it('is tried on events that are not stored', async () => {
      const store = await mode.open();
      await store.pipelines.create(sums, { id: 'p' });
      const tested = await store.pipelines.test('p', [
        order({ region: 'us', total: 99 }, { tags: ['x'], metadata: { a: 1 } }),
        order({ region: 'us', total: 1 }),
      ]);
      expect(tested.emissions).toMatchObject([
        {
          output: { type: 'event', eventType: 'sum.changed', entityId: 'sum-us' },
          value: { value: 99, count: 1 },
        },
      ]);
      expect(tested.emissions[0]?.key).toBe('e1');
      expect(Math.abs((tested.emissions[0]?.time ?? 0) / 1000 - Date.now())).toBeLessThan(60_000);
      expect(tested.dropped).toMatchObject([{ outcome: 'filtered' }]);
      expect(tested.statistics).toMatchObject({ processed: 2, filtered: 1, emitted: 1 });
      expect(await collect(store.read())).toEqual([]);
      expect((await store.pipelines.get('p')).statistics.processed).toBe(0);
    });

    it('is tried on 10 000 events at most', async () => {
      const store = await mode.open();
      await store.pipelines.create(sums, { id: 'p' });
      const payload = { region: 'us', total: 1, text: 'x'.repeat(300) };
      const events = Array.from({ length: 10_000 }, () => order(payload));
      expect((await store.pipelines.test('p', events)).statistics.processed).toBe(10_000);
      const more = [...events, order(payload)];
      expect(await codeOf(() => store.pipelines.test('p', more))).toBe('validation_error');
    });
  });
}

function describeTopics(mode: StoreMode): void {
  describe('a topic', () => {
    it('gives what was there, then what comes, each message once and in order', async () => {
      const store = await mode.open();
      await store.pipelines.create(all, { id: 'p' });
      for (let n = 1; n <= 20; n += 1) await place(store, { n });
      const seen = take(store.pipelines.subscribe('orders', { from: 'beginning' }), 40);
      for (let n = 21; n <= 40; n += 1) await place(store, { n });
      const messages = await seen;
      expect(messages.map(({ value }) => value)).toEqual(
        Array.from({ length: 40 }, (_, i) => ({ n: i + 1 })),
      );
      const events = await collect(store.read());
      expect(messages.map(({ time }) => time)).toEqual(events.map(({ timestamp }) => timestamp));
      expect(new Set(messages.map(({ id }) => id)).size).toBe(40);
      expect(messages[0]).toMatchObject({ topic: 'orders', pipeline: 'p' });
      const positions = messages.map(({ position }) => position);
      expect(positions).toEqual([...positions].sort((a, b) => a - b));
      const from = (messages[9]?.position ?? 0) + 1;
      const rest = await take(store.pipelines.subscribe('orders', { from }), 30);
      expect(rest).toEqual(messages.slice(10));
    });

    it('begins with what comes out after the call, where no place is given', async () => {
      const store = await mode.open();
      await store.pipelines.create(all, { id: 'p' });
      const first = await take(store.pipelines.subscribe('orders', { from: 1 }), 0);
      expect(first).toEqual([]);
      await place(store, { n: 1 });
      await take(store.pipelines.subscribe('orders', { from: 'beginning' }), 1);
      const subscription = store.pipelines.subscribe('orders');
      await place(store, { n: 2 });
      expect(await take(subscription, 1)).toMatchObject([{ value: { n: 2 } }]);
    });

    it('is of one tenant, and of one name', async () => {
      const store = await mode.open();
      await store.pipelines.create(all, { id: 'p' });
      await store.pipelines.create({ ...all, tenantId: 'acme' }, { id: 'p' });
      const other = pipeline('other').from('order.*').toTopic('others');
      await store.pipelines.create(other, { id: 'other' });
      await place(store, { n: 1 });
      await place(store, { n: 2 }, 'acme');
      await place(store, { n: 3 }, 'acme');
      await place(store, { n: 4 });
      const from = 'beginning';
      const valuesOf = async (topic: string, tenantId?: string) =>
        (await take(store.pipelines.subscribe(topic, { from, tenantId }), 2)).map(
          ({ value }) => value,
        );
      expect(await valuesOf('orders')).toEqual([{ n: 1 }, { n: 4 }]);
      expect(await valuesOf('orders', 'acme')).toEqual([{ n: 2 }, { n: 3 }]);
      expect(await valuesOf('others')).toEqual([{ n: 1 }, { n: 4 }]);
    });

    it('ends with its signal', async () => {
      const store = await mode.open();
      const stop = new AbortController();
      const seen: TopicMessage[] = [];
      const done = (async () => {
        const options = { from: 'beginning', signal: stop.signal } as const;
        for await (const message of store.pipelines.subscribe('orders', options)) {
          seen.push(message);
          stop.abort();
        }
      })();
      await store.pipelines.create(all, { id: 'p' });
      await store.appendBatch([order({ n: 1 }), order({ n: 2 })]);
      await done;
      expect(seen).toMatchObject([{ value: { n: 1 } }]);
    });

    it.each<[string, unknown, unknown]>([
      ['a name with a blank', 'a b', {}],
      ['no name', '', {}],
      ['a name that is no text', 5, {}],
      ['an unknown place', 'orders', { from: 'yesterday' }],
      ['a position below 0', 'orders', { from: -1 }],
      ['a tenant of the store', 'orders', { tenantId: '$system' }],
    ])('is refused with %s', async (_, topic, options) => {
      const store = await mode.open();
      const subscribe = () => store.pipelines.subscribe(wrong(topic), wrong(options));
      expect(await codeOf(subscribe)).toBe('invalid_query');
    });
  });
}
