import { Gauge, type Registry } from 'prom-client';
import type { ProjectionInfo } from '../../projections/index.js';
import type { EmbeddedStore } from '../../store/index.js';
import { type Labelled, type Measure, addMeasures } from './measures.js';

/** Projections with labels of their own: the first ones by tenant and name. */
const projectionsMax = 100;

const measures: readonly Measure<ProjectionInfo>[] = [
  {
    kind: 'counter',
    name: 'projection_events_processed_total',
    help: 'Events that a projection has taken in since the store was opened.',
    read: ({ eventsProcessed }) => eventsProcessed,
  },
  {
    kind: 'counter',
    name: 'projection_errors_total',
    help: 'Events whose handler failed since the store was opened.',
    read: ({ eventsFailed }) => eventsFailed,
  },
  {
    kind: 'gauge',
    name: 'projection_lag_events',
    help: 'Positions between a projection and the end of the log.',
    read: ({ lag }) => lag,
  },
  {
    kind: 'gauge',
    name: 'projection_parked_events',
    help: 'Events that a projection has left out.',
    read: ({ eventsParked }) => eventsParked,
  },
];

/** What projections tell of themselves. */
export function addProjectionMetrics(registry: Registry, store: EmbeddedStore): void {
  const readAll = async (): Promise<Labelled<ProjectionInfo>[]> => {
    const infos = (await store.projections.all()).slice(0, projectionsMax);
    return infos.map((of) => ({
      of,
      labels: { tenant: of.tenantId, projection_name: of.name },
    }));
  };
  addMeasures(registry, { measures, labelNames: ['tenant', 'projection_name'], readAll });
  new Gauge({
    name: 'allsource_projections_total',
    help: 'Projections of the store, besides the built-in ones.',
    registers: [registry],
    async collect() {
      this.set((await store.projections.all()).length);
    },
  });
  new Gauge({
    name: 'allsource_projections_failed',
    help: 'Projections that do not go on because something failed.',
    registers: [registry],
    async collect() {
      const infos = await store.projections.all();
      this.set(infos.filter(({ status }) => status === 'failed').length);
    },
  });
}
