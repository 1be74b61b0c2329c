import { setTimeout as wait } from 'node:timers/promises';
import { AllSourceError, partitionCount } from '../domain/index.js';
import type { NewEvent, StoredEvent } from '../domain/index.js';
import type { RunningConsumer } from './consumer.js';
import type { ConsumerHandler, ConsumerWorker } from './types.js';

/** Events of one partition that are taken at a time; they are handled one by one. */
const takenMax = 64;
/** Before another try where the disk is full. */
const transientWaitMs = 1000;
/** A worker that has nothing to do looks this often whether it still could do something. */
const checkMs = 1000;

export interface WorkerOptions {
  readonly member: string;
  /** Partitions that are handled at a time. */
  readonly concurrency: number;
}

/** A member of a consumer in this process, which calls a handler. */
export class HandlerWorker implements ConsumerWorker {
  readonly done: Promise<void>;
  readonly #consumer: RunningConsumer;
  readonly #handler: ConsumerHandler;
  readonly #options: WorkerOptions;
  readonly #stop = new AbortController();
  /** Each partition that is handled holds an event, so they are no more than may be in flight. */
  readonly #partitionsMax: number;
  #next = 0;
  readonly #busy = new Map<number, Promise<void>>();

  constructor(consumer: RunningConsumer, handler: ConsumerHandler, options: WorkerOptions) {
    this.#consumer = consumer;
    this.#handler = handler;
    this.#options = options;
    this.#partitionsMax = Math.min(options.concurrency, consumer.definition.maxInFlight);
    this.done = this.#run();
    // Whoever does not look at it is not to be ended by it.
    this.done.catch(() => undefined);
  }

  get name(): string {
    return this.#consumer.definition.name;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { member } = this.#options;
    const failures: unknown[] = [];
    const onFailure = (error: unknown): void => {
      failures.push(error);
      this.#stop.abort();
    };
    const check = setInterval(() => {
      try {
        this.#consumer.joinLocal(member);
      } catch (error) {
        onFailure(error);
      }
    }, checkMs).unref();
    try {
      while (!signal.aborted) {
        this.#consumer.joinLocal(member);
        this.#startPartitions(onFailure);
        await this.#consumer.changed(signal);
      }
    } catch (error) {
      onFailure(error);
    }
    clearInterval(check);
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
    this.#consumer.leaveLocal(member);
    const failure = failures.find((error) => !isEnd(error));
    if (failure instanceof Error) throw failure;
  }

  /** Begins behind the partition that was begun last, so that each has its turn. */
  #startPartitions(onFailure: (error: unknown) => void): void {
    let room = this.#consumer.roomOf(this.#options.member);
    for (let i = 0; i < partitionCount; i += 1) {
      // One event at least is left to each partition that may be begun beside this one.
      const others = this.#partitionsMax - this.#busy.size - 1;
      const max = Math.min(room - others, takenMax);
      if (others < 0 || max <= 0) return;
      const partition = (this.#next + i) % partitionCount;
      if (this.#busy.has(partition)) continue;
      const taken = this.#consumer.takeOf(this.#options.member, partition, max);
      if (taken.length === 0) continue;
      room -= taken.length;
      this.#next = partition + 1;
      this.#consumer.beginHandling(partition);
      const handled = this.#handle(taken)
        .catch(onFailure)
        .finally(() => {
          this.#busy.delete(partition);
          this.#consumer.handled(partition);
          if (!this.#stop.signal.aborted) this.#startPartitions(onFailure);
        });
      this.#busy.set(partition, handled);
    }
  }

  /** Handles events of one partition in order, up to the first that fails. */
  async #handle(taken: Parameters<RunningConsumer['deliver']>[1]): Promise<void> {
    const { member } = this.#options;
    const deliveries = await this.#consumer.deliver(member, taken);
    for (const [i, { event, attempt }] of deliveries.entries()) {
      const isDone = !this.#stop.signal.aborted && (await this.#handleOne(event, attempt));
      if (isDone) continue;
      const left = deliveries.slice(i).map((delivery) => delivery.event.position);
      this.#consumer.giveBack(member, left);
      return;
    }
  }

  /** False where the event is to come again, or is no longer for this member. */
  async #handleOne(event: StoredEvent, attempt: number): Promise<boolean> {
    const { member } = this.#options;
    const { signal } = this.#stop;
    const events: NewEvent[] = [];
    const append = (input: NewEvent): void => void events.push(this.#checked(input));
    try {
      await this.#handler(event, { attempt, append, signal });
      return await this.#consumer.commit(member, event, events);
    } catch (error) {
      if (isFatal(error)) throw error;
      // What was interrupted has not failed, nor what there is no room for now: it is given back.
      if (signal.aborted) return false;
      if (isTransient(error)) {
        await wait(transientWaitMs, undefined, { signal }).catch(() => undefined);
        return false;
      }
      const reason = error instanceof Error ? error.message : String(error);
      this.#consumer.nackLocal(member, [event.position], { reason });
      return false;
    }
  }

  /** The tenant `$system` is the store's own, whoever asks. */
  #checked(input: NewEvent): NewEvent {
    const tenantId = input.tenantId ?? this.#consumer.definition.tenantId;
    if (typeof tenantId === 'string' && !tenantId.startsWith('$')) return { ...input, tenantId };
    const reason = "only letters, digits, '-' and '_' are allowed";
    throw new AllSourceError('validation_error', `tenantId: ${reason}`, {
      details: [{ field: 'tenantId', reason }],
    });
  }
}

/** After these nothing can be recorded; what was under way comes again after a restart. */
function isFatal(error: unknown): boolean {
  return (
    error instanceof AllSourceError &&
    ['store_closed', 'storage_unavailable', 'append_outcome_unknown', 'storage_damaged'].includes(
      error.code,
    )
  );
}

function isTransient(error: unknown): boolean {
  return error instanceof AllSourceError && ['storage_full', 'overloaded'].includes(error.code);
}

/** The store was closed, or the consumer deleted. */
function isEnd(error: unknown): boolean {
  return (
    error instanceof AllSourceError && ['store_closed', 'consumer_not_found'].includes(error.code)
  );
}
