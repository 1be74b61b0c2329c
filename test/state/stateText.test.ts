import { describe, expect, it } from 'vitest';
import { defineReducer } from '../../src/index.js';
import { stateText } from '../../src/state/stateText.js';
import { errorOf } from '../support/store.js';

const order = defineReducer({ entityType: 'order', version: 2, init: () => ({}), on: {} });
class Money {
  readonly cents = 5;
}
const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;

describe('the text of a state', () => {
  it.each([
    [{ a: [1, 'x', null, true, { b: {} }] }],
    [[]],
    ['text'],
    [5],
    [null],
    [Object.assign(Object.create(null) as object, { a: 1 })],
  ])('is that of JSON: %j', (state) => {
    expect(stateText(order, state).toString()).toBe(JSON.stringify(state));
  });

  it('leaves members out that are undefined', () => {
    expect(stateText(order, { a: undefined, b: 1 }).toString()).toBe('{"b":1}');
  });

  it.each([
    ['a Date', { at: new Date(0) }, '.at'],
    ['a Date', { lines: [{ at: 1 }, { at: new Date(0) }] }, '.lines[1].at'],
    ['a Map', { 'of each': { map: new Map() } }, '["of each"].map'],
    ['a Set', [new Set()], '[0]'],
    ['a Money', { price: new Money() }, '.price'],
    ['a Uint8Array', { bytes: new Uint8Array(1) }, '.bytes'],
    ['a bigint', { total: 5n }, '.total'],
    ['NaN', { a: { total: NaN } }, '.a.total'],
    ['-Infinity', { total: -Infinity }, '.total'],
    ['a function', { a: { toJSON: () => 1 } }, '.a.toJSON'],
    ['a symbol', { a: Symbol('x') }, '.a'],
    ['undefined', { list: [1, undefined] }, '.list[1]'],
    ['undefined', { list: new Array<number>(1) }, '.list[0]'],
    ['more than 128 levels', cycle, '.self.self'],
  ])('is not made of %s', async (name, state, path) => {
    const error = await errorOf(() => stateText(order, state));
    expect(error.code).toBe('unprocessable');
    expect(error.message).toContain(`reducer order version 2: the state has ${name} at ${path}`);
  });

  it.each([
    ['a Map', new Map()],
    ['undefined', undefined],
    ['NaN', NaN],
  ])('is not made of a state that is %s', async (name, state) => {
    const { message } = await errorOf(() => stateText(order, state));
    expect(message).toContain(`reducer order version 2: the state is ${name}, which JSON`);
  });
});
