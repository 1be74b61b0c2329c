import { ColumnReader } from '../../columnar/index.js';
import type { RecordBatch } from '../../columnar/index.js';
import { SystemAccess, openCore } from '../../eventStore/index.js';
import type { Range } from '../files/parquetDirectory.js';
import type { ParquetFile } from '../types.js';
import type { JobContext, Jobs } from './jobs.js';
import { noRows, withBatch, writeParquetFile } from './newFile.js';

type WriteJob = Jobs['write']['job'] & { readonly directory: string };

/** A file for each range, of what the log has there. The log is opened to be read, beside its writer. */
export async function* writeRanges(
  { dataDir, directory, ranges }: WriteJob,
  context: JobContext,
): AsyncGenerator<ParquetFile> {
  const core = await openCore({ dataDir, readOnly: true }, { milestoneEvery: 0 });
  try {
    const system = new SystemAccess(core);
    for (const range of ranges) yield await writeRange(system, directory, range, context);
  } finally {
    await core.close(async () => undefined);
  }
}

function writeRange(
  system: SystemAccess,
  directory: string,
  range: Range,
  { signal, onRows }: JobContext,
): Promise<ParquetFile> {
  let rows = noRows;
  const onBatch = (batch: RecordBatch): void => {
    rows = withBatch(rows, batch);
    onRows(batch.numRows);
  };
  const { firstPosition: first, lastPosition: last } = range;
  const all = system.rowsOfAll({ first, last });
  const pieces = new ColumnReader(system).readAllParquet(all, { onBatch, signal });
  return writeParquetFile(directory, range, pieces, () => rows);
}
