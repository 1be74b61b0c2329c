import { parseTimestamp } from '../../domain/index.js';
import type {
  RetentionPolicy,
  RetentionPolicyOptions,
  RetentionReport,
} from '../../retention/index.js';

/** A policy as the server sends it. */
export interface WirePolicy {
  readonly name: string;
  readonly tenant_id: string | null;
  readonly event_type: string | null;
  readonly keep_days: number | null;
  readonly keep_events: number | null;
  readonly keep_bytes: number | null;
  readonly updated_at: string;
}

export interface WireRetentionReport {
  readonly dry_run: boolean;
  readonly first_position: number;
  readonly new_first_position: number;
  readonly segments: number;
  readonly events: number;
  readonly policies: RetentionReport['policies'];
  readonly kept: {
    readonly first_position: number;
    readonly tenant_id: string;
    readonly event_type: string;
    readonly policy: string | null;
  } | null;
  readonly duration_ms: number;
}

export function toWirePolicy(policy: RetentionPolicyOptions) {
  return {
    name: policy.name,
    tenant_id: policy.tenantId,
    event_type: policy.eventType,
    keep_days: policy.keepDays,
    keep_events: policy.keepEvents,
    keep_bytes: policy.keepBytes,
  };
}

export function toPolicy(policy: WirePolicy): RetentionPolicy {
  return {
    name: policy.name,
    tenantId: policy.tenant_id,
    eventType: policy.event_type,
    keepDays: policy.keep_days,
    keepEvents: policy.keep_events,
    keepBytes: policy.keep_bytes,
    updatedAt: parseTimestamp(policy.updated_at, 'updated_at'),
  };
}

export function toRetentionReport(report: WireRetentionReport): RetentionReport {
  const { kept } = report;
  return {
    dryRun: report.dry_run,
    firstPosition: report.first_position,
    newFirstPosition: report.new_first_position,
    segments: report.segments,
    events: report.events,
    policies: report.policies,
    kept: kept && {
      firstPosition: kept.first_position,
      tenantId: kept.tenant_id,
      eventType: kept.event_type,
      policy: kept.policy,
    },
    durationMs: report.duration_ms,
  };
}
