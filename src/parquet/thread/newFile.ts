import { createHash } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordBatch } from '../../columnar/index.js';
import { syncDirectory, writeInSlices } from '../../files/index.js';
import { parquetName, unfinishedName } from '../files/parquetDirectory.js';
import type { Range } from '../files/parquetDirectory.js';
import type { ParquetFile } from '../types.js';

const fileMode = 0o640;

/** Of what is written: known once all of it is. */
export type Rows = Pick<ParquetFile, 'eventCount' | 'firstTimestamp' | 'lastTimestamp'>;

export const noRows: Rows = { eventCount: 0, firstTimestamp: null, lastTimestamp: null };

export function withBatch({ eventCount, firstTimestamp }: Rows, batch: RecordBatch): Rows {
  const times = batch.getChild('timestamp')?.data[0]?.values as BigInt64Array;
  return {
    eventCount: eventCount + batch.numRows,
    firstTimestamp: firstTimestamp ?? Number(times[0]),
    lastTimestamp: Number(times[batch.numRows - 1]),
  };
}

/** Writes a file of the tier: durable when it resolves, and nothing of it counts before it is recorded. */
export async function writeParquetFile(
  directory: string,
  range: Range,
  pieces: AsyncIterable<Uint8Array>,
  rows: () => Rows,
): Promise<ParquetFile> {
  const unfinished = join(directory, unfinishedName(range));
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const handle = await open(unfinished, 'w', fileMode);
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      sizeBytes += piece.length;
      await writeInSlices(handle, piece);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  const sha256 = hash.digest('hex');
  const name = parquetName(range, sha256);
  await rename(unfinished, join(directory, name));
  await syncDirectory(directory);
  const createdAt = Date.now() * 1000;
  const { firstPosition, lastPosition } = range;
  return { name, firstPosition, lastPosition, ...rows(), sizeBytes, sha256, createdAt };
}
