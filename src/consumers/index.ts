export { Consumers, type HandlerOptions } from './registry.js';
export type {
  AckResult,
  Consumer,
  ConsumerDelivery,
  ConsumerInfo,
  PullOptions,
} from './consumer.js';
export type { DeadLetter } from './deadLetters.js';
export { consumerLimits, consumerNamePattern, type ConsumerOptions } from './definition.js';
export type { MemberState } from './group.js';
export type { ConsumerHandler, ConsumerWorker, HandlerContext } from './worker.js';
