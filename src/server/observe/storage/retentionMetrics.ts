import type { Registry } from 'prom-client';
import type { RetentionCounts } from '../../../retention/index.js';
import type { EmbeddedStore } from '../../../store/index.js';
import { addCountersOf, type CounterOf } from '../countersOf.js';

const counters: readonly CounterOf<RetentionCounts>[] = [
  {
    name: 'retention_runs_total',
    help: 'Runs of the retention policies that came to their end since the store was opened.',
    read: ({ runs }) => runs,
  },
  {
    name: 'retention_failed_total',
    help: 'Runs of the retention policies that failed since the store was opened.',
    read: ({ failed }) => failed,
  },
  {
    name: 'retention_segments_dropped_total',
    help: 'Segments that retention dropped from the log since the store was opened.',
    read: ({ segmentsDropped }) => segmentsDropped,
  },
  {
    name: 'retention_events_dropped_total',
    help: 'Events that retention dropped from the log since the store was opened.',
    read: ({ eventsDropped }) => eventsDropped,
  },
];

/** What retention tells of itself. */
export function addRetentionMetrics(registry: Registry, { retention }: EmbeddedStore): void {
  addCountersOf(registry, counters, () => retention.counts());
}
