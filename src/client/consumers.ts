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
} from '../consumers/index.js';
import type { EventStore } from '../store/index.js';
import type { Connection } from './connection.js';
import { RemoteWorker } from './worker.js';
import {
  type WireConsumer,
  type WireDeadLetter,
  toConsumerInfo,
  toDeadLetter,
  toWireFilter,
  toWireStart,
} from './wire/consumerDocuments.js';
import { isTransient } from './wire/answers.js';
import { type WireEvent, toEvent } from './wire/documents.js';
import { badOption, optionTables, toQuery } from './wire/parameters.js';
import type { QueryParameters } from './wire/parameters.js';

const path = '/api/v1/consumers';
const jsonType = 'application/json';
/** One request waits so long at most: proxies cut those that are silent for longer. */
const pullWaitMsMax = 20_000;
const deadLettersOfPage = 1000;

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
    const [unknown] = Object.keys(options).filter((name) => !optionNames.has(name));
    if (unknown !== undefined) throw badOption(unknown, 'not an option here', 'validation_error');
    const { filter, from, ackTimeoutMs } = options;
    const document = {
      name: options.name,
      tenant_id: options.tenantId,
      filter: filter && toWireFilter(filter),
      start: from === undefined ? undefined : toWireStart(from),
      max_in_flight: options.maxInFlight,
      ack_timeout_seconds: ackTimeoutMs === undefined ? undefined : ackTimeoutMs / 1000,
      max_attempts: options.maxAttempts,
    };
    return toConsumerInfo(
      await this.#connection.json<WireConsumer>({
        path,
        method: 'POST',
        contentType: jsonType,
        body: JSON.stringify(document),
        isRepeatable: true,
      }),
    );
  }

  async list(options: OfTenant = {}): Promise<ConsumerInfo[]> {
    const query = toQuery(options, optionTables.tenant);
    const list = await this.#connection.json<{ consumers: WireConsumer[] }>({
      path,
      query,
      isRepeatable: true,
    });
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
    return toConsumerInfo(
      await this.#connection.json<WireConsumer>({
        path: `${consumerPath(name)}/seek`,
        method: 'POST',
        query: toQuery(options, optionTables.tenant),
        contentType: jsonType,
        body: JSON.stringify({ to: toWireStart(to) }),
        isRepeatable: true,
      }),
    );
  }

  async delete(name: string, options: OfTenant = {}): Promise<void> {
    const query = toQuery(options, optionTables.tenant);
    const request = { path: consumerPath(name), method: 'DELETE', query } as const;
    await this.#connection.send({ ...request, isRepeatable: false }, nothing);
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
    return new RemoteWorker({ consumer, info, handler, concurrency, store: this.#store, closing });
  }
}

/** One consumer of a server, for members that pull. */
export class RemoteConsumer implements Consumer {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #query: QueryParameters;

  constructor(connection: Connection, name: string, options: OfTenant) {
    this.#connection = connection;
    this.#path = consumerPath(name);
    this.#query = toQuery(options, optionTables.tenant);
  }

  async info(): Promise<ConsumerInfo> {
    const request = { path: this.#path, query: this.#query, isRepeatable: true };
    return toConsumerInfo(await this.#connection.json<WireConsumer>(request));
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
      const { deliveries } = await this.#connection.json<{
        deliveries: { readonly attempt: number; readonly event: WireEvent }[];
      }>({
        path: `${this.#path}/events`,
        query: { ...this.#query, member, limit, wait_seconds: left / 1000 },
        waitMs: left,
        signal,
        isRepeatable: false,
      });
      if (deliveries.length > 0 || Date.now() >= until) {
        return deliveries.map(({ attempt, event }) => ({ attempt, event: toEvent(event) }));
      }
    }
  }

  ack(member: string, positions: readonly number[]): Promise<AckResult> {
    return this.#post('/ack', { member, positions });
  }

  nack(member: string, positions: readonly number[], refusal: Refusal): Promise<AckResult> {
    const { reason, delayMs } = refusal;
    const delay = delayMs === undefined ? undefined : delayMs / 1000;
    return this.#post('/nack', { member, positions, reason, delay_seconds: delay });
  }

  async leave(member: string): Promise<void> {
    const path = `${this.#path}/members/${encodeURIComponent(member)}`;
    const request = { path, method: 'DELETE', query: this.#query } as const;
    // Also while the client closes, which is when members leave.
    await this.#connection.send({ ...request, outlivesClose: true, isRepeatable: true }, nothing);
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (let from: number | null = 1; from !== null;) {
      const page: { dead_letters: WireDeadLetter[]; next_position: number | null } =
        await this.#connection.json({
          path: `${this.#path}/dead-letters`,
          query: { ...this.#query, from_position: from, limit: deadLettersOfPage },
          isRepeatable: true,
        });
      letters.push(...page.dead_letters.map(toDeadLetter));
      from = page.next_position;
    }
    return letters;
  }

  async replayDeadLetters(positions?: readonly number[]): Promise<number> {
    const answer = await this.#post<{ replayed: number }>('/dead-letters/replay', { positions });
    return answer.replayed;
  }

  #post<T>(path: string, body: object): Promise<T> {
    return this.#connection.json<T>({
      path: this.#path + path,
      method: 'POST',
      query: this.#query,
      contentType: jsonType,
      body: JSON.stringify(body),
      isRepeatable: true,
    });
  }
}

function consumerPath(name: unknown): string {
  if (typeof name === 'string' && name !== '') return `${path}/${encodeURIComponent(name)}`;
  throw badOption('name', 'expected the name of a consumer', 'validation_error');
}

async function nothing(): Promise<void> {}
