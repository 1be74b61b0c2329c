import { onTestFinished } from 'vitest';
import type { Role } from '../../src/index.js';
import type { AppOptions } from '../../src/server/index.js';
import { listen } from '../../src/server/index.js';
import type { EmbeddedStore } from '../../src/store/index.js';
import { type Answer, type Target, call, json, openMemoryStore, silent } from '../http/support.js';

export const adminPassword = 'correct horse battery';

/** A server that asks everybody who they are. */
export interface SecuredTarget extends Target {
  readonly store: EmbeddedStore;
}

export async function startSecured(auth: AppOptions['auth'] = {}): Promise<SecuredTarget> {
  const store = await openMemoryStore();
  const options = { logger: silent, processMetrics: false, port: 0 };
  const server = await listen(store, { ...options, auth: { adminPassword, ...auth } });
  onTestFinished(() => server.close());
  return { store, port: server.port };
}

/** An API key of a role in a tenant, which is made where it is not there. */
export async function keyOf(
  { store }: SecuredTarget,
  { tenantId, role }: { readonly tenantId: string; readonly role: Role },
): Promise<string> {
  const there = await store.tenants.list();
  if (!there.some(({ id }) => id === tenantId)) {
    await store.tenants.create({ id: tenantId, preset: 'unlimited' });
  }
  return (await store.apiKeys.create({ name: `${tenantId} ${role}`, tenantId, role })).key;
}

export interface As {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly credential?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request with a JSON body, or none, on behalf of a credential, or of nobody. */
export function callAs(target: Target, sent: As): Promise<Answer> {
  const { method, path, body, credential, headers = {} } = sent;
  return call(target, {
    ...(method !== undefined && { method }),
    path,
    headers: {
      ...(body !== undefined && json),
      ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** What `POST /api/v1/auth/login` answers. */
export function login(
  target: Target,
  { username = 'admin', password = adminPassword } = {},
): Promise<Answer> {
  const path = '/api/v1/auth/login';
  return callAs(target, { path, body: { username, password } });
}
