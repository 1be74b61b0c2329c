import { systemTenant } from '../../domain/index.js';
import type { NewEvent } from '../../domain/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import type { Failed } from '../group/partitionQueue.js';

const parkedType = 'consumer.dead_lettered';
const replayedType = 'consumer.dead_letter_replayed';
const resolvedType = 'consumer.dead_letter_resolved';
const soughtType = 'consumer.sought';

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
  /**
   * Partitions of those that were handled when they were delivered again, by position: where the cursor
   * is still before one, the log must not deliver it once more.
   */
  readonly #resolved = new Map<number, number>();

  private constructor(log: SystemAccess, key: string) {
    this.#log = log;
    this.#entityId = `consumer/${key}/dead`;
  }

  /** `cursors`: of each partition, the position up to which all is done. */
  static async load(
    log: SystemAccess,
    key: string,
    cursors: readonly number[],
  ): Promise<DeadLetters> {
    const letters = new DeadLetters(log, key);
    for await (const event of log.read({ entityId: letters.#entityId })) {
      // Only this class writes these events.
      const payload = event.payload as unknown as LetterPayload;
      letters.#apply(event.eventType, payload, event.timestamp);
    }
    letters.#forgetPassed(cursors);
    return letters;
  }

  get size(): number {
    return this.#letters.size;
  }
  get list(): readonly DeadLetter[] {
    return [...this.#letters.values()].sort((a, b) => a.position - b.position);
  }
  /** Whether the log has nothing to deliver at a position: it is a dead letter, or was one. */
  isSettled(position: number): boolean {
    return this.#letters.has(position) || this.#resolved.has(position);
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
    const payloads = positions.map((position) => {
      return { position, partition: this.#letters.get(position)?.partition ?? 0 };
    });
    const resolved = payloads.map((payload) => this.#event(resolvedType, payload));
    await this.#log.append([...events, ...resolved]);
    for (const payload of payloads) this.#apply(resolvedType, payload, 0);
  }

  /** What a seek appends: all that it goes back behind is to be delivered, what was handled too. */
  sought(): NewEvent {
    return this.#event(soughtType, {});
  }
  forgetResolved(): void {
    this.#resolved.clear();
  }

  /**
   * Records all of them again, before what they are recorded in is dropped. Of those that were handled
   * nothing is: the record of one is behind its event, and is there as long as that is.
   */
  async rewrite(): Promise<void> {
    const events = this.list.flatMap((letter) => {
      const { isReplayed, ...payload } = letter;
      const { position } = letter;
      const parked = this.#event(parkedType, payload);
      return isReplayed ? [parked, this.#event(replayedType, { position })] : [parked];
    });
    if (events.length > 0) await this.#log.append(events);
  }

  #forgetPassed(cursors: readonly number[]): void {
    for (const [position, partition] of this.#resolved) {
      if (position <= (cursors[partition] ?? 0)) this.#resolved.delete(position);
    }
  }

  async #write(eventType: string, payloads: readonly LetterPayload[]): Promise<void> {
    const events = payloads.map((payload) => this.#event(eventType, payload));
    const { results } = await this.#log.append(events);
    const timestamp = results[0]?.timestamp ?? 0;
    for (const payload of payloads) this.#apply(eventType, payload, timestamp);
  }

  #event(eventType: string, payload: Partial<LetterPayload>): NewEvent {
    return { tenantId: systemTenant, entityId: this.#entityId, eventType, payload: { ...payload } };
  }

  #apply(eventType: string, payload: LetterPayload, timestamp: number): void {
    const { position, partition = 0, attempts = 0, reason = '' } = payload;
    const { failedAt = timestamp } = payload;
    const known = this.#letters.get(position);
    if (eventType === parkedType) {
      const letter = { position, partition, attempts, reason, failedAt, isReplayed: false };
      this.#letters.set(position, letter);
      this.#resolved.delete(position);
    } else if (eventType === soughtType) {
      this.#resolved.clear();
    } else if (eventType === resolvedType) {
      this.#letters.delete(position);
      this.#resolved.set(position, known?.partition ?? partition);
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
