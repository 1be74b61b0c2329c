import type { ApiKey, User } from '../../access/index.js';
import { AllSourceError, parseTimestamp, quotaNames, quotasOf } from '../../domain/index.js';
import type { Role } from '../../domain/index.js';
import type { Quotas, Tenant } from '../../tenants/index.js';

export interface WireUser {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly role: Role;
  readonly tenant_id: string;
  readonly active: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface WireApiKey {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly tenant_id: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used: string | null;
}

type WireQuotas = Record<(typeof quotaNames)[keyof Quotas], number>;

export interface WireTenant {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly quotas: WireQuotas;
  readonly active: boolean;
  readonly created_at: string | null;
  readonly updated_at: string | null;
}

export function toUser(user: WireUser): User {
  return {
    id: user.id,
    username: user.username,
    email: user.email,
    role: user.role,
    tenantId: user.tenant_id,
    active: user.active,
    createdAt: parseTimestamp(user.created_at, 'created_at'),
    updatedAt: parseTimestamp(user.updated_at, 'updated_at'),
  };
}

export function toApiKey(key: WireApiKey): ApiKey {
  return {
    id: key.id,
    name: key.name,
    role: key.role,
    tenantId: key.tenant_id,
    createdAt: parseTimestamp(key.created_at, 'created_at'),
    expiresAt: timeOf(key.expires_at, 'expires_at'),
    lastUsedAt: timeOf(key.last_used, 'last_used'),
  };
}

export function toTenant(tenant: WireTenant): Tenant {
  return {
    id: tenant.id,
    name: tenant.name,
    description: tenant.description,
    // All of them are there.
    quotas: quotasOf(tenant.quotas) as Quotas,
    active: tenant.active,
    createdAt: timeOf(tenant.created_at, 'created_at'),
    updatedAt: timeOf(tenant.updated_at, 'updated_at'),
  };
}

/** Throws `validation_error` for what is no quota. */
export function toWireQuotas(quotas: Partial<Quotas>): Partial<WireQuotas> {
  const entries = Object.entries(quotas).map(([name, value]) => {
    if (!isQuota(name)) throw new AllSourceError('validation_error', `${name}: not a quota`);
    return [quotaNames[name], value];
  });
  return Object.fromEntries(entries) as Partial<WireQuotas>;
}

function isQuota(name: string): name is keyof Quotas {
  return Object.hasOwn(quotaNames, name);
}

function timeOf(text: string | null, field: string): number | null {
  return text === null ? null : parseTimestamp(text, field);
}
