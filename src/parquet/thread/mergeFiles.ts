import { mergedParquet } from '../../columnar/index.js';
import type { ParquetFile, PlacedFile } from '../types.js';
import { DamagedFileError, damageOf } from './damage.js';
import type { JobContext, Jobs } from './jobs.js';
import { writeParquetFile } from './newFile.js';

type MergeJob = Jobs['merge']['job'] & { readonly directory: string };

/** One file of each group, which has their rows in their order. */
export async function* mergeFiles(
  { directory, groups }: MergeJob,
  context: JobContext,
): AsyncGenerator<ParquetFile> {
  for (const group of groups) {
    // What was damaged must not get a sound hash.
    for (const file of group) await mustBeSound(file);
    yield await mergeGroup(directory, group, context);
  }
}

function mergeGroup(
  directory: string,
  group: readonly PlacedFile[],
  { signal, onRows }: JobContext,
): Promise<ParquetFile> {
  const range = {
    firstPosition: group[0]?.firstPosition ?? 0,
    lastPosition: group.at(-1)?.lastPosition ?? 0,
  };
  let count = 0;
  const read = (rows: number): void => {
    signal.throwIfAborted();
    count += rows;
    onRows(rows);
  };
  const rows = () => {
    const eventCount = group.reduce((sum, file) => sum + file.eventCount, 0);
    if (count !== eventCount) {
      throw new DamagedFileError(group[0]?.name ?? '', `${count} rows, not ${eventCount}`);
    }
    const times = group.filter(({ firstTimestamp }) => firstTimestamp !== null);
    const firstTimestamp = times[0]?.firstTimestamp ?? null;
    return { eventCount, firstTimestamp, lastTimestamp: times.at(-1)?.lastTimestamp ?? null };
  };
  const paths = group.map(({ path }) => path);
  return writeParquetFile(directory, range, mergedParquet(paths, { onRows: read }), rows);
}

async function mustBeSound(file: PlacedFile): Promise<void> {
  const damage = await damageOf(file);
  if (damage !== null) throw new DamagedFileError(file.name, damage);
}
