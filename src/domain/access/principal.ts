import { AllSourceError } from '../errors.js';
import { roleCovers, roleHas } from './roles.js';
import type { Permission, Role } from './roles.js';

/** The tenant that is there from the first start on; its administrators look after all others. */
export const defaultTenant = 'default';

/** Who did something. */
export type Actor =
  | { readonly type: 'user'; readonly userId: string; readonly username: string }
  | { readonly type: 'api_key'; readonly keyId: string; readonly keyName: string }
  | { readonly type: 'system'; readonly component: string };

/** On whose behalf something is done: in one tenant, with one role. */
export interface Principal {
  readonly tenantId: string;
  readonly role: Role;
  readonly actor: Actor;
}

/** Whoever calls without being asked who they are: in this process, or of a server without authentication. */
export const trustedPrincipal: Principal = {
  tenantId: defaultTenant,
  role: 'admin',
  actor: { type: 'system', component: 'local' },
};

/** Whether a principal may act for every tenant, and on what all tenants share. */
export function isStoreAdmin({ tenantId, role }: Principal): boolean {
  return tenantId === defaultTenant && role === 'admin';
}

/** Throws `forbidden`. */
export function mustHave(principal: Principal, permission: Permission): void {
  if (roleHas(principal.role, permission)) return;
  throw new AllSourceError(
    'forbidden',
    `expected the permission "${permission}", which the role ${principal.role} does not have`,
  );
}

/**
 * The tenant that a principal acts in, where it names one or none. Throws `forbidden` where that is
 * another than its own, unless it is an administrator of the tenant `default`.
 */
export function tenantFor(principal: Principal, named: string | null | undefined): string {
  if (named === undefined || named === null || named === principal.tenantId) {
    return principal.tenantId;
  }
  if (isStoreAdmin(principal)) return named;
  const reason = `expected ${JSON.stringify(principal.tenantId)}, that of the caller, got ${JSON.stringify(named)}`;
  throw new AllSourceError('forbidden', `tenant_id: ${reason}`, {
    details: [{ field: 'tenant_id', reason }],
  });
}

/** Throws `forbidden` where a role is above that of the principal: nobody hands out what they have not. */
export function mustCover(principal: Principal, role: Role): void {
  if (roleCovers(principal.role, role)) return;
  const reason = `expected a role that is not above ${principal.role}, that of the caller, got ${role}`;
  throw new AllSourceError('forbidden', `role: ${reason}`, {
    details: [{ field: 'role', reason }],
  });
}
