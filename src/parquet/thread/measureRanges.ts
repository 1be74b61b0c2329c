import { ColumnReader } from '../../columnar/index.js';
import type { ColumnName, RecordBatch } from '../../columnar/index.js';
import { SystemAccess, openCore } from '../../eventStore/index.js';
import type { JobContext, Jobs, MeasuredGroup } from './jobs.js';

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
  const core = await openCore({ dataDir, readOnly: true }, { milestoneEvery: 0 });
  try {
    const system = new SystemAccess(core);
    const reader = new ColumnReader(system);
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
    await core.close(async () => undefined);
  }
}

function add(groups: Map<string, MeasuredGroup>, batch: RecordBatch): void {
  const tenants = batch.getChild('tenant_id');
  const types = batch.getChild('event_type');
  const times = batch.getChild('timestamp')?.data[0]?.values as BigInt64Array;
  const payloads = batch.getChild('payload')?.data[0]?.valueOffsets as Int32Array;
  const metadata = batch.getChild('metadata')?.data[0]?.valueOffsets as Int32Array;
  const bytesOf = (offsets: Int32Array, row: number): number =>
    (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
  for (let row = 0; row < batch.numRows; row += 1) {
    const tenantId = String(tenants?.get(row));
    const eventType = String(types?.get(row));
    const key = `${tenantId} ${eventType}`;
    const known = groups.get(key) ?? { tenantId, eventType, events: 0, bytes: 0, newest: 0 };
    groups.set(key, {
      ...known,
      events: known.events + 1,
      bytes: known.bytes + bytesOf(payloads, row) + bytesOf(metadata, row),
      newest: Number(times[row]),
    });
  }
}
