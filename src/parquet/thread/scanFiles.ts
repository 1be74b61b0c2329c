import { arrowSchema, arrowStream, parquetRows, takeRows } from '../../columnar/index.js';
import type { RecordBatch } from '../../columnar/index.js';
import { payloadFields } from '../archive/payloadFields.js';
import { matchingRows } from '../archive/rowFilter.js';
import type { JobContext, Jobs } from './jobs.js';

type Scan = Jobs['scan']['job'];

/** Matching rows of files as Arrow IPC streams, each of one batch. */
export async function* scanFiles(scan: Scan, { signal }: JobContext): AsyncGenerator<Uint8Array> {
  const { files, query } = scan;
  const { order } = query;
  let rowsLeft = scan.rowsMax;
  for (const { path } of order === 'desc' ? files.toReversed() : files) {
    for await (const batch of parquetRows(path, { order })) {
      signal.throwIfAborted();
      const rows = matchingRows(batch, query);
      if (order === 'desc') rows.reverse();
      if (rows.length === 0) continue;
      yield await streamOf(scan, batch, rows.slice(0, rowsLeft));
      rowsLeft -= rows.length;
      if (rowsLeft <= 0) return;
    }
  }
}

async function streamOf(
  { columns, fields }: Scan,
  batch: RecordBatch,
  rows: readonly number[],
): Promise<Uint8Array> {
  const schema = await arrowSchema({ columns, fields });
  const hasFields = Object.keys(fields ?? {}).length > 0;
  const payloads = hasFields
    ? rows.map((row) => batch.getChild('payload')?.get(row) as string)
    : [];
  const values = await payloadFields(payloads, hasFields ? (fields ?? {}) : {});
  const taken = await takeRows(schema, { batch, rows }, (name) => values.get(name) ?? []);
  return arrowStream(schema, [taken]);
}
