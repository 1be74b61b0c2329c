import { formatTimestamp, quotaNames } from '../domain/index.js';
import type { Quotas, Tenant } from './types.js';

// What is told of tenants, in the wire names.

export function tenantDocument(tenant: Tenant) {
  return {
    id: tenant.id,
    name: tenant.name,
    description: tenant.description,
    quotas: quotasDocument(tenant.quotas),
    active: tenant.active,
    created_at: timeOf(tenant.createdAt),
    updated_at: timeOf(tenant.updatedAt),
  };
}

export function tenantsDocument(tenants: readonly Tenant[]) {
  return { tenants: tenants.map(tenantDocument), total: tenants.length };
}

function quotasDocument(quotas: Quotas) {
  return {
    [quotaNames.maxEventsPerDay]: quotas.maxEventsPerDay,
    [quotaNames.maxStorageBytes]: quotas.maxStorageBytes,
    [quotaNames.maxQueriesPerHour]: quotas.maxQueriesPerHour,
    [quotaNames.maxApiKeys]: quotas.maxApiKeys,
    [quotaNames.maxProjections]: quotas.maxProjections,
    [quotaNames.maxPipelines]: quotas.maxPipelines,
    [quotaNames.requestsPerMinute]: quotas.requestsPerMinute,
    [quotaNames.requestBurst]: quotas.requestBurst,
  };
}

function timeOf(micros: number | null): string | null {
  return micros === null ? null : formatTimestamp(micros);
}
