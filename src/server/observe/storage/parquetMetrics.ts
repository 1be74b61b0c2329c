import { Gauge, Histogram, type Registry } from 'prom-client';
import type { ParquetCounts } from '../../../parquet/index.js';
import type { EmbeddedStore } from '../../../store/index.js';
import { addCountersOf, type CounterOf } from '../countersOf.js';

/** Bucket bounds in seconds: from a few small files to all of a large store. */
const durationBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

const counters: readonly CounterOf<ParquetCounts>[] = [
  {
    name: 'parquet_files_written_total',
    help: 'Sealed segments that got a Parquet file since the store was opened.',
    read: ({ filesWritten }) => filesWritten,
  },
  {
    name: 'compactions_total',
    help: 'Compactions that merged Parquet files since the store was opened.',
    read: ({ compactions }) => compactions,
  },
  {
    name: 'compactions_failed_total',
    help: 'Runs over the Parquet files that failed since the store was opened.',
    read: ({ failed }) => failed,
  },
  {
    name: 'compaction_files_merged_total',
    help: 'Parquet files that were merged into larger ones since the store was opened.',
    read: ({ filesMerged }) => filesMerged,
  },
  {
    name: 'compaction_bytes_saved_total',
    help: 'Bytes by which merged Parquet files are smaller, since the store was opened.',
    read: ({ bytesSaved }) => bytesSaved,
  },
];

/** What the Parquet files tell of themselves. */
export function addParquetMetrics(registry: Registry, { parquet }: EmbeddedStore): void {
  const registers = [registry];
  new Gauge({
    name: 'allsource_parquet_files_total',
    help: 'Parquet files of the store.',
    registers,
    async collect() {
      this.set((await parquet.files()).length);
    },
  });
  addCountersOf(registry, counters, () => parquet.counts());
  addDurations(registers, parquet);
}

function addDurations(registers: Registry[], parquet: EmbeddedStore['parquet']): void {
  let observed = 0;
  new Histogram({
    name: 'allsource_compaction_duration_seconds',
    help: 'Time of the compactions that merged Parquet files.',
    buckets: durationBuckets,
    registers,
    collect() {
      const { compactions, secondsOfLast } = parquet.counts();
      const fresh = Math.min(compactions - observed, secondsOfLast.length);
      const seconds = secondsOfLast.slice(secondsOfLast.length - fresh);
      for (const each of seconds) this.observe(each);
      observed = compactions;
    },
  });
}
