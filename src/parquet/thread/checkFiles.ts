import { parquetRows } from '../../columnar/index.js';
import type { RecordBatch } from '../../columnar/index.js';
import type { PositionRange } from '../../eventStore/index.js';
import type { Range } from '../files/parquetDirectory.js';
import type { ParquetFinding, PlacedFile } from '../types.js';
import { damageOf } from './damage.js';
import type { JobContext, Jobs } from './jobs.js';
import { openLog } from './openLog.js';
import type { OpenLog } from './openLog.js';

/**
 * Compares files with their SHA-256; where there is a log, also the rows that they have of a range with
 * what it has in the same positions, value by value.
 */
export async function* checkFiles(
  { files, log }: Jobs['check']['job'],
  context: JobContext,
): AsyncGenerator<ParquetFinding> {
  const opened = log && (await openLog(log.dataDir));
  try {
    for (const file of files) {
      let damage = await damageOf(file);
      if (damage === null && opened !== undefined && log !== undefined) {
        damage = await difference(opened, file, within(file, log.range), context);
      } else context.onRows(file.eventCount);
      const { name, eventCount, sizeBytes } = file;
      yield { name, eventCount, sizeBytes, damage };
      context.signal.throwIfAborted();
    }
  } finally {
    await opened?.close();
  }
}

function within(file: Range, range: Range): PositionRange {
  return {
    first: Math.max(file.firstPosition, range.firstPosition),
    last: Math.min(file.lastPosition, range.lastPosition),
  };
}

/** Null where a file has what the log has. */
async function difference(
  { system, columns }: OpenLog,
  { path }: PlacedFile,
  range: PositionRange,
  { signal, onRows }: JobContext,
): Promise<string | null> {
  const log = new Rows(columns.readAll(system.rowsOfAll(range), { signal }));
  const file = new Rows(parquetRows(path), range);
  try {
    for (;;) {
      const [ofLog, ofFile] = [await log.some(), await file.some()];
      if (ofLog === undefined || ofFile === undefined) {
        if (ofLog === ofFile) return null;
        return `has ${ofFile === undefined ? 'fewer' : 'more'} rows than the log`;
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

/** Rows of a range that come in batches, taken some at a time. */
class Rows {
  readonly #batches: AsyncGenerator<RecordBatch>;
  readonly #range: PositionRange;
  #batch: RecordBatch | undefined;
  #row = 0;
  #end = 0;

  constructor(batches: AsyncGenerator<RecordBatch>, range?: PositionRange) {
    this.#batches = batches;
    this.#range = range ?? { first: 1, last: Number.MAX_SAFE_INTEGER };
  }

  /** Undefined behind the last row. */
  async some(): Promise<Place | undefined> {
    while (this.#batch === undefined || this.#row === this.#end) {
      const next = await this.#batches.next();
      if (next.done === true) return undefined;
      this.#begin(next.value);
    }
    return { batch: this.#batch, row: this.#row, rowsLeft: this.#end - this.#row };
  }

  take(rows: number): void {
    this.#row += rows;
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }

  /** Positions rise. */
  #begin(batch: RecordBatch): void {
    const positions = batch.getChild('position')?.toArray() as BigInt64Array;
    const before = (position: number): number => {
      const found = positions.findIndex((value) => value >= position);
      return found < 0 ? positions.length : found;
    };
    this.#batch = batch;
    this.#row = before(this.#range.first);
    this.#end = before(this.#range.last + 1);
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
