import type { Registry } from 'prom-client';
import type { ConsumerInfo } from '../../consumers/index.js';
import type { EmbeddedStore } from '../../store/index.js';
import { type Labelled, type Measure, addMeasures } from './measures.js';

/** Consumers with labels of their own: the first ones by tenant and name. */
const consumersMax = 100;

const measures: readonly Measure<ConsumerInfo>[] = [
  {
    kind: 'gauge',
    name: 'consumer_lag_positions',
    help: 'Positions between the cursor of a consumer and the end of the log.',
    read: ({ lag }) => lag,
  },
  {
    kind: 'gauge',
    name: 'consumer_in_flight_events',
    help: 'Events that members hold and have not acknowledged.',
    read: ({ inFlight }) => inFlight,
  },
  {
    kind: 'gauge',
    name: 'consumer_dead_letters',
    help: 'Events that could not be handled.',
    read: ({ deadLetters }) => deadLetters,
  },
  {
    kind: 'gauge',
    name: 'consumer_members',
    help: 'Members of a consumer.',
    read: ({ members }) => members.length,
  },
  {
    kind: 'gauge',
    name: 'consumer_stuck_members',
    help: 'Members that have held an event for longer than they may.',
    read: ({ members }) => members.filter(({ isStuck }) => isStuck).length,
  },
  {
    kind: 'gauge',
    name: 'consumer_failed',
    help: '1 where a consumer can’t go on, until it is sought elsewhere.',
    read: ({ failure }) => (failure === null ? 0 : 1),
  },
  {
    kind: 'gauge',
    name: 'consumer_last_delivery_age_seconds',
    help: 'Seconds since a member got an event; not there before the first.',
    read: ({ lastDeliveryAt }) =>
      lastDeliveryAt === null ? undefined : Math.max(Date.now() - lastDeliveryAt / 1000, 0) / 1000,
  },
  {
    kind: 'counter',
    name: 'consumer_deliveries_total',
    help: 'Events given to members, those given again among them.',
    read: ({ delivered }) => delivered,
  },
  {
    kind: 'counter',
    name: 'consumer_redeliveries_total',
    help: 'Events given to members again.',
    read: ({ redelivered }) => redelivered,
  },
  {
    kind: 'counter',
    name: 'consumer_acknowledged_total',
    help: 'Events that members acknowledged.',
    read: ({ acknowledged }) => acknowledged,
  },
];

/** What consumers tell of themselves. */
export function addConsumerMetrics(registry: Registry, store: EmbeddedStore): void {
  const readAll = async (): Promise<Labelled<ConsumerInfo>[]> => {
    const infos = (await store.consumers.all()).slice(0, consumersMax);
    return infos.map((of) => ({ of, labels: { tenant: of.tenantId, consumer: of.name } }));
  };
  addMeasures(registry, { measures, labelNames: ['tenant', 'consumer'], readAll });
}
