import type { NewTenant, Quotas, Tenant, Tenants } from '../../tenants/index.js';
import type { Connection } from '../connection.js';
import { type WireTenant, toTenant, toWireQuotas } from '../wire/accessDocuments.js';
import { checkNames, segmentOf } from '../wire/parameters.js';

const path = '/api/v1/tenants';
const code = 'validation_error';
const newNames: ReadonlySet<string> = new Set(['id', 'name', 'description', 'preset', 'quotas']);

/** The tenants of a server's store. */
export class RemoteTenants implements Tenants {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async create(tenant: NewTenant): Promise<Tenant> {
    checkNames(tenant, newNames, { code });
    const { quotas } = tenant;
    const body = { ...tenant, quotas: quotas === undefined ? undefined : toWireQuotas(quotas) };
    const request = { body, isRepeatable: false };
    return toTenant(await this.#connection.post<WireTenant>(path, request));
  }

  async list(): Promise<readonly Tenant[]> {
    const request = { path, isRepeatable: true };
    const { tenants } = await this.#connection.json<{ tenants: WireTenant[] }>(request);
    return tenants.map(toTenant);
  }

  async get(id: string): Promise<Tenant> {
    const request = { path: onePath(id), isRepeatable: true };
    return toTenant(await this.#connection.json<WireTenant>(request));
  }

  async setQuotas(id: string, quotas: Partial<Quotas>): Promise<Tenant> {
    const body = toWireQuotas(quotas);
    const request = { path: `${onePath(id)}/quotas`, method: 'PUT', body } as const;
    await this.#connection.done({ ...request, isRepeatable: true });
    return this.get(id);
  }

  activate(id: string): Promise<Tenant> {
    return this.#turn(id, 'activate');
  }

  deactivate(id: string): Promise<Tenant> {
    return this.#turn(id, 'deactivate');
  }

  async #turn(id: string, how: 'activate' | 'deactivate'): Promise<Tenant> {
    const request = { path: `${onePath(id)}/${how}`, method: 'POST' } as const;
    await this.#connection.done({ ...request, isRepeatable: true });
    return this.get(id);
  }
}

function onePath(id: string): string {
  return `${path}/${segmentOf(id, 'id', code)}`;
}
