import type { CompactionConfig, ParquetFile } from './types.js';

const dayMicros = 86_400_000_000;

type Group = readonly ParquetFile[];

/**
 * Which files are merged, each group into one. Files come in the order of the log and without gaps, and
 * so do those of a group. No group takes more than `maxFileBytes`, as far as its files tell.
 */
export function mergePlan(
  files: readonly ParquetFile[],
  config: CompactionConfig,
  nowMicros: number,
): readonly Group[] {
  const { strategy, minFiles, maxFileBytes } = config;
  switch (strategy) {
    case 'sizebased': {
      const isSmall = ({ sizeBytes }: ParquetFile): boolean => sizeBytes < config.smallFileBytes;
      const small = runsOf(files, (file) => (isSmall(file) ? 'small' : undefined));
      return small
        .flatMap((run) => cut(run, config.targetFileBytes))
        .filter((group) => group.length >= minFiles);
    }
    case 'timebased': {
      const today = dayOf(nowMicros);
      const days = runsOf(files, (file) => {
        const day = dayOfFile(file);
        return day !== undefined && day < today ? String(day) : undefined;
      });
      return days
        .flatMap((run) => cut(run, maxFileBytes))
        .filter((group) => group.length >= minFiles);
    }
    case 'fullcompaction':
      return cut(files, maxFileBytes).filter((group) => group.length > 1);
  }
}

/** Files side by side that have the same key; those without one belong to none. */
function runsOf(
  files: readonly ParquetFile[],
  keyOf: (file: ParquetFile) => string | undefined,
): readonly Group[] {
  const runs: ParquetFile[][] = [];
  let last: string | undefined;
  for (const file of files) {
    const key = keyOf(file);
    if (key !== undefined && key === last) runs.at(-1)?.push(file);
    else if (key !== undefined) runs.push([file]);
    last = key;
  }
  return runs;
}

/** In groups of so many bytes at most; a larger file is by itself. */
function cut(run: Group, bytesMax: number): readonly Group[] {
  const groups: ParquetFile[][] = [];
  let bytes = Infinity;
  for (const file of run) {
    if (bytes + file.sizeBytes > bytesMax) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(file);
    bytes += file.sizeBytes;
  }
  return groups;
}

/** The day of all its events; undefined where it has none, or of several days. */
function dayOfFile({ firstTimestamp, lastTimestamp }: ParquetFile): number | undefined {
  if (firstTimestamp === null || lastTimestamp === null) return undefined;
  const day = dayOf(firstTimestamp);
  return dayOf(lastTimestamp) === day ? day : undefined;
}

function dayOf(micros: number): number {
  return Math.floor(micros / dayMicros);
}
