import type {
  ConsumerDelivery,
  ConsumerHandler,
  ConsumerInfo,
  ConsumerWorker,
} from '../../consumers/index.js';
import { AllSourceError, EventIdConflictError } from '../../domain/index.js';
import type { NewEvent } from '../../domain/index.js';
import type { EventStore } from '../../store/index.js';
import type { EndSignal } from '../closing.js';
import { wait } from '../connection.js';
import type { RemoteConsumer } from './consumers.js';
import { eventIdOf } from '../eventId.js';
import { isTransient } from '../wire/answers.js';

const pullWaitMs = 20_000;
/** Events that are pulled at a time: at first, and at most where they are handled fast. */
const pulledFirst = 32;
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
  readonly closing: EndSignal;
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
  #member = crypto.randomUUID();
  readonly #stop = new AbortController();
  #limit = pulledFirst;

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
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) {
        const isSure = await this.#pullAndHandle();
        if (!isSure && !signal.aborted) await this.#startAnew();
      }
    } catch (error) {
      if (!isEnd(error)) throw error;
    } finally {
      await this.#leave();
    }
  }

  /** False where the server may hold events for this member that it will not handle any more. */
  async #pullAndHandle(): Promise<boolean> {
    const { consumer } = this.#options;
    const { signal } = this.#stop;
    const pulled = { member: this.#member, limit: this.#limit, waitMs: pullWaitMs, signal };
    const deliveries = await this.#orLost(consumer.pullOnce(pulled));
    return deliveries !== undefined && (await this.#handleAll(deliveries));
  }

  /**
   * Under another name: what the one before was given goes to whoever has its partitions now, before
   * anything behind it.
   */
  async #startAnew(): Promise<void> {
    await this.#leave();
    this.#member = crypto.randomUUID();
  }

  /** What it holds goes to the others at once; a server that is gone has no members. */
  async #leave(): Promise<void> {
    await this.#options.consumer.leave(this.#member).catch(() => undefined);
  }

  /** Undefined where the server can't be reached, which is waited for; anything else ends the worker. */
  async #orLost<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await answer;
    } catch (error) {
      if (this.#stop.signal.aborted) return undefined;
      if (!isTransient(error)) throw error;
      await wait(lostWaitMs, [this.#stop.signal]);
      return undefined;
    }
  }

  /** False where not all of them were acknowledged or refused. */
  async #handleAll(deliveries: readonly ConsumerDelivery[]): Promise<boolean> {
    const begin = performance.now();
    const partitions = new Map<number, ConsumerDelivery[]>();
    for (const delivery of deliveries) {
      const queue = partitions.get(delivery.event.partition);
      if (queue === undefined) partitions.set(delivery.event.partition, [delivery]);
      else queue.push(delivery);
    }
    const queues = [...partitions.values()];
    const until = begin + this.#options.info.ackTimeoutMs;
    let isSure = true;
    const next = async (): Promise<void> => {
      for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
        if (!(await this.#handlePartition(queue, until))) isSure = false;
      }
    };
    const workers = Math.min(this.#options.concurrency, queues.length);
    const ends = await Promise.allSettled(Array.from({ length: workers }, next));
    // Nobody else is to get a partition in which a handler still runs: only now it may end.
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    this.#adapt(deliveries.length, performance.now() - begin);
    return isSure;
  }

  /** What is pulled at a time is to be handled long before its time is over. */
  #adapt(count: number, tookMs: number): void {
    if (tookMs > this.#ackEveryMs) this.#limit = Math.max(Math.floor(this.#limit / 2), 1);
    else if (count === this.#limit) this.#limit = Math.min(this.#limit * 2, pulledMax);
  }

  get #ackEveryMs(): number {
    return this.#options.info.ackTimeoutMs / 4;
  }

  /** In order, up to the first that fails: the server brings it and those behind it again. */
  async #handlePartition(queue: readonly ConsumerDelivery[], until: number): Promise<boolean> {
    const done: number[] = [];
    let ackAt = performance.now() + this.#ackEveryMs;
    for (const delivery of queue) {
      // What is late by now comes again, here or elsewhere.
      const isOver = this.#stop.signal.aborted || performance.now() >= until;
      const outcome = isOver ? 'left' : await this.#tryOne(delivery);
      if (outcome === 'left') {
        await this.#ack(done);
        return false;
      }
      const { position } = delivery.event;
      if (outcome === 'done') done.push(position);
      if (outcome === 'done' && performance.now() < ackAt) continue;
      if (!(await this.#ack(done.splice(0)))) return false;
      if (outcome !== 'done') return this.#refuse(position, outcome.reason);
      ackAt = performance.now() + this.#ackEveryMs;
    }
    return this.#ack(done);
  }

  /** False where the time of some was over, or the server can't be reached. */
  async #ack(positions: readonly number[]): Promise<boolean> {
    if (positions.length === 0) return true;
    const answer = await this.#orLost(this.#options.consumer.ack(this.#member, positions));
    return answer?.stale.length === 0;
  }

  async #refuse(position: number, reason: string): Promise<boolean> {
    const { consumer } = this.#options;
    const answer = await this.#orLost(consumer.nack(this.#member, [position], { reason }));
    return answer?.stale.length === 0;
  }

  /** `left`: it has not failed, and is to come again. */
  async #tryOne(
    delivery: ConsumerDelivery,
  ): Promise<'done' | 'left' | { readonly reason: string }> {
    try {
      await this.#handleOne(delivery);
      return 'done';
    } catch (error) {
      // What was interrupted has not failed, nor what the server could not be asked for.
      if (this.#stop.signal.aborted || isTransient(error) || isUnknown(error)) return 'left';
      return { reason: error instanceof Error ? error.message : String(error) };
    }
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
    const made = await Promise.all(events.map((_, i) => eventIdOf(`${place}/${i}`)));
    const withIds = events.map((input, i) => ({ ...input, eventId: input.eventId ?? made[i] }));
    try {
      await store.appendBatch(withIds, { return: 'summary' });
    } catch (error) {
      // An earlier attempt appended something else for this event: that stands.
      const isKnown = error instanceof EventIdConflictError && made.includes(error.eventId);
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

/** What a handler appends may be there; with its next attempt it is found. */
function isUnknown(error: unknown): boolean {
  return error instanceof AllSourceError && error.code === 'append_outcome_unknown';
}
