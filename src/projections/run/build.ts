import { abortedError } from '../../domain/index.js';
import type { GenerationRecord } from '../record.js';
import { isShown } from '../record.js';
import type { ProjectionStorage } from '../storage/types.js';
import type { RebuildReport } from '../types.js';
import { compareRuns } from './compareRuns.js';
import type { ProjectionRun } from './projectionRun.js';

export interface BuildOptions {
  readonly run: ProjectionRun;
  readonly generation: GenerationRecord;
  /** The position that has to be reached. */
  readonly goal: number;
  /** Of whoever asked for it; aborted, it is given up. */
  readonly signal?: AbortSignal | undefined;
}

/** One try to build a set of states. Halted, it never ends well; another try goes on where it was. */
export class Build {
  readonly run: ProjectionRun;
  readonly generation: GenerationRecord;
  readonly goal: number;
  readonly #halting = new AbortController();
  readonly #givingUp: AbortSignal | undefined;
  readonly #signal: AbortSignal;

  constructor({ run, generation, goal, signal }: BuildOptions) {
    this.run = run;
    this.generation = generation;
    this.goal = goal;
    this.#givingUp = signal;
    const { signal: halted } = this.#halting;
    this.#signal = signal === undefined ? halted : AbortSignal.any([halted, signal]);
  }

  get isHalted(): boolean {
    return this.#halting.signal.aborted;
  }
  /** Whoever asked for it does not want it any more. */
  get isGivenUp(): boolean {
    return this.#givingUp?.aborted === true;
  }

  halt(): void {
    this.#halting.abort();
  }

  /** Reads on until it is at the goal, and where the states are that it is built beside. */
  async reach(before: ProjectionRun): Promise<void> {
    this.#mustGoOn();
    this.run.start();
    const beside = isShown(this.generation) ? 0 : before.position;
    await this.run.waitFor(Math.max(this.goal, beside), this.#signal);
  }

  /**
   * Ends both, at one position where they are to be compared. Undefined where the new states could not be
   * brought to where those before are: it has to read on.
   */
  async meet(
    before: ProjectionRun,
    { storage, isCompared }: { readonly storage: ProjectionStorage; readonly isCompared: boolean },
  ): Promise<RebuildReport | undefined> {
    await this.#endBoth(before);
    this.#mustGoOn();
    if (isShown(this.generation)) return nothingCompared;
    const end = (): void => void this.#endBoth(before);
    this.#signal.addEventListener('abort', end);
    try {
      if (isCompared) await before.runTo(this.run.position);
      this.#mustGoOn();
      await this.run.runTo(before.position);
      this.#mustGoOn();
    } finally {
      this.#signal.removeEventListener('abort', end);
    }
    if (this.run.position < before.position) return undefined;
    if (!isCompared || this.run.position !== before.position) return nothingCompared;
    return compareRuns(storage, before.space, this.run.space);
  }

  async #endBoth(before: ProjectionRun): Promise<void> {
    await Promise.all([before.stop(), this.run.stop()]);
  }

  #mustGoOn(): void {
    if (this.#signal.aborted) throw abortedError();
  }
}

const nothingCompared: RebuildReport = { keys: 0, different: [] };
