import { AllSourceError, abortedError } from '../../domain/index.js';
import type { JsonObject } from '../../domain/index.js';
import type {
  OfTenant,
  ParkedEvent,
  ProjectedState,
  ProjectionDeclaration,
  ProjectionHandle,
  ProjectionInfo,
  Projections,
  RebuildReport,
  StateListOptions,
  StatePage,
} from '../../projections/index.js';
import type { Connection } from '../connection.js';
import { Resource } from '../delivery/resource.js';
import { checkNames, optionTables, segmentOf, toQuery } from '../wire/parameters.js';
import {
  type WireProjection,
  fromDeclaration,
  toProjection,
} from '../wire/state/projectionDocuments.js';

const path = '/api/v1/projections';
/** How long the server waits for a position before it says that it is not reached yet. */
const waitSeconds = 10;
const lookMs = 200;

const declarationNames: ReadonlySet<string> = new Set([
  'name',
  'version',
  'sourceEventTypes',
  'key',
  'fields',
  'onError',
]);

/** Projections of a server's store. */
export class RemoteProjections implements Projections {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async declare(
    declaration: ProjectionDeclaration,
    options: OfTenant = {},
  ): Promise<ProjectionHandle<JsonObject>> {
    checkNames(declaration, declarationNames, { code: 'validation_error' });
    const body = fromDeclaration(declaration, options.tenantId);
    await this.#connection.post<WireProjection>(path, { body, isRepeatable: true });
    // Its states are objects: the fields that were declared.
    return this.#handle(declaration.name, options) as ProjectionHandle<JsonObject>;
  }

  async list(options: OfTenant = {}): Promise<readonly ProjectionInfo[]> {
    const query = toQuery(options, optionTables.tenant);
    const request = { path, query, isRepeatable: true };
    const list = await this.#connection.json<{ projections: WireProjection[] }>(request);
    return list.projections.map(toProjection);
  }

  async get(name: string, options: OfTenant = {}): Promise<ProjectionHandle> {
    const handle = this.#handle(name, options);
    await handle.info();
    return handle;
  }

  async delete(name: string, options: OfTenant = {}): Promise<void> {
    await new Resource(this.#connection, path, name, options).delete();
  }

  #handle(name: string, options: OfTenant): ProjectionHandle {
    return new RemoteProjection(new Resource(this.#connection, path, name, options), name);
  }
}

class RemoteProjection implements ProjectionHandle {
  readonly name: string;
  readonly #resource: Resource;

  constructor(resource: Resource, name: string) {
    this.#resource = resource;
    this.name = name;
  }

  async info(): Promise<ProjectionInfo> {
    return toProjection(await this.#resource.get<WireProjection>());
  }

  async get(key: string): Promise<ProjectedState<unknown> | undefined> {
    try {
      const segment = segmentOf(key, 'key');
      return await this.#resource.get<ProjectedState<unknown>>(`/state/${segment}`);
    } catch (error) {
      if (error instanceof AllSourceError && error.code === 'projection_state_not_found') {
        return undefined;
      }
      throw error;
    }
  }

  async list(options: StateListOptions = {}): Promise<StatePage<unknown>> {
    const query = toQuery(options, optionTables.projectedStates);
    const page = await this.#resource.get<{
      states: StatePage<unknown>['states'];
      position: number;
      next_cursor: string | null;
    }>('/state', query);
    return { states: page.states, position: page.position, nextCursor: page.next_cursor };
  }

  async waitFor(
    position: number,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    for (;;) {
      if (signal?.aborted === true) throw abortedError();
      const query = { wait_for_position: position, wait_seconds: waitSeconds };
      try {
        await this.#resource.get('', query, { waitMs: waitSeconds * 1000, signal });
        return;
      } catch (error) {
        const isLate = error instanceof AllSourceError && error.code === 'overloaded';
        if (!isLate) throw error;
      }
    }
  }

  async parked(): Promise<readonly ParkedEvent[]> {
    return (await this.#resource.get<{ parked: ParkedEvent[] }>('/parked')).parked;
  }

  async pause(): Promise<void> {
    await this.#resource.post('/pause');
  }

  async resume(): Promise<void> {
    await this.#resource.post('/resume');
  }

  async rebuild(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<RebuildReport> {
    const { done } = await this.beginRebuild(options);
    return done;
  }

  async beginRebuild({
    signal,
  }: {
    readonly signal?: AbortSignal | undefined;
  } = {}): Promise<{ readonly done: Promise<RebuildReport> }> {
    const { status } = toProjection(await this.#resource.post<WireProjection>('/rebuild'));
    const done = status === 'paused' ? this.#paused() : this.#rebuilt(signal);
    done.catch(() => undefined);
    return { done };
  }

  /** As an embedded store tells it: the build is recorded, and does not come to its end meanwhile. */
  async #paused(): Promise<never> {
    throw rebuildFailed(this.name, 'it is paused, and is built anew once it is resumed');
  }

  /** The server compares as an embedded store does, but does not tell over HTTP what it found. */
  async #rebuilt(signal: AbortSignal | undefined): Promise<RebuildReport> {
    for (;;) {
      const { rebuild, failure } = await this.info();
      // While states are built, a failure may be that of those before, which they take the place of.
      if (rebuild === null && failure !== null) throw rebuildFailed(this.name, failure.reason);
      if (rebuild === null) break;
      if (signal?.aborted === true) throw abortedError();
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
    return { keys: 0, different: [] };
  }

  stop(): Promise<never> {
    const message = 'a projection of a server is stopped there; pause() works from here';
    return Promise.reject(new AllSourceError('unprocessable', message));
  }
}

function rebuildFailed(name: string, reason: string): AllSourceError {
  return new AllSourceError('projection_stopped', `projection ${name}: ${reason}`);
}
