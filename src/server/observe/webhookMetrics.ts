import type { Registry } from 'prom-client';
import type { EmbeddedStore } from '../../store/index.js';
import type { WebhookInfo } from '../../webhooks/index.js';
import { type Labelled, type Measure, addMeasures } from './measures.js';

/** Webhooks with labels of their own: the first ones by tenant and name. */
const webhooksMax = 100;

const measures: readonly Measure<WebhookInfo>[] = [
  {
    kind: 'counter',
    name: 'webhook_posts_total',
    help: 'Posts by outcome: taken, refused (answered otherwise) or unanswered.',
    splitBy: 'outcome',
    read: ({ taken, refused, unanswered }) => ({ taken, refused, unanswered }),
  },
  {
    kind: 'gauge',
    name: 'webhook_failures_in_a_row',
    help: 'Posts that failed since the receiver took one.',
    read: ({ failures }) => failures,
  },
  {
    kind: 'gauge',
    name: 'webhook_paused',
    help: '1 where a webhook posts nothing until it is resumed.',
    read: ({ status }) => (status === 'paused' ? 1 : 0),
  },
  {
    kind: 'gauge',
    name: 'webhook_lag_positions',
    help: 'Positions between the cursor of a webhook and the end of the log.',
    read: ({ lag }) => lag,
  },
  {
    kind: 'gauge',
    name: 'webhook_dead_letters',
    help: 'Events that the receiver never took.',
    read: ({ deadLetters }) => deadLetters,
  },
];

/** What webhooks tell of themselves. */
export function addWebhookMetrics(registry: Registry, store: EmbeddedStore): void {
  const readAll = async (): Promise<Labelled<WebhookInfo>[]> => {
    const infos = (await store.webhooks.all()).slice(0, webhooksMax);
    return infos.map((of) => ({ of, labels: { tenant: of.tenantId, webhook: of.name } }));
  };
  addMeasures(registry, { measures, labelNames: ['tenant', 'webhook'], readAll });
}
