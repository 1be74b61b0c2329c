import type { AllSourceError } from '../../domain/index.js';
import { fromNative, inputFormat, refusalError } from '../../engine/index.js';
import type { NativeRefusal } from '../../engine/index.js';
import type { Acknowledgement } from './acknowledgements.js';
import { internalError } from './appendQueue.js';
import type { AppendJob, Commit, CommitEngine } from './appendQueue.js';
import type { LineBuffer } from './lineBuffer.js';
import { payloadError } from './payloadGate.js';
import type { AppendResult } from '../types.js';

const linesMax = 4096;
const slot = 0;

interface Waiter {
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

/** What the lines of one job have in common. */
export interface LineSource {
  /** A number of `fieldNames`. */
  readonly names: number;
  /** Of events that name none. */
  readonly tenantId: string;
  /** True where events that name another one are refused. */
  readonly isOnlyTenant: boolean;
}

/** Single appends that cross to the engine together; each succeeds or fails by itself. */
export class SinglesJob implements AppendJob {
  readonly #lines: LineBuffer;
  readonly #waiters: Waiter[] = [];
  /** By number of the event: its payload breaks a schema. */
  readonly #invalid = new Map<number, AllSourceError>();
  #isStaged = false;
  /** Outcomes that were handed on already, where the engine was busy in between. */
  #done = 0;

  constructor(
    lines: LineBuffer,
    readonly source: LineSource,
  ) {
    this.#lines = lines;
  }

  /** Undefined where the line does not fit any more. */
  add(line: string | Uint8Array): Promise<AppendResult> | undefined {
    if (this.#waiters.length === linesMax || !this.#lines.add(line)) return undefined;
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  run(engine: CommitEngine): boolean {
    if (!this.#isStaged) this.#stage(engine);
    const commit = engine.commit(slot, this.#waiters.length, true);
    const outcomes = commit.outcomes;
    this.#acknowledge(engine, commit, outcomes);
    this.#done = outcomes;
    if (!commit.isBusy && outcomes < this.#waiters.length) this.reject(this.#rest(engine));
    return !commit.isBusy;
  }

  reject(error: unknown): void {
    const publicError = fromNative(error);
    for (const waiter of this.#waiters.slice(this.#done)) waiter.reject(publicError);
  }

  #stage(engine: CommitEngine): void {
    const { ndjson } = inputFormat;
    const lines = this.#lines.bytes();
    const { names, tenantId, isOnlyTenant } = this.source;
    const { native } = engine;
    native.stage(slot, lines, ndjson, names, true, tenantId, isOnlyTenant, undefined, undefined);
    engine.lineBuffers.giveBack(this.#lines);
    for (const refused of engine.payloads.check(slot, { isAtomic: false })) {
      this.#invalid.set(
        refused.event,
        payloadError([refused], () => ({})),
      );
    }
    this.#isStaged = true;
  }

  #acknowledge(engine: CommitEngine, commit: Commit, outcomes: number): void {
    const refused = commit.refusals > 0 ? refusalsByEvent(engine) : undefined;
    const waiters: Waiter[] = [];
    const settlements: Settlement[] = [];
    for (let event = this.#done; event < outcomes; event++) {
      const waiter = this.#waiters[event];
      if (!waiter) continue;
      const refusal = refused?.get(event);
      const error = refusal ? refusalError(refusal) : this.#invalid.get(event);
      const settlement = error ? new Refused(error, engine.lastPosition) : commit.result(event);
      engine.lastPosition = Math.max(engine.lastPosition, settlement.position);
      waiters.push(waiter);
      settlements.push(settlement);
    }
    if (waiters.length === 0) return;
    engine.acknowledgements.push(
      new SinglesAcknowledgement(waiters, settlements),
      engine.watermark,
    );
  }

  /** Why the commit as a whole was refused: the store is closed, or the disk failed. */
  #rest(engine: CommitEngine): unknown {
    const refusal = engine.native.refusals(slot).at(-1);
    return refusal ? refusalError(refusal) : internalError();
  }
}

/**
 * An event that was refused. It is told when all that was committed before it is durable: who is told
 * of a conflict then finds the winner when reading.
 */
class Refused {
  constructor(
    readonly error: AllSourceError,
    readonly position: number,
  ) {}
}

type Settlement = AppendResult | Refused;

class SinglesAcknowledgement implements Acknowledgement {
  #next = 0;

  constructor(
    readonly waiters: readonly Waiter[],
    readonly settlements: readonly Settlement[],
  ) {}

  advance(watermark: number): boolean {
    for (; this.#next < this.settlements.length; this.#next++) {
      const settlement = this.settlements[this.#next];
      if (!settlement || settlement.position > watermark) return false;
      const waiter = this.waiters[this.#next];
      if (settlement instanceof Refused) {
        waiter?.reject(settlement.error);
      } else {
        waiter?.resolve(settlement);
      }
    }
    return true;
  }

  fail(error: AllSourceError): void {
    for (; this.#next < this.settlements.length; this.#next++) {
      const settlement = this.settlements[this.#next];
      this.waiters[this.#next]?.reject(settlement instanceof Refused ? settlement.error : error);
    }
  }
}

function refusalsByEvent(engine: CommitEngine): Map<number, NativeRefusal> {
  return new Map(engine.native.refusals(slot).map((refusal) => [refusal.event, refusal]));
}
