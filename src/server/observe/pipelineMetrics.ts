import { Gauge, type Registry } from 'prom-client';
import type { LookupCounts, PipelineInfo } from '../../pipelineRuns/index.js';
import type { EmbeddedStore } from '../../store/index.js';
import { type Labelled, type Measure, addMeasures } from './measures.js';

/** Pipelines with labels of their own: the first ones by tenant and id. */
const pipelinesMax = 100;

const measures: readonly Measure<PipelineInfo>[] = [
  {
    kind: 'counter',
    name: 'pipeline_events_processed_total',
    help: 'Events that a pipeline has taken in since it was made or reset.',
    read: ({ statistics }) => statistics.processed,
  },
  {
    kind: 'counter',
    name: 'pipeline_events_filtered_total',
    help: 'Events and results that a pipeline filtered out.',
    read: ({ statistics }) => statistics.filtered,
  },
  {
    kind: 'counter',
    name: 'pipeline_errors_total',
    help: 'Events and results that a pipeline could not process.',
    read: ({ statistics }) => statistics.failed,
  },
  {
    kind: 'counter',
    name: 'pipeline_events_late_total',
    help: 'Events that came after their windows had closed.',
    read: ({ statistics }) => statistics.late,
  },
  {
    kind: 'counter',
    name: 'pipeline_events_emitted_total',
    help: 'Results of a pipeline.',
    read: ({ statistics }) => statistics.emitted,
  },
  {
    kind: 'gauge',
    name: 'pipeline_lag_events',
    help: 'Positions between a pipeline and the end of the log.',
    read: ({ lag }) => lag,
  },
];

const lookupMeasures: readonly Measure<LookupCounts>[] = [
  {
    kind: 'counter',
    name: 'pipeline_lookups_total',
    help: 'Lookups of enrich over HTTP by outcome: found, missing, failed, or cached (not asked).',
    splitBy: 'outcome',
    read: ({ found, missing, failed, cached }) => ({ found, missing, failed, cached }),
  },
];

/** What pipelines tell of themselves. */
export function addPipelineMetrics(registry: Registry, store: EmbeddedStore): void {
  const readAll = async (): Promise<Labelled<PipelineInfo>[]> => {
    const infos = (await store.pipelines.all()).slice(0, pipelinesMax);
    return infos.map((of) => ({ of, labels: { tenant: of.tenantId, pipeline_id: of.id } }));
  };
  addMeasures(registry, { measures, labelNames: ['tenant', 'pipeline_id'], readAll });
  addMeasures(registry, {
    measures: lookupMeasures,
    labelNames: [],
    readAll: async () => [{ of: store.pipelines.lookups, labels: {} }],
  });
  new Gauge({
    name: 'allsource_pipelines_registered_total',
    help: 'Pipelines of the store.',
    registers: [registry],
    async collect() {
      this.set((await store.pipelines.all()).length);
    },
  });
  new Gauge({
    name: 'allsource_pipelines_failed',
    help: 'Pipelines that do not go on because something failed.',
    registers: [registry],
    async collect() {
      const infos = await store.pipelines.all();
      this.set(infos.filter(({ status }) => status === 'failed').length);
    },
  });
}
