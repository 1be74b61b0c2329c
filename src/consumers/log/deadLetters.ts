import { systemTenant } from '../../domain/index.js';
import type { NewEvent } from '../../domain/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import type { Failed } from '../group/partitionQueue.js';

const parkedType = 'consumer.dead_lettered';
const replayedType = 'consumer.dead_letter_replayed';
const resolvedType = 'consumer.dead_letter_resolved';

/** An event that could not be handled. */
export interface DeadLetter {
  readonly position: number;
  readonly partition: number;
  readonly attempts: number;
  readonly reason: string;
  /** When it failed for the last time, microseconds. */
  readonly failedAt: number;
  /** It is being delivered again. */
  readonly isReplayed: boolean;
}

/**
 * The dead letters of a consumer: a stream of `$system`, folded. An event becomes one by one append,
 * and stays one until it was delivered again and acknowledged.
 */
export class DeadLetters {
  readonly #log: SystemAccess;
  readonly #entityId: string;
  readonly #letters = new Map<number, DeadLetter>();

  private constructor(log: SystemAccess, key: string) {
    this.#log = log;
    this.#entityId = `consumer/${key}/dead`;
  }

  static async load(log: SystemAccess, key: string): Promise<DeadLetters> {
    const letters = new DeadLetters(log, key);
    for await (const event of log.read({ entityId: letters.#entityId })) {
      // Only this class writes these events.
      const payload = event.payload as unknown as LetterPayload;
      letters.#apply(event.eventType, payload, event.timestamp);
    }
    return letters;
  }

  get size(): number {
    return this.#letters.size;
  }
  get list(): readonly DeadLetter[] {
    return [...this.#letters.values()].sort((a, b) => a.position - b.position);
  }
  has(position: number): boolean {
    return this.#letters.has(position);
  }
  get(position: number): DeadLetter | undefined {
    return this.#letters.get(position);
  }

  async park(failed: Failed & { readonly partition: number }): Promise<void> {
    const { position, partition, attempts, reason } = failed;
    await this.#write(parkedType, [{ position, partition, attempts, reason }]);
  }

  async replay(positions: readonly number[]): Promise<void> {
    await this.#write(
      replayedType,
      positions.map((position) => ({ position })),
    );
  }

  /** Appends events, and with them in one frame that dead letters were handled. */
  async resolve(events: readonly NewEvent[], positions: readonly number[]): Promise<void> {
    const resolved = positions.map((position) => this.#event(resolvedType, { position }));
    await this.#log.append([...events, ...resolved]);
    for (const position of positions) this.#letters.delete(position);
  }

  /** Records all of them again, before what they are recorded in is dropped. */
  async rewrite(): Promise<void> {
    const events = this.list.flatMap((letter) => {
      const { isReplayed, ...payload } = letter;
      const { position } = letter;
      const parked = this.#event(parkedType, payload);
      return isReplayed ? [parked, this.#event(replayedType, { position })] : [parked];
    });
    if (events.length > 0) await this.#log.append(events);
  }

  async #write(eventType: string, payloads: readonly LetterPayload[]): Promise<void> {
    const events = payloads.map((payload) => this.#event(eventType, payload));
    const { results } = await this.#log.append(events);
    const timestamp = results[0]?.timestamp ?? 0;
    for (const payload of payloads) this.#apply(eventType, payload, timestamp);
  }

  #event(eventType: string, payload: LetterPayload): NewEvent {
    return { tenantId: systemTenant, entityId: this.#entityId, eventType, payload: { ...payload } };
  }

  #apply(eventType: string, payload: LetterPayload, timestamp: number): void {
    const { position, partition = 0, attempts = 0, reason = '' } = payload;
    const { failedAt = timestamp } = payload;
    const known = this.#letters.get(position);
    if (eventType === parkedType) {
      const letter = { position, partition, attempts, reason, failedAt, isReplayed: false };
      this.#letters.set(position, letter);
    } else if (eventType === resolvedType) {
      this.#letters.delete(position);
    } else if (known !== undefined) {
      this.#letters.set(position, { ...known, isReplayed: true });
    }
  }
}

type LetterPayload = {
  readonly position: number;
  readonly partition?: number;
  readonly attempts?: number;
  readonly reason?: string;
  readonly failedAt?: number;
};
