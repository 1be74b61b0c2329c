// Projections that threads import: the tests and the victim, which start them, import the same.
import { existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { defineProjection } from '../../dist/index.js';

const module = import.meta.url;

/** Changes a state in place, and keeps the order in which events came. */
function take(state, { position }) {
  state.count += 1;
  state.positions = [...state.positions, position].slice(-20);
  return state;
}

const common = { version: 1, init: () => ({ count: 0, positions: [] }) };

const parking = {
  ...{ ...common, onError: 'park' },
  on: {
    'order.placed': (state, event) => {
      // It has changed when it fails.
      const taken = take(state, event);
      if (event.payload === 13) throw new Error('unlucky');
      return taken;
    },
    'order.deleted': () => null,
  },
};

export const lists = defineProjection({
  ...{ ...parking, name: 'lists' },
  partitions: { module, export: 'lists' },
});

/** Keys are not those of entities; some events have none, and some a wrong one. */
export const customers = defineProjection({
  ...{ ...parking, name: 'customers' },
  key: ({ payload }) => {
    if (payload === 17) throw new Error('no customer');
    if (payload === 19) return ' ';
    return payload === 11 ? null : `customer-${Number(payload) % 9}`;
  },
  partitions: { module, export: 'customers' },
});

export const heads = defineProjection({
  ...{ name: 'heads', version: 1, init: () => ({ count: 0 }), readsPayload: false },
  key: ({ eventType }) => eventType,
  on: { 'order.*': ({ count }) => ({ count: count + 1 }) },
  partitions: { module, export: 'heads' },
});

export const stopping = defineProjection({
  ...{ ...common, name: 'stopping' },
  on: {
    'order.placed': (state, event) => {
      // Threads and whoever starts them see the same file.
      if (existsSync(event.payload?.obstacle ?? '')) throw new Error('no room for this');
      return take(state, event);
    },
  },
  partitions: { module, export: 'stopping' },
});

export const retrying = { ...stopping, name: 'retrying', onError: 'retry' };
retrying.partitions = { module, export: 'retrying' };

/** In a thread an event does not end while there is an obstacle. */
export const waiting = defineProjection({
  ...{ ...common, name: 'waiting' },
  on: {
    'order.placed': (state, event) => {
      while (!isMainThread && existsSync(event.payload?.obstacle ?? ''));
      return take(state, event);
    },
  },
  partitions: { module, export: 'waiting' },
});

export const exiting = defineProjection({
  ...{ ...common, name: 'exiting' },
  on: {
    'order.placed': (state, event) => {
      if (event.payload === 30 && !isMainThread) process.exit(3);
      return take(state, event);
    },
  },
  partitions: { module, export: 'exiting' },
});

/** States so large that a commit of as many keys as at first is none. */
export const large = defineProjection({
  ...{ name: 'large', version: 1, init: () => ({ count: 0, text: '' }) },
  on: { 'order.placed': ({ count }) => ({ count: count + 1, text: 'x'.repeat(280_000) }) },
  partitions: { module, export: 'large' },
});

export const unnamed = 'no projection';
