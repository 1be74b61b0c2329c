import { AllSourceError, defaultTenant, mustHave } from '../../domain/index.js';
import type { Permission, Principal } from '../../domain/index.js';

/** Who may call a route. */
export type Access =
  | { readonly kind: 'public' }
  /** Whoever said who they are. */
  | { readonly kind: 'known' }
  /** Whoever has the permission, in their own tenant. */
  | { readonly kind: 'tenant'; readonly permission: Permission }
  /** The same for those of the tenant `default`: what it is about belongs to all tenants. */
  | { readonly kind: 'store'; readonly permission: Permission };

const everybody: Access = { kind: 'public' };
const known: Access = { kind: 'known' };
const ofTenant = (permission: Permission): Access => ({ kind: 'tenant', permission });
const ofStore = (permission: Permission): Access => ({ kind: 'store', permission });

/**
 * Who may call which route: `METHOD pattern`, and `WS pattern` for WebSockets. There is no other place:
 * a route without a line here is not mounted, and the server does not start.
 */
export const accessTable: Readonly<Record<string, Access>> = {
  'GET /health': everybody,
  'GET /ready': everybody,
  'GET /openapi.json': everybody,
  'POST /api/v1/auth/login': everybody,

  'GET /metrics': ofStore('metrics'),

  'GET /api/v1/auth/me': known,
  'POST /api/v1/auth/logout': known,
  'PUT /api/v1/auth/password': known,
  'POST /api/v1/auth/register': ofTenant('admin'),
  'GET /api/v1/auth/users': ofTenant('admin'),
  'GET /api/v1/auth/users/:id': ofTenant('admin'),
  'PUT /api/v1/auth/users/:id': ofTenant('admin'),
  'DELETE /api/v1/auth/users/:id': ofTenant('admin'),
  'POST /api/v1/auth/api-keys': ofTenant('write'),
  'GET /api/v1/auth/api-keys': ofTenant('write'),
  'DELETE /api/v1/auth/api-keys/:id': ofTenant('write'),

  'POST /api/v1/tenants': ofStore('tenants'),
  'GET /api/v1/tenants': ofStore('tenants'),
  // A tenant reads itself.
  'GET /api/v1/tenants/:id': ofTenant('read'),
  'PUT /api/v1/tenants/:id/quotas': ofStore('tenants'),
  'POST /api/v1/tenants/:id/activate': ofStore('tenants'),
  'POST /api/v1/tenants/:id/deactivate': ofStore('tenants'),

  'POST /api/v1/events': ofTenant('write'),
  'POST /api/v1/events/batch': ofTenant('write'),
  'GET /api/v1/events/query': ofTenant('read'),
  'GET /api/v1/events/stream': ofTenant('read'),
  'WS /api/v1/events/stream': ofTenant('read'),
  'GET /api/v1/events/:event_id': ofTenant('read'),
  'GET /api/v1/entities': ofTenant('read'),
  'GET /api/v1/entities/:entity_id/state': ofTenant('read'),
  'GET /api/v1/entities/:entity_id/snapshot': ofTenant('read'),
  'GET /api/v1/event-types': ofTenant('read'),
  'GET /api/v1/stats': ofTenant('read'),

  'POST /api/v1/snapshots': ofTenant('write'),
  'GET /api/v1/snapshots': ofTenant('read'),
  'GET /api/v1/snapshots/:entity_id/latest': ofTenant('read'),

  'GET /api/v1/projections': ofTenant('read'),
  'POST /api/v1/projections': ofTenant('pipelines'),
  'GET /api/v1/projections/:name': ofTenant('read'),
  'DELETE /api/v1/projections/:name': ofTenant('pipelines'),
  'POST /api/v1/projections/:name/pause': ofTenant('pipelines'),
  'POST /api/v1/projections/:name/resume': ofTenant('pipelines'),
  'POST /api/v1/projections/:name/rebuild': ofTenant('pipelines'),
  'GET /api/v1/projections/:name/parked': ofTenant('read'),
  'GET /api/v1/projections/:name/state': ofTenant('read'),
  'GET /api/v1/projections/:name/state/:key': ofTenant('read'),

  'POST /api/v1/replay': ofTenant('write'),
  'GET /api/v1/replay': ofTenant('read'),
  'GET /api/v1/replay/:replay_id': ofTenant('read'),
  'POST /api/v1/replay/:replay_id/cancel': ofTenant('write'),
  'DELETE /api/v1/replay/:replay_id': ofTenant('write'),

  'POST /api/v1/pipelines': ofTenant('pipelines'),
  'GET /api/v1/pipelines': ofTenant('read'),
  'GET /api/v1/pipelines/stats': ofTenant('read'),
  'GET /api/v1/pipelines/:id': ofTenant('read'),
  'GET /api/v1/pipelines/:id/stats': ofTenant('read'),
  'GET /api/v1/pipelines/:id/dropped': ofTenant('read'),
  'DELETE /api/v1/pipelines/:id': ofTenant('pipelines'),
  'PUT /api/v1/pipelines/:id/reset': ofTenant('pipelines'),
  'POST /api/v1/pipelines/:id/pause': ofTenant('pipelines'),
  'POST /api/v1/pipelines/:id/resume': ofTenant('pipelines'),
  'POST /api/v1/pipelines/:id/test': ofTenant('pipelines'),

  'POST /api/v1/schemas': ofTenant('schemas'),
  'GET /api/v1/schemas': ofTenant('read'),
  'POST /api/v1/schemas/validate': ofTenant('read'),
  'GET /api/v1/schemas/:subject': ofTenant('read'),
  'DELETE /api/v1/schemas/:subject': ofTenant('schemas'),
  'GET /api/v1/schemas/:subject/versions': ofTenant('read'),
  'POST /api/v1/schemas/:subject/compatibility/check': ofTenant('read'),
  'PUT /api/v1/schemas/:subject/compatibility': ofTenant('schemas'),
  'PUT /api/v1/schemas/:subject/enforcement': ofTenant('schemas'),
  'GET /api/v1/upcasters': ofTenant('read'),
  'POST /api/v1/upcasters': ofTenant('schemas'),
  'DELETE /api/v1/upcasters/:event_type/:from_version': ofTenant('schemas'),

  'GET /api/v1/analytics/frequency': ofTenant('read'),
  'GET /api/v1/analytics/summary': ofTenant('read'),
  'GET /api/v1/analytics/counts': ofTenant('read'),
  'GET /api/v1/analytics/correlation': ofTenant('read'),
  'GET /api/v1/analytics/cohorts': ofTenant('read'),
  'GET /api/v1/analytics/field': ofTenant('read'),
  'POST /api/v1/analytics/funnel': ofTenant('read'),
  'POST /api/v1/analytics/sql': ofTenant('sql'),

  'GET /api/v1/integrity/root': ofTenant('admin'),
  'GET /api/v1/integrity/proof/:event_id': ofTenant('admin'),
  'GET /api/v1/integrity/consistency': ofTenant('admin'),

  'POST /api/v1/backups': ofStore('admin'),
  'GET /api/v1/backups': ofStore('admin'),
  'POST /api/v1/backups/prune': ofStore('admin'),
  'POST /api/v1/backups/:backup_id/verify': ofStore('admin'),
  'DELETE /api/v1/backups/:backup_id': ofStore('admin'),
  'POST /api/v1/compaction/trigger': ofStore('admin'),
  'GET /api/v1/compaction/stats': ofStore('admin'),
  'GET /api/v1/parquet/files': ofStore('admin'),
  'POST /api/v1/parquet/verify': ofStore('admin'),
  'POST /api/v1/retention/policies': ofStore('admin'),
  'GET /api/v1/retention/policies': ofStore('admin'),
  'DELETE /api/v1/retention/policies/:name': ofStore('admin'),
  'POST /api/v1/retention/run': ofStore('admin'),

  'POST /api/v1/consumers': ofTenant('write'),
  'GET /api/v1/consumers': ofTenant('read'),
  'GET /api/v1/consumers/:name': ofTenant('read'),
  'DELETE /api/v1/consumers/:name': ofTenant('write'),
  'GET /api/v1/consumers/:name/events': ofTenant('write'),
  'WS /api/v1/consumers/:name/events': ofTenant('write'),
  'POST /api/v1/consumers/:name/ack': ofTenant('write'),
  'POST /api/v1/consumers/:name/nack': ofTenant('write'),
  'POST /api/v1/consumers/:name/seek': ofTenant('write'),
  'GET /api/v1/consumers/:name/dead-letters': ofTenant('write'),
  'POST /api/v1/consumers/:name/dead-letters/replay': ofTenant('write'),
  'DELETE /api/v1/consumers/:name/members/:member': ofTenant('write'),
  'POST /api/v1/webhooks': ofTenant('write'),
  'GET /api/v1/webhooks': ofTenant('read'),
  'GET /api/v1/webhooks/:name': ofTenant('read'),
  'DELETE /api/v1/webhooks/:name': ofTenant('write'),
  'POST /api/v1/webhooks/:name/pause': ofTenant('write'),
  'POST /api/v1/webhooks/:name/resume': ofTenant('write'),
  'POST /api/v1/webhooks/:name/seek': ofTenant('write'),
  'GET /api/v1/webhooks/:name/deliveries': ofTenant('read'),
  'GET /api/v1/webhooks/:name/dead-letters': ofTenant('read'),
  'POST /api/v1/webhooks/:name/replay': ofTenant('write'),
};

/** Throws where the table has no line for it. */
export function accessOf(method: string, pattern: string): Access {
  const name = `${method} ${pattern}`;
  const access = Object.hasOwn(accessTable, name) ? accessTable[name] : undefined;
  if (access !== undefined) return access;
  throw new Error(`${name}: expected a line in src/server/auth/accessTable.ts`);
}

/** Throws `forbidden`. */
export function mustBeAllowed(principal: Principal, access: Access): void {
  if (access.kind === 'public' || access.kind === 'known') return;
  mustHave(principal, access.permission);
  if (access.kind === 'tenant' || principal.tenantId === defaultTenant) return;
  throw new AllSourceError(
    'forbidden',
    `this is about all tenants: only those of the tenant ${defaultTenant} may do it`,
  );
}
