export * as auth from './access/auth.js';
export * as tenants from './access/tenants.js';
export * as analytics from './analytics.js';
export * as backups from './backups.js';
export * as compaction from './compaction.js';
export * as retention from './retention.js';
export * as consumers from './delivery/consumers.js';
export type {
  ConsumerDocument,
  DeadLettersQuery,
  NewConsumer,
  Start,
  WireFilter,
} from './delivery/consumers.js';
export * as pipelines from './state/pipelines.js';
export * as projections from './state/projections.js';
export type { NewProjection } from './state/projections.js';
export * as registry from './registry.js';
export * as replays from './state/replays.js';
export type { NewReplay } from './state/replays.js';
export * as snapshots from './state/snapshots.js';
export * as sql from './sql.js';
export * as webhooks from './delivery/webhooks.js';
export type { NewWebhook, WebhookDocument } from './delivery/webhooks.js';
export * as documents from './documents.js';
export {
  batchQuery,
  consistencyQuery,
  entityParams,
  eventParams,
  type EventsQuery,
  eventQuery,
  eventsQuery,
  fieldPattern,
  listQuery,
  noQuery,
  proofQuery,
  stateQuery,
  type StreamQuery,
  streamQuery,
  type SubscribeFrame,
  creditFrame,
  subscribeFrame,
  tenantQuery,
  treeHeadQuery,
} from './parameters.js';
export { matchesOfText } from './matches.js';
export { frameReader, paramsReader, queryReader } from './validate.js';
