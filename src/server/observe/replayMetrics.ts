import type { Registry } from 'prom-client';
import type { ReplayCounts } from '../../replays/index.js';
import type { EmbeddedStore } from '../../store/index.js';
import { addCountersOf, type CounterOf } from './countersOf.js';

const counters: readonly CounterOf<ReplayCounts>[] = [
  {
    name: 'replays_started_total',
    help: 'Replays that were started since the store was opened.',
    read: ({ started }) => started,
  },
  {
    name: 'replays_completed_total',
    help: 'Replays that have come to their end since the store was opened.',
    read: ({ completed }) => completed,
  },
  {
    name: 'replays_failed_total',
    help: 'Replays that failed since the store was opened.',
    read: ({ failed }) => failed,
  },
  {
    name: 'replay_events_processed_total',
    help: 'Events that replays have processed since the store was opened.',
    read: ({ eventsProcessed }) => eventsProcessed,
  },
];

/** What replays tell of themselves. */
export function addReplayMetrics(registry: Registry, store: EmbeddedStore): void {
  addCountersOf(registry, counters, () => store.replays.counts());
}
