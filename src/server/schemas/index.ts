export * as analytics from './analytics.js';
export * as backups from './backups.js';
export * as consumers from './delivery/consumers.js';
export type {
  ConsumerDocument,
  DeadLettersQuery,
  NewConsumer,
  Start,
  WireFilter,
} from './delivery/consumers.js';
export * as pipelines from './pipelines.js';
export * as projections from './projections.js';
export type { NewProjection } from './projections.js';
export * as registry from './registry.js';
export * as replays from './replays.js';
export type { NewReplay } from './replays.js';
export * as snapshots from './snapshots.js';
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
