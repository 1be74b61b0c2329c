import { recordBatches } from '../../columnar/index.js';
import type { Archive, ArchiveWanted, RecordBatch } from '../../columnar/index.js';
import { covers, isIn } from '../files/parquetDirectory.js';
import { runInThread } from '../thread/parquetThread.js';
import type { ParquetTier } from '../tier.js';

/** What was dropped from the log, as the Parquet files have it. */
export class ArchivedRows implements Archive {
  readonly #tier: ParquetTier;

  constructor(tier: ParquetTier) {
    this.#tier = tier;
  }

  async has(firstPosition: number, lastPosition: number): Promise<boolean> {
    return covers(await this.#tier.files(), { firstPosition, lastPosition });
  }

  async *read(wanted: ArchiveWanted): AsyncGenerator<RecordBatch> {
    const { query, columns, fields, rowsMax, signal } = wanted;
    const firstPosition = Math.max(query.firstPosition || 1, 1);
    const range = { firstPosition, lastPosition: query.lastPosition };
    // They stay until the reader has done with them, however it ends.
    const hold = await this.#tier.hold();
    try {
      const files = hold.files.filter((file) => isIn(file, range));
      await this.#tier.mustBeSound(files, signal);
      const job = { files, query, columns, fields, rowsMax, directory: this.#tier.directory };
      for await (const stream of runInThread('scan', job, { signal })) {
        yield* await recordBatches(stream);
      }
    } finally {
      hold.release();
    }
  }
}
