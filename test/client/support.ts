import { onTestFinished } from 'vitest';
import { connect } from '../../src/client/node.js';
import type { ClientOptions } from '../../src/client/index.js';
import type { EmbeddedStore, EventStore } from '../../src/index.js';
import { type HttpServer, type ListenOptions, listen } from '../../src/server/index.js';
import { silent } from '../http/support.js';
import { memoryMode } from '../support/store.js';

const quiet = { logger: silent, processMetrics: false };

/** A server that can go and come back on its port, over a store that stays. */
export class RestartingServer {
  readonly store: EmbeddedStore;
  readonly #options: ListenOptions;
  #server: HttpServer;

  private constructor(store: EmbeddedStore, server: HttpServer, options: ListenOptions) {
    this.store = store;
    this.#server = server;
    this.#options = options;
  }

  static async start(options: ListenOptions = {}): Promise<RestartingServer> {
    const store = await memoryMode.open();
    const server = await listen(store, { port: 0, ...quiet, ...options });
    const restarting = new RestartingServer(store, server, options);
    onTestFinished(() => restarting.stop());
    return restarting;
  }

  get url(): string {
    return this.#server.url;
  }

  async stop(): Promise<void> {
    await this.#server.close();
  }

  async startAgain(): Promise<void> {
    const { port } = this.#server;
    this.#server = await listen(this.store, { port, ...quiet, ...this.#options });
  }
}

/** A client that is closed when the test has ended. */
export function openClient(url: string, options: ClientOptions = {}): EventStore {
  const client = connect(url, options);
  onTestFinished(() => client.close());
  return client;
}
