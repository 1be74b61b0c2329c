import type { ManagedProjection } from './managedProjection.js';
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

/** Whatever a projection of a name is now: it may have been started again since the handle was given. */
export class NamedProjection implements ProjectionHandle {
  readonly name: string;
  readonly #find: () => ManagedProjection;

  /** @param find throws `projection_not_found` where it was deleted. */
  constructor(name: string, find: () => ManagedProjection) {
    this.name = name;
    this.#find = find;
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

  async stop(): Promise<void> {
    return this.#find().stop();
  }
}
