import { abortedError } from '../../domain/index.js';
import type { ReplayInfo, ReplayRequest, Replays } from '../../replays/index.js';
import type { OfTenant } from '../../consumers/index.js';
import type { Connection } from '../connection.js';
import { Resource } from '../delivery/resource.js';
import { optionTables, toQuery } from '../wire/parameters.js';
import { type WireReplay, fromRequest, toReplay } from '../wire/state/replayDocuments.js';

const path = '/api/v1/replay';
const lookMs = 200;

/** Replays of a server's store. */
export class RemoteReplays implements Replays {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async start(request: ReplayRequest = {}): Promise<ReplayInfo> {
    const body = fromRequest(request);
    return toReplay(await this.#connection.post<WireReplay>(path, { body, isRepeatable: false }));
  }

  async list(options: OfTenant = {}): Promise<readonly ReplayInfo[]> {
    const request = { path, query: toQuery(options, optionTables.tenant), isRepeatable: true };
    const list = await this.#connection.json<{ replays: WireReplay[] }>(request);
    return list.replays.map(toReplay);
  }

  async get(id: string, options: OfTenant = {}): Promise<ReplayInfo> {
    return toReplay(await this.#one(id, options).get<WireReplay>());
  }

  async ended(
    id: string,
    { signal, ...options }: OfTenant & { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ReplayInfo> {
    for (;;) {
      const info = await this.get(id, options);
      if (info.status !== 'pending' && info.status !== 'running') return info;
      if (signal?.aborted === true) throw abortedError();
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  async cancel(id: string, options: OfTenant = {}): Promise<ReplayInfo> {
    return toReplay(await this.#one(id, options).post<WireReplay>('/cancel'));
  }

  async delete(id: string, options: OfTenant = {}): Promise<void> {
    await this.#one(id, options).delete();
  }

  #one(id: string, options: OfTenant): Resource {
    return new Resource(this.#connection, path, id, options);
  }
}
