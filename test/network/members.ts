import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '../../src/client/node.js';
import type {
  Consumer,
  ConsumerDelivery,
  EventStore,
  HandlerContext,
  HandlerOptions,
  StoredEvent,
} from '../../src/index.js';
import { type Random, makeRandom } from '../crash/random.js';
import { handledType, pick } from './filters.js';
import { isUnreachable } from './subscribers.js';
import { MemberWire, type Trace } from './trace.js';

export const consumerName = 'work';
const timeoutMs = 1_500;
const lifeMsMax = 2_500;

export type Fate = 'done' | 'slow' | 'verySlow' | 'failsFirst' | 'poison';
const fates: readonly Fate[] = [
  ...Array.from({ length: 21 }, () => 'done' as const),
  ...(['slow', 'slow', 'verySlow', 'failsFirst', 'failsFirst', 'poison'] as const),
];

export interface GroupOptions {
  readonly url: string;
  readonly seed: number;
  readonly trace: Trace;
  readonly options: HandlerOptions & { readonly tenantId: string; readonly ackTimeoutMs: number };
}

/** The members of one consumer: handlers and pullers that come, go and vanish. */
export class Members {
  readonly problems: string[] = [];
  /** Poisoned events that can be handled by now. */
  readonly healed = new Set<number>();
  lives = 0;
  readonly #group: GroupOptions;
  readonly #stop = new AbortController();
  #isCalm = false;

  constructor(group: GroupOptions) {
    this.#group = group;
  }

  /** One place for a member: one life after the other, until `stop`. */
  async occupy(slot: number, random: Random): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.lives += 1;
      const isPuller = random(2) === 0;
      const lifeMs = this.#isCalm ? Infinity : 100 + random(lifeMsMax);
      try {
        if (isPuller) await this.#pull(`puller-${slot}`, lifeMs, random);
        else await this.#handle(lifeMs, random);
      } catch (error) {
        if (!isUnreachable(error)) this.problems.push(`member: ${String(error)}`);
        await wait(50 + random(200));
      }
      if (!this.#isCalm) await wait(random(200));
    }
  }

  /** Those that begin to live now stay. */
  calm(): void {
    this.#isCalm = true;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #handle(lifeMs: number, random: Random): Promise<void> {
    const { url, trace, options } = this.#group;
    const wire = new MemberWire(trace);
    const retryForMs = pick(random, [0, 300, 10_000]);
    const client = connect(url, { timeoutMs, retryForMs, fetch: wire.fetch });
    const label = `handler-${this.lives}`;
    const handler = (event: StoredEvent, context: HandlerContext) =>
      this.#handleOne(label, event, context);
    const concurrency = 1 + random(8);
    try {
      const worker = await client.consumer(consumerName, handler, { ...options, concurrency });
      worker.done.catch((error: unknown) => this.problems.push(`worker: ${String(error)}`));
      await Promise.race([worker.done, this.#lifetime(lifeMs)]);
      const isVanishing = !this.#isCalm && random(3) === 0;
      if (isVanishing) wire.vanish();
      else await worker.stop();
    } finally {
      await client.close();
    }
  }

  async #handleOne(member: string, event: StoredEvent, context: HandlerContext): Promise<void> {
    await this.#work(member, event, context.attempt);
    if (!appendsOf(event)) return;
    const { position } = event;
    // Every third expects a version, which an earlier attempt of the same call has moved.
    const expectedVersion = position % 3 === 0 ? { expectedVersion: 'none' as const } : {};
    const entityId = position % 3 === 0 ? `handled-${position}` : `handled-${position % 4}`;
    context.append({
      eventType: handledType,
      entityId,
      payload: { of: position },
      ...expectedVersion,
    });
  }

  async #work(member: string, event: StoredEvent, attempt: number): Promise<void> {
    const { trace, seed, options } = this.#group;
    const { position } = event;
    trace.add({ kind: 'began', member, told: trace.now(), position });
    const fate = fateOf(event, seed);
    if (fate === 'slow') await wait(20);
    if (fate === 'verySlow' && attempt === 1) await wait(options.ackTimeoutMs + 50);
    const isFailing =
      (fate === 'failsFirst' && attempt === 1) || (fate === 'poison' && !this.healed.has(position));
    if (isFailing) throw new Error('this one fails');
    trace.add({ kind: 'handled', member, told: trace.now(), position });
  }

  async #pull(member: string, lifeMs: number, random: Random): Promise<void> {
    const { url, trace, options } = this.#group;
    const wire = new MemberWire(trace);
    const client = connect(url, { timeoutMs, retryForMs: random(2) * 2_000, fetch: wire.fetch });
    const ending = this.#lifetime(lifeMs);
    let isOver = false;
    void ending.then(() => (isOver = true));
    try {
      const consumer = await this.#makeConsumer(client);
      // What a life before it under the same name was given comes first.
      await consumer.leave(member);
      const limit = pick(random, [1, 4, 100]);
      while (!isOver) {
        const pulled = { member, limit, waitMs: pick(random, [0, 50, options.ackTimeoutMs]) };
        const deliveries = await consumer.pull(pulled);
        if (deliveries.length === 0) await wait(5);
        await this.#handleAll(consumer, member, deliveries);
      }
      const isVanishing = !this.#isCalm && random(2) === 0;
      if (isVanishing) wire.vanish();
      else await consumer.leave(member);
    } finally {
      await client.close();
    }
  }

  async #makeConsumer(client: EventStore): Promise<Consumer> {
    const { options } = this.#group;
    return client.consumers.get(consumerName, { tenantId: options.tenantId });
  }

  /** Partition by partition, each up to the first that fails. */
  async #handleAll(
    consumer: Consumer,
    member: string,
    deliveries: readonly ConsumerDelivery[],
  ): Promise<void> {
    const partitions = new Set(deliveries.map(({ event }) => event.partition));
    for (const partition of partitions) {
      const done: number[] = [];
      let failed: number | undefined;
      for (const { event, attempt } of deliveries) {
        if (event.partition !== partition || failed !== undefined) continue;
        try {
          await this.#work(member, event, attempt);
          done.push(event.position);
        } catch {
          failed = event.position;
        }
      }
      if (done.length > 0) await consumer.ack(member, done);
      if (failed === undefined) continue;
      await consumer.nack(member, [failed], { reason: 'this one fails', delayMs: 10 });
    }
  }

  async #lifetime(lifeMs: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = lifeMs === Infinity ? undefined : setTimeout(finish, lifeMs);
      signal.addEventListener('abort', finish);
    });
  }
}

/** The same for every delivery of an event. */
function fateOf({ payload }: StoredEvent, seed: number): Fate {
  const { number, part } = payload as { readonly number: number; readonly part: number };
  const random = makeRandom(seed ^ Math.imul(number * 8 + part + 1, 0x9e3779b1));
  random(1);
  return pick(random, fates);
}

/** Whether its handler appends something; pullers never do. */
export function appendsOf({ payload }: StoredEvent): boolean {
  const { number } = payload as { readonly number: number };
  return number % 2 === 0;
}
