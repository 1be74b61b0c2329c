import { AllSourceError } from '../../domain/index.js';
import { isShown, isWhole, lastGeneration, mustBeWhole } from '../record.js';
import type { GenerationRecord, ReplayOfStates } from '../record.js';
import { Build } from '../run/build.js';
import { reasonOf } from '../run/eventFailure.js';
import type { Projection, ProjectionFailure, RebuildInfo, RebuildReport } from '../types.js';
import type { Generations, GenerationsOptions } from './generations.js';
import type { Turns } from './turns.js';

export interface BuildsOptions extends GenerationsOptions {
  /** Whether new sets of states are in a storage that the user gave. */
  readonly isElsewhere: boolean;
}

/** The projection that they are of. */
export interface BuildsHost {
  readonly generations: Generations;
  readonly turns: Turns;
  /** Whether nothing may run now. */
  isHalted(): boolean;
  /** Whether it was deleted, or another one takes its place. */
  isRetired(): boolean;
  /** Its code; throws `projection_stopped` where that does not run in this process. */
  mustHaveCode(): Projection;
  /** Goes on with what is to run. */
  start(): void;
}

export interface BuildRequest {
  readonly replay?: ReplayOfStates | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface BuildAtWork {
  readonly build: Build;
  readonly done: Promise<RebuildReport>;
}

interface Begun {
  readonly done: Promise<RebuildReport>;
}

/** `none`: it was not begun, or other states have taken the place of those that it built. */
export type ReplayState = 'none' | 'building' | 'failed' | 'built';

/**
 * States of a projection that are built beside those that are read, one set at a time. A build reads
 * outside of the turns, and takes one to put its states in the place of those before.
 */
export class Builds {
  readonly #options: BuildsOptions;
  readonly #host: BuildsHost;
  readonly #generations: Generations;
  #atWork: BuildAtWork | undefined;
  /** Builds that were asked for, and have not had their turn. */
  #beginning = 0;
  /** Why the last one did not come to its end; it is tried again when the projection is resumed. */
  #failure: ProjectionFailure | null = null;

  constructor(options: BuildsOptions, host: BuildsHost) {
    this.#options = options;
    this.#host = host;
    this.#generations = host.generations;
  }

  get failure(): ProjectionFailure | null {
    return this.#failure;
  }
  get isAtWork(): boolean {
    return this.#atWork !== undefined;
  }
  /** Settles with the one that is at work. */
  get done(): Promise<RebuildReport> | undefined {
    return this.#atWork?.done;
  }

  /** Whether states are being built anew, or will be when the projection goes on. */
  get isBuilding(): boolean {
    return this.#beginning > 0 || this.#hasBuild;
  }

  get #hasBuild(): boolean {
    const isWaiting = this.#generations.record.building !== null && this.#failure === null;
    return this.#atWork !== undefined || isWaiting;
  }

