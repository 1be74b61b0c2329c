import { partitionCount } from '../../domain/index.js';
import type { NewEvent } from '../../domain/index.js';
import { systemTenant } from '../../domain/index.js';
import type { SystemAccess } from '../../eventStore/index.js';

const eventType = 'consumer.cursor';
/** A cursor that moved this far without an event is written, so that a restart does not read it again. */
const quietPositionsMax = 10_000;

/**
 * The durable cursors of a consumer: of each partition, the position up to which all is done. Each is
 * an entity of `$system`, and is written with the version that is expected of it, so that nobody
 * writes it who does not know what was written last.
 */
export class Cursors {
  readonly #log: SystemAccess;
  readonly #key: string;
  readonly #positions: number[];
  readonly #versions: number[];
  /** Writes of many cursors, one after the other. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(
    log: SystemAccess,
    key: string,
    state: { positions: number[]; versions: number[] },
  ) {
    this.#log = log;
    this.#key = key;
    this.#positions = state.positions;
    this.#versions = state.versions;
  }

  static async load(log: SystemAccess, key: string, start: number): Promise<Cursors> {
    const state = { positions: [] as number[], versions: [] as number[] };
    for (let partition = 0; partition < partitionCount; partition += 1) {
      const event = await log.last(entityOf(key, partition));
      // Only `#event` writes these events.
      const payload = event?.payload as { readonly position: number } | undefined;
      state.positions.push(payload?.position ?? start);
      state.versions.push(event?.version ?? 0);
    }
    return new Cursors(log, key, state);
  }

  get positions(): readonly number[] {
    return this.#positions;
  }

  /**
   * Appends events, and with them in one frame the cursor of a partition. One call at a time for a
   * partition, which `save` leaves out meanwhile.
   */
  async commit(events: readonly NewEvent[], partition: number, position: number): Promise<void> {
    await this.#writing;
    await this.#log.appendChecked([...events, this.#event(partition, position)]);
    this.#written(partition, position);
  }

  /** Writes the cursors that moved, of the partitions that are `wanted`, and those that moved far. */
  async save(
    cursors: () => readonly number[],
    options: {
      readonly isWanted: (partition: number) => boolean;
      readonly isBusy: (partition: number) => boolean;
    },
  ): Promise<void> {
    await this.#inTurn(() =>
      [...cursors().entries()].filter(([partition, position]) => {
        const moved = position - (this.#positions[partition] ?? 0);
        const isWorthIt = moved >= quietPositionsMax || options.isWanted(partition);
        return moved > 0 && isWorthIt && !options.isBusy(partition);
      }),
    );
  }

  /** Writes all cursors, whether they moved or not. */
  async rewrite(cursors: readonly number[]): Promise<void> {
    await this.#inTurn(() => [...cursors.entries()]);
  }

  /** Sets all cursors, also backwards, and appends events in the same frame. */
  async set(position: number, events: readonly NewEvent[]): Promise<void> {
    await this.#inTurn(
      () => [...this.#positions.keys()].map((partition) => [partition, position]),
      events,
    );
  }

  /** Whether there is a cursor that a restart should not go back to. */
  needsSave(cursors: readonly number[]): boolean {
    return cursors.some(
      (position, partition) => position - (this.#positions[partition] ?? 0) >= quietPositionsMax,
    );
  }

  #inTurn(cursors: () => PartitionCursor[], events: readonly NewEvent[] = []): Promise<void> {
    const written = this.#writing.then(() => this.#write(cursors(), events));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async #write(cursors: readonly PartitionCursor[], events: readonly NewEvent[]): Promise<void> {
    if (cursors.length === 0) return;
    const moved = cursors.map(([partition, position]) => this.#event(partition, position));
    await this.#log.append([...events, ...moved]);
    for (const [partition, position] of cursors) this.#written(partition, position);
  }

  #written(partition: number, position: number): void {
    this.#positions[partition] = position;
    this.#versions[partition] = (this.#versions[partition] ?? 0) + 1;
  }

  #event(partition: number, position: number): NewEvent {
    return {
      tenantId: systemTenant,
      entityId: entityOf(this.#key, partition),
      eventType,
      payload: { position },
      expectedVersion: this.#versions[partition] ?? 0,
    };
  }
}

type PartitionCursor = readonly [partition: number, position: number];

function entityOf(key: string, partition: number): string {
  return `consumer/${key}/cursor/${partition}`;
}
