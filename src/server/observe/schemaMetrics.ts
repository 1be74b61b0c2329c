import { Gauge, type Registry } from 'prom-client';
import type { ViolationCounts } from '../../schemaRegistry/index.js';
import type { EmbeddedStore } from '../../store/index.js';
import { type Measure, addMeasures } from './measures.js';

const measures: readonly Measure<ViolationCounts>[] = [
  {
    kind: 'counter',
    name: 'schema_violations_total',
    help: 'Payloads that broke a schema by outcome: refused, or warned (taken in).',
    splitBy: 'outcome',
    read: ({ refused, warned }) => ({ refused, warned }),
  },
];

/** What schemas tell of themselves. */
export function addSchemaMetrics(registry: Registry, { schemas }: EmbeddedStore): void {
  addMeasures(registry, {
    measures,
    labelNames: [],
    readAll: async () => [{ of: schemas.violations, labels: {} }],
  });
  new Gauge({
    name: 'allsource_schema_subjects',
    help: 'Subjects that have a schema.',
    registers: [registry],
    async collect() {
      this.set((await schemas.all()).length);
    },
  });
}
