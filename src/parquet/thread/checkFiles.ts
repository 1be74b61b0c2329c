import { ColumnReader, parquetRows } from '../../columnar/index.js';
import type { RecordBatch } from '../../columnar/index.js';
import { SystemAccess, openCore } from '../../eventStore/index.js';
import type { ParquetFinding, PlacedFile } from '../types.js';
import { damageOf } from './damage.js';
import type { JobContext, Jobs } from './jobs.js';

/**
 * Compares files with their SHA-256; where there is a log, also their rows with what it has in the same
 * positions, value by value.
 */
export async function* checkFiles(
  { files, dataDir }: Jobs['check']['job'],
  context: JobContext,
): AsyncGenerator<ParquetFinding> {
  const core =
    dataDir === undefined
      ? undefined
      : await openCore({ dataDir, readOnly: true }, { milestoneEvery: 0 });
  try {
    for (const file of files) {
      const damage =
        (await damageOf(file)) ??
        (core === undefined ? null : await difference(new SystemAccess(core), file, context));
      if (core === undefined) context.onRows(file.eventCount);
      const { name, eventCount, sizeBytes } = file;
      yield { name, eventCount, sizeBytes, damage };
      context.signal.throwIfAborted();
    }
  } finally {
    await core?.close(async () => undefined);
  }
}

/** Null where a file has what the log has. */
async function difference(
  system: SystemAccess,
  { path, firstPosition: first, lastPosition: last }: PlacedFile,
  { signal, onRows }: JobContext,
): Promise<string | null> {
  const log = new Rows(
    new ColumnReader(system).readAll(system.rowsOfAll({ first, last }), { signal }),
  );
  const file = new Rows(parquetRows(path));
  try {
    for (;;) {
      const [ofLog, ofFile] = [await log.some(), await file.some()];
      if (ofLog === undefined || ofFile === undefined) {
        return ofLog === ofFile
          ? null
          : `has ${ofFile === undefined ? 'fewer' : 'more'} rows than the log`;
      }
      const rows = Math.min(ofLog.rowsLeft, ofFile.rowsLeft);
      const found = firstDifference(ofLog, ofFile, rows);
      if (found !== null) return found;
      log.take(rows);
      file.take(rows);
      onRows(rows);
    }
  } finally {
    await log.close();
    await file.close();
  }
}

/** A batch, and where one is in it. */
interface Place {
  readonly batch: RecordBatch;
  readonly row: number;
  readonly rowsLeft: number;
}

/** Rows that come in batches, taken some at a time. */
class Rows {
  readonly #batches: AsyncGenerator<RecordBatch>;
  #batch: RecordBatch | undefined;
  #row = 0;

  constructor(batches: AsyncGenerator<RecordBatch>) {
    this.#batches = batches;
  }

  /** Undefined behind the last row. */
  async some(): Promise<Place | undefined> {
    while (this.#batch === undefined || this.#row === this.#batch.numRows) {
      const next = await this.#batches.next();
      if (next.done === true) return undefined;
      this.#batch = next.value;
      this.#row = 0;
    }
    return { batch: this.#batch, row: this.#row, rowsLeft: this.#batch.numRows - this.#row };
  }

  take(rows: number): void {
    this.#row += rows;
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }
}

function firstDifference(one: Place, other: Place, rows: number): string | null {
  for (const { name } of one.batch.schema.fields) {
    const [a, b] = [one.batch.getChild(name), other.batch.getChild(name)];
    for (let i = 0; i < rows; i += 1) {
      if (!isSame(a?.get(one.row + i), b?.get(other.row + i))) {
        const position = String(one.batch.getChild('position')?.get(one.row + i));
        return `column ${String(name)} differs from the log at position ${position}`;
      }
    }
  }
  return null;
}

function isSame(a: unknown, b: unknown): boolean {
  // Tags are a vector of texts.
  return a === b || (isVector(a) && isVector(b) && JSON.stringify(a) === JSON.stringify(b));
}

function isVector(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
