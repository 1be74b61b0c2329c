export * as documents from './documents.js';
export {
  batchQuery,
  entityParams,
  eventParams,
  type EventsQuery,
  eventsQuery,
  listQuery,
  noQuery,
  stateQuery,
  type StreamQuery,
  streamQuery,
  type SubscribeFrame,
  subscribeFrame,
  tenantQuery,
} from './parameters.js';
export { frameReader, paramsReader, queryReader } from './validate.js';
