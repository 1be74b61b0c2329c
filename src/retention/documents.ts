import { formatTimestamp } from '../domain/index.js';
import type { RetentionPolicy, RetentionReport } from './types.js';

// What is told of retention, in the wire names.

export function policyDocument(policy: RetentionPolicy) {
  return {
    name: policy.name,
    tenant_id: policy.tenantId,
    event_type: policy.eventType,
    keep_days: policy.keepDays,
    keep_events: policy.keepEvents,
    keep_bytes: policy.keepBytes,
    updated_at: formatTimestamp(policy.updatedAt),
  };
}

export function policiesDocument(policies: readonly RetentionPolicy[]) {
  return { policies: policies.map(policyDocument), total: policies.length };
}

export function retentionReportDocument(report: RetentionReport) {
  const { kept } = report;
  return {
    dry_run: report.dryRun,
    first_position: report.firstPosition,
    new_first_position: report.newFirstPosition,
    segments: report.segments,
    events: report.events,
    policies: report.policies,
    kept: kept && {
      first_position: kept.firstPosition,
      tenant_id: kept.tenantId,
      event_type: kept.eventType,
      policy: kept.policy,
    },
    duration_ms: report.durationMs,
  };
}
