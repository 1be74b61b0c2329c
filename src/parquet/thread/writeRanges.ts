import type { RecordBatch } from '../../columnar/index.js';
import type { Range } from '../files/parquetDirectory.js';
import type { ParquetFile } from '../types.js';
import type { JobContext, Jobs } from './jobs.js';
import { openLog } from './openLog.js';
import type { OpenLog } from './openLog.js';
import { noRows, withBatch, writeParquetFile } from './newFile.js';

type WriteJob = Jobs['write']['job'] & { readonly directory: string };

/** A file for each range, of what the log has there. The log is opened to be read, beside its writer. */
export async function* writeRanges(
  { dataDir, directory, ranges }: WriteJob,
  context: JobContext,
): AsyncGenerator<ParquetFile> {
  const log = await openLog(dataDir);
  try {
    for (const range of ranges) yield await writeRange(log, directory, range, context);
  } finally {
    await log.close();
  }
}

function writeRange(
  { system, columns }: OpenLog,
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
  const pieces = columns.readAllParquet(all, { onBatch, signal });
  return writeParquetFile(directory, range, pieces, () => rows);
}
