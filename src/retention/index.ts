export { policiesDocument, policyDocument, retentionReportDocument } from './documents.js';
export { RetentionRegistry } from './registry.js';
export { checkedSchedule } from './schedule.js';
export type {
  EmbeddedRetention,
  Retention,
  RetentionCount,
  RetentionCounts,
  RetentionKept,
  RetentionPolicy,
  RetentionPolicyOptions,
  RetentionProgress,
  RetentionReport,
  RetentionRunOptions,
} from './types.js';
