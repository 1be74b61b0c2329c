import { AllSourceError } from '../domain/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import type { SnapshotOrder, SnapshotStore } from './snapshotStore.js';

/** Entities that wait for their snapshot; further ones get theirs at a later event or read. */
const waitingMax = 4096;
/** Entities of which it is remembered when they had their last snapshot. */
const rememberedMax = 10_000;
/** How often those are looked through, at most. */
const lookMsMax = 60_000;

export interface AutomaticOptions {
  readonly eventThreshold: number;
  readonly timeThresholdMs: number;
}

type Waiting = Omit<SnapshotOrder, 'newEventsMin'> & { readonly newEventsMin?: number };

/**
 * Makes snapshots behind the appends: of an entity that has reached a multiple of the event threshold,
 * of one whose state took that many events to make, and of one whose last snapshot is too old.
 */
export class AutomaticSnapshots {
  readonly #log: SystemAccess;
  readonly #snapshots: SnapshotStore;
  readonly #options: AutomaticOptions;
  readonly #waiting = new Map<string, Waiting>();
  /** When an entity had its last snapshot, and of what; least recently first. */
  readonly #remembered = new Map<string, { readonly at: number; readonly order: Waiting }>();
  readonly #timer: NodeJS.Timeout;
  #working: Promise<void> | undefined;
  #isReading = false;
  #isClosed = false;

  constructor(log: SystemAccess, snapshots: SnapshotStore, options: AutomaticOptions) {
    this.#log = log;
    this.#snapshots = snapshots;
    this.#options = options;
    log.onMoved(() => this.#onMoved());
    snapshots.onMade = (order) => this.#remember(order);
    const lookMs = Math.max(Math.min(options.timeThresholdMs / 4, lookMsMax), 1);
    this.#timer = setInterval(() => this.#addOld(), lookMs).unref();
  }

  /** A state was made of so many events that no snapshot had. */
  noteState(state: Omit<Waiting, 'kind'>, folded: number): void {
    if (folded >= this.#options.eventThreshold) this.#add({ ...state, kind: 'ondemand' });
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#waiting.clear();
    this.#remembered.clear();
    await this.#working;
  }

  /** One reading at a time: what comes meanwhile waits in the engine, which bounds it. */
  #onMoved(): void {
    if (this.#isClosed) return;
    if (this.#log.isTimeSet) this.#addOld();
    if (this.#isReading) return;
    const positions = this.#log.takeMilestones();
    if (positions.length === 0) return;
    this.#isReading = true;
    void this.#addMilestones(positions).finally(() => {
      this.#isReading = false;
      // Perhaps the watermark does not move any more.
      this.#onMoved();
    });
  }

  async #addMilestones(positions: readonly number[]): Promise<void> {
    try {
      let rest = positions;
      while (rest.length > 0 && !this.#isClosed) {
        const chunk = await this.#log.background.run(() => this.#log.eventsAt(rest));
        for (const { tenantId, entityId } of chunk.events) {
          this.#add({ tenantId, entityId, kind: 'automatic', merge: 'shallow' });
        }
        // Where not all fit a chunk these are the first ones.
        rest = chunk.count === 0 ? [] : rest.slice(chunk.count);
      }
    } catch (error) {
      this.#note(error);
    }
  }

  #addOld(): void {
    const before = this.#log.nowMs() - this.#options.timeThresholdMs;
    for (const { at, order } of this.#remembered.values()) {
      if (at > before) return;
      this.#add({ ...order, kind: 'automatic', newEventsMin: 1 });
    }
  }

  #add(order: Waiting): void {
    const key = keyOf(order);
    if (this.#isClosed || (this.#waiting.size >= waitingMax && !this.#waiting.has(key))) return;
    this.#waiting.set(key, order);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    for (const [key, order] of this.#waiting) {
      this.#waiting.delete(key);
      await this.#log.background.run(() => this.#make(order));
    }
  }

  async #make(order: Waiting): Promise<void> {
    if (this.#isClosed) return;
    const { newEventsMin = this.#options.eventThreshold } = order;
    try {
      const made = await this.#snapshots.make({ ...order, newEventsMin });
      // One that has nothing new is looked at again after as long.
      if (made === undefined && this.#remembered.has(keyOf(order))) this.#remember(order);
    } catch (error) {
      this.#note(error);
    }
  }

  #remember({ tenantId, entityId, kind, merge }: Waiting): void {
    const order = { tenantId, entityId, kind, merge };
    const key = keyOf(order);
    this.#remembered.delete(key);
    this.#remembered.set(key, { at: this.#log.nowMs(), order });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > rememberedMax && oldest !== undefined) {
      this.#remembered.delete(oldest);
    }
  }

  /** Without a snapshot a state takes longer to make, that is all. */
  #note(error: unknown): void {
    const isEnd = error instanceof AllSourceError && error.code === 'store_closed';
    if (!isEnd) this.#snapshots.noteFailure();
  }
}

function keyOf({ tenantId, entityId, merge }: Waiting): string {
  return `${tenantId}/${merge}/${entityId}`;
}
