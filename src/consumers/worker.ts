import { AllSourceError, partitionCount } from '../domain/index.js';
import type { NewEvent, StoredEvent } from '../domain/index.js';
import type { RunningConsumer } from './consumer.js';
import type { ConsumerHandler, ConsumerWorker } from './types.js';

/** Events of one partition that are taken at a time; they are handled one by one. */
const takenMax = 64;

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
  readonly #busy = new Map<number, Promise<void>>();

  constructor(consumer: RunningConsumer, handler: ConsumerHandler, options: WorkerOptions) {
    this.#consumer = consumer;
    this.#handler = handler;
    this.#options = options;
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
    try {
      while (!signal.aborted) {
        this.#consumer.join(member, true);
        this.#startPartitions(onFailure);
        await this.#consumer.changed(signal);
      }
    } catch (error) {
      onFailure(error);
    }
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
    this.#consumer.leave(member);
    const failure = failures.find((error) => !isEnd(error));
    if (failure instanceof Error) throw failure;
  }

  #startPartitions(onFailure: (error: unknown) => void): void {
    for (let partition = 0; partition < partitionCount; partition += 1) {
      if (this.#busy.size >= this.#options.concurrency) return;
      if (this.#busy.has(partition)) continue;
      const taken = this.#consumer.takeOf(this.#options.member, partition, takenMax);
      if (taken.length === 0) continue;
      const handled = this.#handle(taken)
        .catch(onFailure)
        .finally(() => {
          this.#busy.delete(partition);
          this.#consumer.handled();
          if (!this.#stop.signal.aborted) this.#startPartitions(onFailure);
        });
      this.#busy.set(partition, handled);
    }
  }

  /** Handles events of one partition in order, up to the first that fails. */
  async #handle(taken: Parameters<RunningConsumer['deliver']>[1]): Promise<void> {
    const { member } = this.#options;
    const deliveries = await this.#consumer.deliver(member, taken);
    for (const { event, attempt } of deliveries) {
      // What is not handled yet is given back when the worker leaves.
      if (this.#stop.signal.aborted) return;
      if (!(await this.#handleOne(event, attempt))) return;
    }
  }

  async #handleOne(event: StoredEvent, attempt: number): Promise<boolean> {
    const events: NewEvent[] = [];
    const { tenantId } = this.#consumer.definition;
    const append = (input: NewEvent): void => void events.push({ tenantId, ...input });
    try {
      await this.#handler(event, { attempt, append, signal: this.#stop.signal });
      await this.#consumer.commit(this.#options.member, event, events);
      return true;
    } catch (error) {
      if (isFatal(error)) throw error;
      // What was interrupted has not failed: it is given back.
      if (this.#stop.signal.aborted) return false;
      const reason = error instanceof Error ? error.message : String(error);
      this.#consumer.nack(this.#options.member, [event.position], { reason });
      return false;
    }
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

/** The store was closed, or the consumer deleted. */
function isEnd(error: unknown): boolean {
  return (
    error instanceof AllSourceError && ['store_closed', 'consumer_not_found'].includes(error.code)
  );
}
