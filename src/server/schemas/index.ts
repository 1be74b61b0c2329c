export * as consumers from './consumers.js';
export type {
  ConsumerDocument,
  DeadLettersQuery,
  NewConsumer,
  Start,
  WireFilter,
} from './consumers.js';
export * as pipelines from './pipelines.js';
export * as projections from './projections.js';
export type { NewProjection } from './projections.js';
export * as replays from './replays.js';
export type { NewReplay } from './replays.js';
export * as snapshots from './snapshots.js';
export * as webhooks from './webhooks.js';
export type { NewWebhook, WebhookDocument } from './webhooks.js';
export * as documents from './documents.js';
export {
  batchQuery,
  consistencyQuery,
  entityParams,
  eventParams,
  type EventsQuery,
  eventQuery,
  eventsQuery,
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
