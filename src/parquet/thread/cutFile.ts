import { parquetUpTo } from '../../columnar/index.js';
import type { RecordBatch } from '../../columnar/index.js';
import type { ParquetFile } from '../types.js';
import type { JobContext, Jobs } from './jobs.js';
import { noRows, withBatch, writeParquetFile } from './newFile.js';

type CutJob = Jobs['cut']['job'] & { readonly directory: string };

/** Another file, of the rows up to a position. */
export async function* cutFile(
  { file, lastPosition, directory }: CutJob,
  { signal, onRows }: JobContext,
): AsyncGenerator<ParquetFile> {
  let rows = noRows;
  const onBatch = (batch: RecordBatch): void => {
    signal.throwIfAborted();
    rows = withBatch(rows, batch);
    onRows(batch.numRows);
  };
  const range = { firstPosition: file.firstPosition, lastPosition };
  const pieces = parquetUpTo(file.path, { lastPosition, onBatch });
  yield await writeParquetFile(directory, range, pieces, () => rows);
}
