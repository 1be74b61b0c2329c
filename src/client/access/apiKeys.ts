import type { ApiKey, ApiKeys, CreatedApiKey, NewApiKey, OfTenant } from '../../access/index.js';
import { formatTimestamp } from '../../domain/index.js';
import type { Connection } from '../connection.js';
import { type WireApiKey, toApiKey } from '../wire/accessDocuments.js';
import { checkNames, optionTables, segmentOf, toQuery } from '../wire/parameters.js';

const path = '/api/v1/auth/api-keys';
const code = 'validation_error';
const newNames: ReadonlySet<string> = new Set(['name', 'role', 'tenantId', 'expiresAt']);

/** The API keys of a server's store. */
export class RemoteApiKeys implements ApiKeys {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async create(wanted: NewApiKey): Promise<CreatedApiKey> {
    checkNames(wanted, newNames, { code });
    const { name, role, tenantId, expiresAt } = wanted;
    const expiry = typeof expiresAt === 'number' ? formatTimestamp(expiresAt) : expiresAt;
    const body = { name, role, tenant_id: tenantId, expires_at: expiry };
    const request = { body, isRepeatable: false };
    const made = await this.#connection.post<WireApiKey & { key: string }>(path, request);
    return { ...toApiKey(made), key: made.key };
  }

  async list(options: OfTenant = {}): Promise<readonly ApiKey[]> {
    const request = { path, query: toQuery(options, optionTables.tenant), isRepeatable: true };
    const { api_keys: keys } = await this.#connection.json<{ api_keys: WireApiKey[] }>(request);
    return keys.map(toApiKey);
  }

  async delete(id: string, options: OfTenant = {}): Promise<void> {
    const one = `${path}/${segmentOf(id, 'id', code)}`;
    const query = toQuery(options, optionTables.tenant);
    await this.#connection.done({ path: one, method: 'DELETE', query, isRepeatable: false });
  }
}
