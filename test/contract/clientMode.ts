import { onTestFinished } from 'vitest';
import { connect } from '../../src/client/node.js';
import type { EmbeddedStore, EventStore } from '../../src/index.js';
import { listen } from '../../src/server/index.js';
import { silent } from '../http/support.js';
import type { StoreMode } from '../support/store.js';

/** Calls that a client has go over the network; the rest looks into the store behind the server. */
export function clientModeOf(mode: StoreMode): StoreMode {
  return {
    durability: mode.durability,
    isRemote: true,
    open: async (options = {}) => {
      const store = await mode.open(options);
      const server = await listen(store, { port: 0, logger: silent, processMetrics: false });
      onTestFinished(() => server.close());
      const client = connect(server.url);
      onTestFinished(() => client.close());
      return withInsides(client, store);
    },
  };
}

function withInsides(client: EventStore, store: EmbeddedStore): EmbeddedStore {
  const get = (target: EventStore, name: string | symbol): unknown => {
    const owner: object = name in target && name !== 'wire' ? target : store;
    const value: unknown = Reflect.get(owner, name);
    return typeof value === 'function' ? (value.bind(owner) as unknown) : value;
  };
  // What is not the client's is the store's, which has the rest of an EmbeddedStore.
  return new Proxy(client, { get }) as EmbeddedStore;
}
