import { recordBatches } from '../../columnar/index.js';
import type { Archive, ArchiveWanted, RecordBatch } from '../../columnar/index.js';
import { covers, isIn } from '../files/parquetDirectory.js';
import { runInThread } from '../thread/parquetThread.js';
import type { ParquetFiles } from '../types.js';

/** What was dropped from the log, as the Parquet files have it. */
export class ArchivedRows implements Archive {
  readonly #files: ParquetFiles & { readonly directory: string };

  constructor(files: ParquetFiles & { readonly directory: string }) {
    this.#files = files;
  }

  async has(firstPosition: number, lastPosition: number): Promise<boolean> {
    const range = { firstPosition, lastPosition };
    return this.#files.withFiles(async (all) =>
      covers(
        all.filter((file) => isIn(file, range)),
        range,
      ),
    );
  }

  async *read({
    query,
    columns,
    fields,
    rowsMax,
    signal,
  }: ArchiveWanted): AsyncGenerator<RecordBatch> {
    const firstPosition = Math.max(query.firstPosition || 1, 1);
    const range = { firstPosition, lastPosition: query.lastPosition };
    const hold = await holdFiles(this.#files);
    try {
      const files = hold.files.filter((file) => isIn(file, range));
      const job = { files, query, columns, fields, rowsMax, directory: this.#files.directory };
      for await (const stream of runInThread('scan', job, { signal }))
        yield* await recordBatches(stream);
    } finally {
      hold.release();
    }
  }
}

/** Until the reader has done with them, however it ends. */
type Held = {
  readonly files: Parameters<Parameters<ParquetFiles['withFiles']>[0]>[0];
  readonly release: () => void;
};

function holdFiles(parquet: ParquetFiles): Promise<Held> {
  return new Promise<Held>((resolve, reject) => {
    parquet
      .withFiles((files) => new Promise<void>((release) => resolve({ files, release })))
      .catch(reject);
  });
}
