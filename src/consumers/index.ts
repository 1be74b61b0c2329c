/** For other parts that deliver events by way of a consumer. */
export { RunningConsumer } from './consumer.js';
export {
  type ConsumerDefinition,
  definitionOf,
  fromPayload,
  invalidOption,
  optionNumber,
  toPayload,
} from './definition.js';
export { consumerDocument, deadLetterDocument } from './documents.js';
export { HandlerWorker } from './worker.js';
export { ConsumerRegistry, cursorBefore, seekTo } from './registry.js';
export type { DeadLetter } from './log/deadLetters.js';
export { consumerLimits, consumerNamePattern, type ConsumerOptions } from './definition.js';
export type { MemberState } from './group/group.js';
export type {
  AckResult,
  Consumer,
  ConsumerDelivery,
  ConsumerHandler,
  ConsumerInfo,
  ConsumerWorker,
  EmbeddedConsumer,
  EmbeddedConsumers,
  Consumers,
  HandlerContext,
  HandlerOptions,
  OfTenant,
  PullOptions,
  Refusal,
} from './types.js';
