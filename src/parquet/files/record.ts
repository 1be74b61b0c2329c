import { systemTenant } from '../../domain/index.js';
import type { JsonValue } from '../../domain/index.js';
import { recordEvent } from '../../eventStore/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import type { CompactionTotals, ParquetFile } from '../types.js';

/** What the log says of the tier: one event has it all, so that a change is there, or is not. */
export interface TierRecord {
  readonly files: readonly ParquetFile[];
  readonly totals: CompactionTotals;
}

const entityId = 'parquet';
const eventType = 'parquet.files';

export const emptyRecord: TierRecord = {
  files: [],
  totals: {
    totalCompactions: 0,
    totalFilesCompacted: 0,
    totalBytesBefore: 0,
    totalBytesAfter: 0,
    totalEventsCompacted: 0,
    lastCompactionDurationMs: 0,
    spaceSavedBytes: 0,
  },
};

interface FoundRecord {
  readonly record: TierRecord;
  /** Position of its event; 0 where there is none. */
  readonly recordedAt: number;
}

export async function readTier(log: SystemAccess): Promise<FoundRecord> {
  const last = await log.newest({ tenantId: systemTenant, entityId, eventType });
  if (last === undefined) return { record: emptyRecord, recordedAt: 0 };
  // Only `writeTier` makes these events.
  return { record: fromJson(last.payload), recordedAt: last.position };
}

export async function writeTier(log: SystemAccess, record: TierRecord): Promise<void> {
  await log.append([recordEvent(eventType, entityId, record)]);
}

function fromJson(payload: JsonValue): TierRecord {
  return payload as unknown as TierRecord;
}
