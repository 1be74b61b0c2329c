import { formatTimestamp } from '../domain/index.js';
import type { ApiKey, CreatedApiKey, User } from './types.js';

// What is told of users and API keys, in the wire names.

/** Of `POST /api/v1/auth/register` and of lists. */
export function userDocument(user: User) {
  return {
    id: user.id,
    username: user.username,
    email: user.email,
    role: user.role,
    tenant_id: user.tenantId,
    active: user.active,
    created_at: formatTimestamp(user.createdAt),
    updated_at: formatTimestamp(user.updatedAt),
  };
}

export function usersDocument(users: readonly User[]) {
  return { users: users.map(userDocument), total: users.length };
}

export function apiKeyDocument(key: ApiKey) {
  return {
    id: key.id,
    name: key.name,
    role: key.role,
    tenant_id: key.tenantId,
    created_at: formatTimestamp(key.createdAt),
    expires_at: timeOf(key.expiresAt),
    last_used: timeOf(key.lastUsedAt),
  };
}

export function createdApiKeyDocument({ key, ...rest }: CreatedApiKey) {
  return { ...apiKeyDocument(rest), key };
}

export function apiKeysDocument(keys: readonly ApiKey[]) {
  return { api_keys: keys.map(apiKeyDocument), total: keys.length };
}

function timeOf(micros: number | null): string | null {
  return micros === null ? null : formatTimestamp(micros);
}
