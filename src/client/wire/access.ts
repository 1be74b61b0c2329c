import type { EventShape } from '../../domain/index.js';
import type { ReadOptions, StateOptions, StatsDocument } from '../../eventStore/index.js';
import type { EventStore } from '../../store/index.js';
import type { Connection } from '../connection.js';
import type { WireState } from './documents.js';
import { optionTables, segmentOf, toQuery } from './parameters.js';

/** @internal Answers as the server sends them; the command line prints them. */
export interface WireAccess {
  state(entityId: string, options: StateOptions): Promise<WireState>;
  stats(options: { readonly tenantId?: string | undefined }): Promise<StatsDocument>;
  /**
   * The live stream as server-sent events, whose payloads are the bytes that were appended; of a topic
   * where one is named.
   */
  live(
    options: ReadOptions & { readonly topic?: string | undefined },
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
}

/** What `connect` gives: an `EventStore`, and what the command line takes besides. */
export interface RemoteStore<E extends EventShape> extends EventStore<E> {
  /** @internal */
  readonly wire: WireAccess;
}

export function createWireAccess(connection: Connection): WireAccess {
  return {
    async state(entityId, options) {
      connection.mustBeOpen();
      const path = `/api/v1/entities/${segmentOf(entityId, 'entity_id')}/state`;
      const query = toQuery(options, optionTables.state);
      return connection.json<WireState>({ path, query, isRepeatable: true });
    },
    async stats(options) {
      const query = toQuery(options, optionTables.tenant);
      const request = { path: '/api/v1/stats', query, isRepeatable: true };
      return connection.json<StatsDocument>(request);
    },
    live(options, signal) {
      const query = toQuery(options, optionTables.live);
      const path = '/api/v1/events/stream';
      const accept = 'text/event-stream';
      return connection.stream({ path, query, accept, signal, isRepeatable: true });
    },
  };
}
