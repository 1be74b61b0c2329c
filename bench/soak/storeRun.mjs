import { performance } from 'node:perf_hooks';

import { Client } from './client.mjs';
import { userPrefix } from './events.mjs';
import { Model, check } from './model.mjs';
import { readLog } from './readLog.mjs';
import { Readers } from './readers.mjs';
import { ServerUnderTest, verifyStore } from './server.mjs';
import { Subscriber } from './subscribers.mjs';
import { Writers } from './writers.mjs';

const writersAtATime = 12;
const readersAtATime = 4;
const eventsPerRead = 10;
const lookEveryMs = 500;
const statsEveryMs = 5_000;
const throughDeadlineMs = 120_000;

/**
 * One store from its first event to the last check of all: the load runs, the server is killed and
 * started, until time or disk space are over.
 */
export class StoreRun {
  model;
  server;
  /** @type {Subscriber[]} */
  subscribers;
  writers;
  readers;
  client;
  storageBytes = 0;
  /** True once nothing more is to be written, or something broke. */
  isOver = false;
  #context;
  #dataDir;
  /** Events that may be written by now. */
  #budget = 0;
  #begun = performance.now();

  /**
   * @param {import('./soak.mjs').SoakContext} context
   * @param {{dataDir: string, seed: number}} about
   */
  constructor(context, { dataDir, seed }) {
    this.#context = context;
    this.#dataDir = dataDir;
    this.model = new Model(seed);
    this.server = new ServerUnderTest(dataDir);
    this.client = new Client(this.server, context.latencies);
    this.writers = new Writers(this.model, this.client);
    this.readers = new Readers(this.model, this.client);
    this.subscribers = this.#makeSubscribers();
  }

  /** @param {(run: StoreRun) => Promise<void>} disturb what happens to the server meanwhile */
  async run(disturb) {
    await this.server.start();
    const looking = setInterval(() => this.#look(), lookEveryMs);
    const measuring = setInterval(() => void this.#measure().catch(() => {}), statsEveryMs);
    let disturbing = Promise.resolve();
    try {
      const following = this.subscribers.map((subscriber) => subscriber.run());
      const working = [
        ...Array.from({ length: writersAtATime }, () => this.#write()),
        ...Array.from({ length: readersAtATime }, () => this.#read()),
      ];
      disturbing = disturb(this);
      const load = disturbing.then(() => {
        this.isOver = true;
        return Promise.all(working);
      });
      await Promise.race([load, failureOf([...working, ...following])]);
      await Promise.race([this.#finish(), failureOf(following)]);
      await Promise.all(following);
    } finally {
      this.isOver = true;
      await disturbing.catch(() => {}); // told by the race above
      clearInterval(looking);
      clearInterval(measuring);
      for (const subscriber of this.subscribers) subscriber.stop();
      await this.server.kill();
      this.client.close();
    }
  }

  /** Where bytes on disk reach their bound a new store takes over. */
  get isFull() {
    return this.storageBytes >= this.#context.options.diskBytesMax;
  }

  async #write() {
    while (!this.isOver) {
      await this.#pace(this.model.eventsAcknowledged);
      await this.writers.next();
    }
  }

  async #read() {
    while (!this.isOver) {
      await this.#pace(this.readers.begun * eventsPerRead);
      await this.readers.next();
    }
  }

  /**
   * Waits while more was done than the rate allows. What a restart cost is not caught up.
   *
   * @param {number} done
   */
  async #pace(done) {
    while (!this.isOver && done >= this.#budget) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      this.#extendBudget();
    }
  }

  #extendBudget() {
    const now = performance.now();
    const seconds = (now - this.#begun) / 1000;
    this.#begun = now;
    if (this.server.isUp) this.#budget += seconds * this.#context.options.rate;
  }

  #makeSubscribers() {
    const { model, server } = this;
    const shared = { model, server };
    const { partitions } = this.#context;
    const users = { event_type_prefix: userPrefix };
    const one = { event_type: 'order.step-3' };
    return [
      new Subscriber({ name: 'SSE, all', transport: 'sse', filter: {}, partitions, ...shared }),
      new Subscriber({ name: 'WebSocket, all', transport: 'ws', filter: {}, ...shared }),
      new Subscriber({ name: 'SSE, one type', transport: 'sse', filter: one, ...shared }),
      new Subscriber({ name: 'WebSocket, prefix', transport: 'ws', filter: users, ...shared }),
    ];
  }

  #look() {
    this.#context.watch.look(this.server, this.model.eventsAcknowledged);
  }

  async #measure() {
    if (!this.server.isUp) return;
    const { body } = await this.client.ask('stats', '/api/v1/stats');
    this.storageBytes = body.storage_bytes;
  }

  /** The load has ended: all is compared with all, online, then as files. */
  async #finish() {
    const { model, server, client, subscribers } = this;
    await this.#measure();
    const { body } = await client.askUntilAnswered('stats', '/api/v1/stats');
    const told = model.eventsAcknowledged;
    check(body.total_events === told, `${body.total_events} events, acknowledged ${told}`);
    await this.#waitForSubscribers();
    check(model.knownThrough === told, `known through ${model.knownThrough} of ${told}`);
    for (const subscriber of subscribers) subscriber.checkEnd();
    await readLog(server.url, model);
    for (const subscriber of subscribers) subscriber.stop();
    server.throwFault();
    await server.stop();
    await verifyStore(this.#dataDir);
    await server.start();
    await readLog(server.url, model);
    await server.stop();
  }

  async #waitForSubscribers() {
    const deadline = performance.now() + throughDeadlineMs;
    const { subscribers, model } = this;
    const isThrough = () =>
      model.knownThrough >= model.eventsAcknowledged && subscribers.every((one) => one.isThrough);
    while (!isThrough() && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/**
 * Rejects with the first of them that rejects, and never resolves.
 *
 * @param {readonly Promise<unknown>[]} promises
 * @returns {Promise<never>}
 */
function failureOf(promises) {
  return new Promise((_, reject) => {
    for (const promise of promises) promise.catch(reject);
  });
}
