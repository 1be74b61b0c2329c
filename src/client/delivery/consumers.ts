import type {
  AckResult,
  Consumer,
  ConsumerDelivery,
  ConsumerHandler,
  ConsumerInfo,
  ConsumerOptions,
  ConsumerWorker,
  Consumers,
  DeadLetter,
  HandlerOptions,
  OfTenant,
  PullOptions,
  Refusal,
} from '../../consumers/index.js';
import type { EventStore } from '../../store/index.js';
import type { Connection } from '../connection.js';
import { isTransient } from '../wire/answers.js';
import {
  type WireConsumer,
  toConsumerInfo,
  toSeconds,
  toWireCommon,
  toWireStart,
} from '../wire/consumerDocuments.js';
import { type WireEvent, toEvent } from '../wire/documents.js';
import { badOption, checkNames, optionTables, toQuery } from '../wire/parameters.js';
import { Resource } from './resource.js';
import { RemoteWorker } from './worker.js';

const path = '/api/v1/consumers';
/** One request waits so long at most: proxies cut those that are silent for longer. */
const pullWaitMsMax = 20_000;

const optionNames: ReadonlySet<string> = new Set([
  'name',
  'tenantId',
  'filter',
  'from',
  'maxInFlight',
  'ackTimeoutMs',
  'maxAttempts',
]);

/** Consumers of a server. */
export class RemoteConsumers implements Consumers {
  readonly #connection: Connection;
  readonly #store: EventStore;

  constructor(connection: Connection, store: EventStore) {
    this.#connection = connection;
    this.#store = store;
  }

  async create(options: ConsumerOptions): Promise<ConsumerInfo> {
    checkNames(options, optionNames, { code: 'validation_error' });
    const body = {
      ...toWireCommon(options),
      max_in_flight: options.maxInFlight,
      ack_timeout_seconds: toSeconds(options.ackTimeoutMs),
    };
    // The same again gives back what is there.
    const request = { body, isRepeatable: true };
    return toConsumerInfo(await this.#connection.post<WireConsumer>(path, request));
  }

  async list(options: OfTenant = {}): Promise<ConsumerInfo[]> {
    const query = toQuery(options, optionTables.tenant);
    const request = { path, query, isRepeatable: true };
    const list = await this.#connection.json<{ consumers: WireConsumer[] }>(request);
    return list.consumers.map(toConsumerInfo);
  }

  async get(name: string, options: OfTenant = {}): Promise<Consumer> {
    const consumer = new RemoteConsumer(this.#connection, name, options);
    await consumer.info();
    return consumer;
  }

  async seek(
    name: string,
    to: NonNullable<ConsumerOptions['from']>,
    options: OfTenant = {},
  ): Promise<ConsumerInfo> {
    const consumer = new Resource(this.#connection, path, name, options);
    return toConsumerInfo(await consumer.post('/seek', { to: toWireStart(to) }));
  }

  async delete(name: string, options: OfTenant = {}): Promise<void> {
    await new Resource(this.#connection, path, name, options).delete();
  }

  /** Makes a consumer if it is not there, and handles its events in this process. */
  async start(
    name: string,
    handler: ConsumerHandler,
    options: HandlerOptions = {},
  ): Promise<ConsumerWorker> {
    const { concurrency = 32, ...rest } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 32) {
      throw badOption('concurrency', 'expected an integer from 1 to 32', 'validation_error');
    }
    const info = await this.create({ ...rest, name });
    const consumer = new RemoteConsumer(this.#connection, name, { tenantId: info.tenantId });
    const { closing } = this.#connection;
    const store = this.#store;
    const worker = new RemoteWorker({ consumer, info, handler, concurrency, store, closing });
    // It leaves, and gives back what it holds.
    this.#connection.finish(worker.done);
    return worker;
  }
}

/** One consumer of a server, for members that pull. */
export class RemoteConsumer implements Consumer {
  readonly #connection: Connection;
  readonly #resource: Resource;

  constructor(connection: Connection, name: string, options: OfTenant) {
    this.#connection = connection;
    this.#resource = new Resource(connection, path, name, options);
  }

  async info(): Promise<ConsumerInfo> {
    return toConsumerInfo(await this.#resource.get());
  }

  async pull(options: PullOptions): Promise<ConsumerDelivery[]> {
    const giveUpAt = Date.now() + this.#connection.retryForMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.pullOnce(options);
      } catch (error) {
        if (!isTransient(error) || Date.now() >= giveUpAt) throw error;
      }
      // An answer that was lost had events, perhaps: they have to come before those behind them.
      await this.leave(options.member);
      await this.#connection.pause(attempt, options.signal);
    }
  }

  /** Without another attempt: nobody knows what was in an answer that is lost. */
  async pullOnce({ member, limit, waitMs, signal }: PullOptions): Promise<ConsumerDelivery[]> {
    const until = Date.now() + waitMs;
    for (;;) {
      const left = Math.min(Math.max(until - Date.now(), 0), pullWaitMsMax);
      const { deliveries } = await this.#resource.pull<{
        deliveries: { readonly attempt: number; readonly event: WireEvent }[];
      }>({ member, limit, wait_seconds: left / 1000 }, { waitMs: left, signal });
      if (deliveries.length > 0 || Date.now() >= until) {
        return deliveries.map(({ attempt, event }) => ({ attempt, event: toEvent(event) }));
      }
    }
  }

  ack(member: string, positions: readonly number[]): Promise<AckResult> {
    return this.#resource.post('/ack', { member, positions });
  }

  nack(member: string, positions: readonly number[], refusal: Refusal): Promise<AckResult> {
    const { reason, delayMs } = refusal;
    const body = { member, positions, reason, delay_seconds: toSeconds(delayMs) };
    return this.#resource.post('/nack', body);
  }

  leave(member: string): Promise<void> {
    return this.#resource.deleteMember(member);
  }

  deadLetters(): Promise<readonly DeadLetter[]> {
    return this.#resource.deadLetters();
  }

  replayDeadLetters(positions?: readonly number[]): Promise<number> {
    return this.#resource.replay('/dead-letters/replay', positions);
  }
}
