import { AllSourceError } from '../domain/index.js';
import { calling, counterNumber } from '../engine/index.js';
import type { NativeStore } from '../engine/index.js';
import type { TreeHead } from '../proof/index.js';
import type { Prover } from './integrity/proofs.js';
import type { EngineCounters, StatsDocument, StoreStats } from './types.js';

function counterReader(native: NativeStore): (name: keyof typeof counterNumber) => number {
  const numbers = new Float64Array(counterNumber.count);
  calling(() => native.counters(numbers));
  return (name) => numbers[counterNumber[name]] ?? 0;
}

export function readCounters(native: NativeStore): EngineCounters {
  const read = counterReader(native);
  return {
    watermark: read('watermark'),
    queuedBytes: read('queuedBytes'),
    commits: read('commits'),
    committedEvents: read('committedEvents'),
    committedBytes: read('committedBytes'),
    syncs: read('syncs'),
    syncMicros: read('syncMicros'),
    lastSyncMicros: read('lastSyncMicros'),
    indexBytes: read('indexBytes'),
    indexFiles: read('indexFiles'),
    indexedSegments: read('indexedSegments'),
    indexFailures: read('indexFailures'),
    cacheBytes: read('cacheBytes'),
    cacheLoads: read('cacheLoads'),
    cacheEvictions: read('cacheEvictions'),
  };
}

/** Of the log; asks nothing of the index. */
export function readFirstPosition(native: NativeStore): number {
  return counterReader(native)('firstPosition');
}

export function readStats(native: NativeStore, tenantId: string | undefined): StoreStats {
  const read = counterReader(native);
  const totals = new Float64Array(3);
  calling(() => native.stats(tenantId, totals));
  const [totalEvents = 0, totalEntities = 0, totalEventTypes = 0] = totals;
  return {
    totalEvents,
    totalEntities,
    totalEventTypes,
    totalIngested: read('committedEvents'),
    watermark: read('watermark'),
    storageBytes: read('storageBytes'),
    segments: read('segments'),
    firstPosition: read('firstPosition'),
  };
}

/**
 * The answer of `GET /api/v1/stats`. Its tree head is null where the log is too damaged to have one:
 * whoever looks at a damaged store needs the rest.
 */
export async function readStatsDocument(
  native: NativeStore,
  prover: Prover,
  tenantId: string | undefined,
): Promise<StatsDocument> {
  const head = await treeHeadOf(prover);
  const stats = readStats(native, tenantId);
  return {
    total_events: stats.totalEvents,
    total_entities: stats.totalEntities,
    total_event_types: stats.totalEventTypes,
    total_ingested: stats.totalIngested,
    watermark: stats.watermark,
    storage_bytes: stats.storageBytes,
    segments: stats.segments,
    first_position: stats.firstPosition,
    tree_size: head?.treeSize ?? null,
    root_hash: head?.rootHash ?? null,
  };
}

async function treeHeadOf(prover: Prover): Promise<TreeHead | null> {
  try {
    return await prover.head(undefined);
  } catch (error) {
    if (error instanceof AllSourceError && error.code === 'storage_damaged') return null;
    throw error;
  }
}
