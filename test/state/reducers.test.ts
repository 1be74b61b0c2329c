import { describe, expect, it } from 'vitest';
import { defineReducer } from '../../src/index.js';
import type { Reducer, ReducerDefinition } from '../../src/index.js';
import { Reducers } from '../../src/state/reducers.js';
import { codeOf, errorOf, makeDirectory, openStore, wrong } from '../support/store.js';

const usual = { entityType: 'order', version: 1, init: () => ({}), on: {} };

function reducer(entityType: string, entityIdPrefix?: string): Reducer {
  return defineReducer({ ...usual, entityType, entityIdPrefix });
}

describe('defineReducer', () => {
  it.each<[string, unknown]>([
    ['entityType', ''],
    ['entityType', 'Order'],
    ['entityType', 'or.der'],
    ['entityType', '-order'],
    ['entityType', 'x'.repeat(65)],
    ['entityType', 5],
    ['version', 0],
    ['version', 1.5],
    ['version', '1'],
    ['version', NaN],
    ['entityIdPrefix', ''],
    ['entityIdPrefix', 5],
    ['init', {}],
    ['init', undefined],
  ])('refuses the %s %j', async (field, value) => {
    const definition: ReducerDefinition<object> = { ...usual, [field]: wrong(value) };
    const error = await errorOf(() => defineReducer(definition));
    expect(error.code).toBe('invalid_configuration');
    expect(error.message).toContain(`reducer: ${field}: `);
  });

  it('refuses a handler that is no function', async () => {
    const on = { 'order.placed': wrong(5) };
    const error = await errorOf(() => defineReducer({ ...usual, on }));
    expect(error.message).toContain('on["order.placed"]: expected a function, got 5');
  });

  it('is for ids that begin with the type and a dash, or as it says', () => {
    expect(reducer('order').entityIdPrefix).toBe('order-');
    expect(reducer('order', 'o/').entityIdPrefix).toBe('o/');
  });
});

describe('the reducers of a store', () => {
  it('are chosen by the longest beginning of the id', () => {
    const [order, web, all] = [reducer('order'), reducer('web', 'order-web-'), reducer('all', 'o')];
    const reducers = new Reducers([order, web, all]);
    expect(reducers.of('order-1')).toBe(order);
    expect(reducers.of('order-web-1')).toBe(web);
    expect(reducers.of('order-web')).toBe(order);
    expect(reducers.of('other')).toBe(all);
    expect(reducers.of('user-1')).toBeUndefined();
  });

  it.each([
    ['entityType', [reducer('order'), reducer('order', 'x')]],
    ['entityIdPrefix', [reducer('order'), reducer('other', 'order-')]],
  ])('have each their own %s', async (name, reducers) => {
    const error = await errorOf(() => openStore({ memory: true, reducers }));
    expect(error.code).toBe('invalid_configuration');
    expect(error.message).toContain(`two have the ${name} "order`);
  });

  it('that are refused leave the directory to who opens it next', async () => {
    const dataDir = await makeDirectory();
    const reducers = [reducer('order'), reducer('order')];
    expect(await codeOf(() => openStore({ dataDir, reducers }))).toBe('invalid_configuration');
    expect((await openStore({ dataDir })).readOnly).toBe(false);
  });
});

describe('a snapshot policy', () => {
  it.each([
    { automatic: 'yes' },
    { eventThreshold: 1 },
    { eventThreshold: 1_000_001 },
    { eventThreshold: 2.5 },
    { timeThresholdSeconds: 0 },
    { timeThresholdSeconds: '60' },
    { perEntityMax: 0 },
    { perEntityMax: Infinity },
    { threshold: 5 },
  ])('refuses %j', async (snapshots) => {
    const call = () => openStore({ memory: true, snapshots: wrong(snapshots) });
    const error = await errorOf(call);
    expect(error.code).toBe('invalid_configuration');
    expect(error.message).toContain(`snapshots.${Object.keys(snapshots).join('')}: `);
  });

  it.each([{ snapshots: wrong(5) }, { snapshots: wrong(null) }, { reducers: wrong(5) }])(
    'refuses %j',
    async (options) => {
      const call = () => openStore({ memory: true, ...options });
      expect(await codeOf(call)).toBe('invalid_configuration');
    },
  );
});
