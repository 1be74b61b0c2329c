import { Counter, Gauge, type Registry } from 'prom-client';
import type { ConsumerInfo } from '../../consumers/index.js';
import type { EmbeddedStore } from '../../store/index.js';

/** Consumers with labels of their own: the first ones by tenant and name. */
const consumersMax = 100;

interface Measure {
  readonly name: string;
  readonly help: string;
  /** Undefined where there is nothing to tell. */
  readonly read: (info: ConsumerInfo) => number | undefined;
}

const gauges: readonly Measure[] = [
  {
    name: 'consumer_lag_positions',
    help: 'Positions between the cursor of a consumer and the end of the log.',
    read: ({ lag }) => lag,
  },
  {
    name: 'consumer_in_flight_events',
    help: 'Events that members hold and have not acknowledged.',
    read: ({ inFlight }) => inFlight,
  },
  {
    name: 'consumer_dead_letters',
    help: 'Events that could not be handled.',
    read: ({ deadLetters }) => deadLetters,
  },
  {
    name: 'consumer_members',
    help: 'Members of a consumer.',
    read: ({ members }) => members.length,
  },
  {
    name: 'consumer_stuck_members',
    help: 'Members that have held an event for longer than they may.',
    read: ({ members }) => members.filter(({ isStuck }) => isStuck).length,
  },
  {
    name: 'consumer_failed',
    help: '1 where a consumer can’t go on, until it is sought elsewhere.',
    read: ({ failure }) => (failure === null ? 0 : 1),
  },
  {
    name: 'consumer_last_delivery_age_seconds',
    help: 'Seconds since a member got an event; not there before the first.',
    read: ({ lastDeliveryAt }) =>
      lastDeliveryAt === null ? undefined : Math.max(Date.now() - lastDeliveryAt / 1000, 0) / 1000,
  },
];

const counters: readonly Measure[] = [
  {
    name: 'consumer_deliveries_total',
    help: 'Events given to members, those given again among them.',
    read: ({ delivered }) => delivered,
  },
  {
    name: 'consumer_redeliveries_total',
    help: 'Events given to members again.',
    read: ({ redelivered }) => redelivered,
  },
  {
    name: 'consumer_acknowledged_total',
    help: 'Events that members acknowledged.',
    read: ({ acknowledged }) => acknowledged,
  },
];

/** What consumers tell of themselves; read when `/metrics` is asked for. */
export function addConsumerMetrics(registry: Registry, store: EmbeddedStore): void {
  for (const measure of gauges) addMeasure(Gauge, { registry, store, measure });
  for (const measure of counters) addMeasure(Counter, { registry, store, measure });
}

function addMeasure(
  Kind: typeof Counter | typeof Gauge,
  { registry, store, measure }: { registry: Registry; store: EmbeddedStore; measure: Measure },
): void {
  new Kind({
    name: `allsource_${measure.name}`,
    help: measure.help,
    labelNames: ['tenant', 'consumer'],
    registers: [registry],
    async collect() {
      const infos = (await store.consumers.all()).slice(0, consumersMax);
      this.reset();
      for (const info of infos) {
        const value = measure.read(info);
        if (value !== undefined) this.inc({ tenant: info.tenantId, consumer: info.name }, value);
      }
    },
  });
}