  get info(): RebuildInfo | null {
    if (this.#atWork === undefined) return null;
    const { generation, run, goal } = this.#atWork.build;
    return { version: generation.version, position: run.position, goal };
  }

  /** One that failed is tried again from now on. */
  forgetFailure(): void {
    this.#failure = null;
  }

  /** Goes on with the one that was not finished; one that failed is left alone. */
  goOn(): void {
    const { building } = this.#generations.record;
    const isWaiting = this.#atWork === undefined && this.#failure === null;
    if (building !== null && isWaiting) void this.#start(building);
  }

  /** The one at work gives way to what has asked for a turn. */
  interrupt(): void {
    this.#atWork?.build.halt();
  }

  /** It is not at work any more. */
  halt(): void {
    this.#atWork?.build.halt();
    this.#atWork = undefined;
  }

  /** A replay is not joined. */
  beginOrJoin(signal: AbortSignal | undefined): Promise<Begun> {
    return this.#inTurnToBegin(async () => {
      const { build, done } = this.#atWork ?? {};
      const isJoined = done !== undefined && build?.generation.replay === undefined;
      return isJoined ? { done } : this.#begin({ signal });
    });
  }

  async begin(request: BuildRequest): Promise<Begun> {
    if (this.isBuilding) throw this.#buildingError();
    return this.#inTurnToBegin(() => this.#begin(request));
  }

  async #inTurnToBegin<T>(work: () => Promise<T>): Promise<T> {
    this.#beginning += 1;
    return this.#host.turns.inTurn(work).finally(() => {
      this.#beginning -= 1;
    });
  }

  async #begin({ replay, signal }: BuildRequest): Promise<Begun> {
    const { log, isElsewhere } = this.#options;
    if (this.#hasBuild) throw this.#buildingError();
    const projection = this.#host.mustHaveCode();
    if (replay?.selection.since === undefined) mustBeWhole(projection.name, log);
    const generation = lastGeneration(this.#generations.record) + 1;
    const after = log.logBegin - 1;
    const building = { generation, version: projection.version, isElsewhere, after, replay };
    // One that failed gives way; what it has is dropped with the sets of states before these.
    await this.#generations.changeBuilding({ building });
    this.#failure = null;
    if (isShown(building)) await this.#generations.current.stop();
    return { done: this.#start(building, signal) };
  }

  stateOfReplay(id: string): ReplayState {
    const { current, building } = this.#generations.record;
    if (current.replay?.id === id) return 'built';
    if (building?.replay?.id !== id) return 'none';
    const hasFailed = this.#atWork === undefined && this.#failure !== null;
    return hasFailed ? 'failed' : 'building';
  }

  /** Of the states that are built: events up to here are in them, and so many could not be. */
  get progress(): { readonly position: number; readonly failed: number } {
    const { building, current } = this.#generations;
    const { position, counts, failure } = building ?? current;
    return { position, failed: Math.max(counts.failed, counts.parked, failure === null ? 0 : 1) };
  }

  /** False where the replay has come to its end already. */
  cancelReplay(id: string): Promise<boolean> {
    const isOfReplay = (): boolean => this.#generations.record.building?.replay?.id === id;
    if (isOfReplay()) this.interrupt();
    return this.#host.turns.inTurn(async () => {
      if (!isOfReplay() || this.#host.isRetired()) return false;
      this.halt();
      try {
        await this.#generations.building?.stop();
        await this.#abandon();
      } finally {
        this.#host.start();
      }
      return true;
    });
  }

  #start(generation: GenerationRecord, signal?: AbortSignal): Promise<RebuildReport> {
    const run = this.#generations.building;
    const goal = generation.replay?.selection.goal ?? this.#options.log.watermark;
    let done: Promise<RebuildReport>;
    if (run === undefined || this.#host.isHalted()) {
      done = Promise.reject(this.#haltedError());
    } else {
      const build = new Build({ run, generation, goal, signal });
      done = this.#finish(build).finally(() => this.#options.onChange());
      this.#atWork = { build, done };
    }
    // Whoever does not wait for it is told by `info`.
    done.catch(() => undefined);
    return done;
  }

  async #finish(build: Build): Promise<RebuildReport> {
    const { turns } = this.#host;
    try {
      for (;;) {
        await build.reach(this.#generations.current);
        const report = await turns.inTurn(() => this.#swap(build));
        if (report !== undefined) return report;
      }
    } catch (error) {
      await turns.inTurn(() => this.#endFailed(build, error));
      throw build.isHalted ? this.#haltedError() : error;
    }
  }

  /** Puts the new states in the place of the old; undefined where they have to be read on first. */
  async #swap(build: Build): Promise<RebuildReport | undefined> {
    const { generation } = build;
    const { current } = this.#generations.record;
    const isWholeBoth = isWhole(current) && isWhole(generation);
    const isCompared = isWholeBoth && current.version === generation.version;
    const { storage } = this.#options;
    const report = await build.meet(this.#generations.current, { storage, isCompared });
    if (report !== undefined) {
      await this.#generations.putInPlace(build.run, generation, () => {
        this.#atWork = undefined;
      });
    }
    this.#host.start();
    return report;
  }

  async #endFailed(build: Build, error: unknown): Promise<void> {
    // Whoever halted it has ended it, and another one may be at work.
    if (this.#atWork?.build !== build) return;
    await build.run.stop();
    this.#atWork = undefined;
    // It goes on when the store is opened again.
    if (this.#options.log.isClosed) return;
    if (!build.isHalted) {
      this.#failure = build.run.failure ?? { position: 0, reason: reasonOf(error) };
    }
    try {
      if (build.isGivenUp) await this.#abandon();
    } finally {
      // It was stopped where the new states were to take the place of its own.
      this.#host.start();
    }
  }

  /** Where it was of a newer version, plain states of that are built: those before can't go on. */
  async #abandon(): Promise<void> {
    const { current, building } = this.#generations.record;
    const generations = lastGeneration(this.#generations.record);
    const isNewer = building !== null && building.version !== current.version;
    const isPossible = this.#options.log.logBegin === 1;
    if (isNewer && isPossible) {
      const { version, isElsewhere } = building;
      const plain = { generation: generations + 1, version, isElsewhere };
      await this.#generations.changeBuilding({ building: plain });
    } else {
      await this.#generations.changeBuilding({ building: null, generations });
    }
    const reason = 'events were dropped from the log, so its states can not be built anew of all';
    this.#failure = isNewer && !isPossible ? { position: 0, reason } : null;
  }

  get #name(): string {
    return this.#generations.record.name;
  }

  #buildingError(): AllSourceError {
    const message = `projection ${this.#name}: its states are being built anew already`;
    return new AllSourceError('replay_running', message);
  }

  #haltedError(): AllSourceError {
    const { isPaused } = this.#generations.record;
    const state = isPaused ? 'paused: it is built anew once it is resumed' : 'stopped';
    return new AllSourceError('projection_stopped', `projection ${this.#name} is ${state}`);
  }
}
