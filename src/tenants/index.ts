export { tenantDocument, tenantsDocument } from './documents.js';
export { quotaPresets } from './quotas.js';
export { TenantRegistry, tenantLimits } from './registry.js';
export type * from './types.js';
