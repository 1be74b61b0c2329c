export { policiesDocument, policyDocument, retentionReportDocument } from './documents.js';
export { RetentionRegistry } from './registry.js';
export { checkedSchedule } from './schedule.js';
export type {
  Retention,
  RetentionCount,
  RetentionKept,
  RetentionPolicy,
  RetentionPolicyOptions,
  RetentionProgress,
  RetentionReport,
  RetentionRunOptions,
} from './types.js';
