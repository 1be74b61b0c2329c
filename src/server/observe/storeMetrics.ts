import { Counter, Gauge, type Registry, Summary } from 'prom-client';
import type { StoreStats } from '../../eventStore/index.js';
import type { EmbeddedStore } from '../../store/index.js';
import type { StreamCounters } from '../stream/index.js';

/** Event types with a label of their own; the rest are counted together under `other`. */
const eventTypeLabelsMax = 100;

interface Sources {
  readonly store: EmbeddedStore;
  readonly streams: StreamCounters;
}

/** What the engine and the live streams count themselves; read when `/metrics` is asked for. */
export function addStoreMetrics(registry: Registry, { store, streams }: Sources): void {
  const counter = totalsOf(Counter, registry);
  const gauge = totalsOf(Gauge, registry);
  const stat = (name: keyof StoreStats) => async () => (await store.stats())[name];
  counter('events_ingested_total', 'Events appended since start.', stat('totalIngested'));
  addEventTypes(registry, store);
  gauge('storage_events_total', 'Events in the log.', stat('totalEvents'));
  gauge('storage_entities_total', 'Entities in the log.', stat('totalEntities'));
  gauge('storage_size_bytes', 'Bytes of all files.', stat('storageBytes'));
  gauge('wal_segments_total', 'Files of the log.', stat('segments'));
  gauge('watermark_position', 'Highest durable position.', () => store.watermark);
  addCache(gauge, counter, store);
  addIndex(gauge, counter, store);
  addEngineTotals(registry, store);
  addSnapshots(registry, store);
  gauge('websocket_connections_active', 'Open WebSockets.', () => streams.webSocketsOpen);
  counter('websocket_connections_total', 'WebSockets opened.', () => streams.webSocketsOpened);
  counter('websocket_messages_sent_total', 'Frames sent.', () => streams.messagesSent);
  counter('websocket_errors_total', 'Bad frames and broken WebSockets.', () => streams.errors);
  gauge('sse_connections_active', 'Open event streams over SSE.', () => streams.eventStreamsOpen);
}

type AddTotal = ReturnType<typeof totalsOf>;

function addCache(gauge: AddTotal, counter: AddTotal, store: EmbeddedStore): void {
  gauge('cache_bytes', 'Bytes of index files and sealed segments in memory.', () => {
    return store.counters().cacheBytes;
  });
  counter('cache_loads_total', 'Blocks of 4 KiB that were read into the cache.', () => {
    return store.counters().cacheLoads;
  });
  counter('cache_evictions_total', 'Pieces of 512 bytes that made room for others.', () => {
    return store.counters().cacheEvictions;
  });
}

function addIndex(gauge: AddTotal, counter: AddTotal, store: EmbeddedStore): void {
  gauge('index_bytes', 'Memory of the index: of the events that no index file has yet.', () => {
    return store.counters().indexBytes;
  });
  gauge('index_files', 'Index files.', () => store.counters().indexFiles);
  gauge('index_segments', 'Segments whose index is in a file.', () => {
    return store.counters().indexedSegments;
  });
  counter('index_failures_total', 'Index files that could not be written.', () => {
    return store.counters().indexFailures;
  });
}

/** A factory of metrics whose value is read from its owner. */
function totalsOf(
  Kind: typeof Counter | typeof Gauge,
  registry: Registry,
): (name: string, help: string, read: () => number | Promise<number>) => void {
  return (name, help, read) => {
    new Kind({
      name: `allsource_${name}`,
      help,
      registers: [registry],
      async collect() {
        const value = await read();
        this.reset();
        this.inc(value);
      },
    });
  };
}

function addEventTypes(registry: Registry, store: EmbeddedStore): void {
  new Counter({
    name: 'allsource_events_ingested_by_type',
    help:
      `Events in the log by type: the first ${eventTypeLabelsMax} types of the default tenant; ` +
      'other = all further ones, and what the store keeps for itself.',
    labelNames: ['event_type'],
    registers: [registry],
    async collect() {
      const { eventTypes } = await store.eventTypes({ limit: eventTypeLabelsMax });
      let rest = (await store.stats()).totalEvents;
      this.reset();
      for (const { eventType, eventCount } of eventTypes) {
        rest -= eventCount;
        this.inc({ event_type: eventType }, eventCount);
      }
      this.inc({ event_type: 'other' }, Math.max(rest, 0));
    },
  });
}

function addEngineTotals(registry: Registry, store: EmbeddedStore): void {
  new TotalsSummary(registry, {
    name: 'allsource_wal_sync_duration_seconds',
    help: 'Time of the syncs of the log.',
    read: () => ({ sum: store.counters().syncMicros / 1e6, count: store.counters().syncs }),
  });
  new TotalsSummary(registry, {
    name: 'allsource_wal_commit_batch_events',
    help: 'Events written to the log by one commit.',
    read: () => ({ sum: store.counters().committedEvents, count: store.counters().commits }),
  });
}

function addSnapshots(registry: Registry, { snapshots }: EmbeddedStore): void {
  const counter = totalsOf(Counter, registry);
  const gauge = totalsOf(Gauge, registry);
  counter('snapshots_created_total', 'Snapshots made since start.', () => {
    return snapshots.counters().created;
  });
  counter('snapshots_failed_total', 'Snapshots that were due and could not be made.', () => {
    return snapshots.counters().failed;
  });
  const tenants = 'of the tenant default and of those for which some were made since start';
  gauge('snapshots_total', `Snapshots that the log has ever had, ${tenants}.`, () => {
    return snapshots.total();
  });
  new TotalsSummary(registry, {
    name: 'allsource_snapshot_creation_duration_seconds',
    help: 'Time from the state of an entity to its durable snapshot.',
    read: () => {
      const { seconds, created } = snapshots.counters();
      return { sum: seconds, count: created };
    },
  });
}

interface Totals {
  readonly name: string;
  readonly help: string;
  readonly read: () => { readonly sum: number; readonly count: number };
}

/** A summary without quantiles whose sum and count are kept by the engine. */
class TotalsSummary extends Summary {
  readonly #totals: Totals;

  constructor(registry: Registry, totals: Totals) {
    super({ name: totals.name, help: totals.help, percentiles: [], registers: [registry] });
    this.#totals = totals;
  }

  override async get(): ReturnType<Summary['get']> {
    const { name, read } = this.#totals;
    const { sum, count } = read();
    const values = [
      { metricName: `${name}_sum`, labels: {}, value: sum },
      { metricName: `${name}_count`, labels: {}, value: count },
    ];
    return { ...(await super.get()), values };
  }
}
