import type {
  ConsumerDelivery,
  ConsumerHandler,
  ConsumerInfo,
  ConsumerWorker,
} from '../consumers/index.js';
import { AllSourceError } from '../domain/index.js';
import type { NewEvent } from '../domain/index.js';
import type { EventStore } from '../store/index.js';
import { wait } from './connection.js';
import type { RemoteConsumer } from './consumers.js';
import { eventIdOf } from './eventId.js';
import { isTransient } from './wire/answers.js';

const pullWaitMs = 20_000;
const pulledMax = 1000;
/** Before another try where the server is out of reach for longer than calls are tried again. */
const lostWaitMs = 1000;

export interface RemoteWorkerOptions {
  readonly consumer: RemoteConsumer;
  readonly info: ConsumerInfo;
  readonly handler: ConsumerHandler;
  /** Partitions that are handled at a time. */
  readonly concurrency: number;
  readonly store: EventStore;
  readonly closing: AbortSignal;
}

/**
 * A member that pulls, calls a handler for one event after the other of a partition, and acknowledges.
 * What a handler appends has ids made of the consumer, the event and its place, so that an event that
 * comes again finds it there.
 */
export class RemoteWorker implements ConsumerWorker {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #options: RemoteWorkerOptions;
  readonly #member = crypto.randomUUID();
  readonly #stop = new AbortController();

  constructor(options: RemoteWorkerOptions) {
    this.#options = options;
    this.name = options.info.name;
    const stop = (): void => this.#stop.abort();
    if (options.closing.aborted) stop();
    options.closing.addEventListener('abort', stop, { once: true });
    this.done = this.#run().finally(() => options.closing.removeEventListener('abort', stop));
    // Whoever does not look at it is not to be ended by it.
    this.done.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { consumer } = this.#options;
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) {
        const pulled = { member: this.#member, limit: pulledMax, waitMs: pullWaitMs, signal };
        const deliveries = await consumer.pull(pulled).catch((error: unknown) => this.#lost(error));
        await this.#handleAll(deliveries);
      }
    } catch (error) {
      if (!isEnd(error)) throw error;
    } finally {
      // What it holds goes to the others at once; a server that is gone has no members.
      await consumer.leave(this.#member).catch(() => undefined);
    }
  }

  /** A server that can't be reached is waited for; anything else ends the worker. */
  async #lost(error: unknown): Promise<ConsumerDelivery[]> {
    if (this.#stop.signal.aborted) return [];
    if (!isTransient(error)) throw error;
    await wait(lostWaitMs, [this.#stop.signal]);
    return [];
  }

  async #handleAll(deliveries: readonly ConsumerDelivery[]): Promise<void> {
    const partitions = new Map<number, ConsumerDelivery[]>();
    for (const delivery of deliveries) {
      const queue = partitions.get(delivery.event.partition);
      if (queue === undefined) partitions.set(delivery.event.partition, [delivery]);
      else queue.push(delivery);
    }
    const queues = [...partitions.values()];
    const next = async (): Promise<void> => {
      for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
        await this.#handlePartition(queue);
      }
    };
    const workers = Math.min(this.#options.concurrency, queues.length);
    await Promise.all(Array.from({ length: workers }, next));
  }

  /** In order, up to the first that fails: the server brings those behind it again. */
  async #handlePartition(queue: readonly ConsumerDelivery[]): Promise<void> {
    const done: number[] = [];
    let failure: { readonly position: number; readonly reason: string } | undefined;
    for (const delivery of queue) {
      if (this.#stop.signal.aborted) break;
      const { position } = delivery.event;
      try {
        await this.#handleOne(delivery);
        done.push(position);
      } catch (error) {
        // What was interrupted has not failed, nor what the server could not be asked for.
        if (!this.#stop.signal.aborted && !isTransient(error)) {
          failure = { position, reason: error instanceof Error ? error.message : String(error) };
        }
        break;
      }
    }
    const { consumer } = this.#options;
    if (done.length > 0) await consumer.ack(this.#member, done);
    if (failure === undefined) return;
    await consumer.nack(this.#member, [failure.position], { reason: failure.reason });
  }

  async #handleOne({ event, attempt }: ConsumerDelivery): Promise<void> {
    const { info, handler, store } = this.#options;
    const events: NewEvent[] = [];
    const append = (input: NewEvent): void => {
      events.push({ ...input, tenantId: input.tenantId ?? info.tenantId });
    };
    await handler(event, { attempt, append, signal: this.#stop.signal });
    if (events.length === 0) return;
    const place = `${info.tenantId}/${info.name}/${info.start}/${event.id}`;
    const withIds = events.map(async (input, i) => ({
      ...input,
      eventId: input.eventId ?? (await eventIdOf(`${place}/${i}`)),
    }));
    try {
      await store.appendBatch(await Promise.all(withIds), { return: 'summary' });
    } catch (error) {
      // An earlier attempt appended something else for this event: that stands.
      const isKnown = error instanceof AllSourceError && error.code === 'event_id_conflict';
      if (!isKnown) throw error;
    }
  }
}

/** The client was closed, or the consumer deleted. */
function isEnd(error: unknown): boolean {
  return (
    error instanceof AllSourceError &&
    ['store_closed', 'consumer_not_found', 'aborted'].includes(error.code)
  );
}
