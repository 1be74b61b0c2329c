import type {
  ParkedEvent,
  ProjectedState,
  ProjectionHandle,
  ProjectionInfo,
  RebuildReport,
  StateListOptions,
  StatePage,
} from './types.js';

type Waiting = { readonly signal?: AbortSignal | undefined };

interface Place {
  /** Throws `store_closed`. */
  mustBeOpen(): void;
  /** Throws `projection_not_found` where it was deleted. */
  find(): ProjectionHandle;
}

/** Whatever a projection of a name is now: it may have been started again since the handle was given. */
export class NamedProjection implements ProjectionHandle {
  readonly name: string;
  readonly #place: Place;

  constructor(name: string, place: Place) {
    this.name = name;
    this.#place = place;
  }

  async info(): Promise<ProjectionInfo> {
    return this.#find().info();
  }

  async get(key: string): Promise<ProjectedState<unknown> | undefined> {
    return this.#find().get(key);
  }

  async list(options?: StateListOptions): Promise<StatePage<unknown>> {
    return this.#find().list(options);
  }

  async waitFor(position: number, options?: Waiting): Promise<void> {
    return this.#find().waitFor(position, options);
  }

  async parked(): Promise<readonly ParkedEvent[]> {
    return this.#find().parked();
  }

  async pause(): Promise<void> {
    return this.#find().pause();
  }

  async resume(): Promise<void> {
    return this.#find().resume();
  }

  async rebuild(options?: { readonly signal?: AbortSignal }): Promise<RebuildReport> {
    return this.#find().rebuild(options);
  }

  async beginRebuild(): Promise<{ readonly done: Promise<RebuildReport> }> {
    return this.#find().beginRebuild();
  }

  /** Where the store was closed, it is. */
  async stop(): Promise<void> {
    return this.#place.find().stop();
  }

  #find(): ProjectionHandle {
    this.#place.mustBeOpen();
    return this.#place.find();
  }
}
