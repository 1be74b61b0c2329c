import type { ColumnName, RecordBatch } from '../../columnar/index.js';
import type { JobContext, Jobs, MeasuredGroup } from './jobs.js';
import { openLog } from './openLog.js';

const columns: readonly ColumnName[] = [
  'timestamp',
  'tenant_id',
  'event_type',
  'metadata',
  'payload',
];

/** What each range has, by tenant and type. */
export async function* measureRanges(
  { dataDir, ranges }: Jobs['measure']['job'],
  { signal, onRows }: JobContext,
): AsyncGenerator<readonly MeasuredGroup[]> {
  const log = await openLog(dataDir);
  try {
    const { system, columns: reader } = log;
    for (const { firstPosition: first, lastPosition: last } of ranges) {
      const groups = new Map<string, MeasuredGroup>();
      const rows = system.rowsOfAll({ first, last: Math.min(last, system.watermark) });
      for await (const batch of reader.readAll(rows, { columns, signal })) {
        add(groups, batch);
        onRows(batch.numRows);
      }
      yield [...groups.values()];
    }
  } finally {
    await log.close();
  }
}

/** Adds the rows of a batch; each tenant and type is looked at once in it, by their codes. */
function add(groups: Map<string, MeasuredGroup>, batch: RecordBatch): void {
  const tenants = batch.getChild('tenant_id');
  const types = batch.getChild('event_type');
  const tenantCodes = tenants?.data[0]?.values as Int32Array;
  const typeCodes = types?.data[0]?.values as Int32Array;
  const typeCount = types?.data[0]?.dictionary?.length ?? 0;
  const times = batch.getChild('timestamp')?.data[0]?.values as BigInt64Array;
  const payloads = batch.getChild('payload')?.data[0]?.valueOffsets as Int32Array;
  const metadata = batch.getChild('metadata')?.data[0]?.valueOffsets as Int32Array;
  const bytesOf = (offsets: Int32Array, row: number): number =>
    (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
  const counts = new Map<number, Count>();
  for (let row = 0; row < batch.numRows; row += 1) {
    const code = (tenantCodes[row] ?? 0) * typeCount + (typeCodes[row] ?? 0);
    let count = counts.get(code);
    if (count === undefined) counts.set(code, (count = { events: 0, bytes: 0, lastRow: row }));
    count.events += 1;
    count.bytes += bytesOf(payloads, row) + bytesOf(metadata, row);
    count.lastRow = row;
  }
  for (const { events, bytes, lastRow } of counts.values()) {
    const tenantId = String(tenants?.get(lastRow));
    const eventType = String(types?.get(lastRow));
    const key = `${tenantId} ${eventType}`;
    const known = groups.get(key) ?? { events: 0, bytes: 0 };
    groups.set(key, {
      ...{ tenantId, eventType, newest: Number(times[lastRow]) },
      ...{ events: known.events + events, bytes: known.bytes + bytes },
    });
  }
}

interface Count {
  events: number;
  bytes: number;
  lastRow: number;
}
