import { AllSourceError, defaultTenant, fieldError } from '../domain/index.js';
import { RecordedState, readRecords, recordEvent } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { changedQuotas, isPreset, quotaPresets } from './quotas.js';
import type { EmbeddedTenants, NewTenant, Quotas, Tenant } from './types.js';

const tenantsMax = 100_000;
export const tenantLimits = { nameCharactersMax: 128, descriptionCharactersMax: 1_024 } as const;
const idPattern = /^[A-Za-z0-9_-]{1,64}$/;
const recordTypes = { recorded: 'tenant.recorded', deleted: 'tenant.deleted' };
const fields = new Set(['id', 'name', 'description', 'preset', 'quotas']);

const firstTenant: Tenant = {
  id: defaultTenant,
  name: defaultTenant,
  description: null,
  quotas: quotaPresets.unlimited,
  active: true,
  createdAt: null,
  updatedAt: null,
};

/** The tenants of a store, recorded in its log. */
export class TenantRegistry implements EmbeddedTenants {
  readonly #log: SystemAccess;
  readonly #tenants = new Map<string, Tenant>([[defaultTenant, firstTenant]]);
  readonly #state: RecordedState;

  constructor(log: SystemAccess) {
    this.#log = log;
    this.#state = new RecordedState(log, () => this.#read());
  }

  load(): Promise<void> {
    return this.#state.load();
  }

  isActive(id: string): boolean {
    return this.#tenants.get(id)?.active !== false;
  }

  quotasOf(id: string): Quotas {
    return this.#tenants.get(id)?.quotas ?? quotaPresets.standard;
  }

  async create(input: NewTenant): Promise<Tenant> {
    const tenant = newTenant(input, this.#now());
    return this.#state.inTurn(async () => {
      if (this.#tenants.has(tenant.id)) {
        throw new AllSourceError('tenant_exists', `there is a tenant ${tenant.id}`);
      }
      if (this.#tenants.size >= tenantsMax) {
        throw new AllSourceError(
          'unprocessable',
          `there are ${tenantsMax} tenants; delete one first`,
        );
      }
      return this.#record(tenant);
    });
  }

  async list(): Promise<readonly Tenant[]> {
    await this.#state.load();
    return [...this.#tenants.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async get(id: string): Promise<Tenant> {
    await this.#state.load();
    return this.#named(id);
  }

  setQuotas(id: string, quotas: Partial<Quotas>): Promise<Tenant> {
    return this.#change(id, (tenant) => ({ quotas: changedQuotas(tenant.quotas, quotas) }));
  }

  activate(id: string): Promise<Tenant> {
    return this.#change(id, () => ({ active: true }));
  }

  async deactivate(id: string): Promise<Tenant> {
    if (id === defaultTenant) {
      throw new AllSourceError('unprocessable', `the tenant ${defaultTenant} stays active`);
    }
    return this.#change(id, () => ({ active: false }));
  }

  /** Tenants stay in the log, where what lies before is dropped. */
  async rewrite(): Promise<void> {
    await this.#state.inTurn(async () => {
      for (const tenant of this.#tenants.values()) {
        if (tenant.createdAt !== null) await this.#record(tenant);
      }
    });
  }

  async close(): Promise<void> {
    await this.#state.settled();
  }

  async #change(id: string, change: (tenant: Tenant) => Partial<Tenant>): Promise<Tenant> {
    return this.#state.inTurn(async () => {
      const tenant = this.#named(id);
      const now = this.#now();
      const createdAt = tenant.createdAt ?? now;
      return this.#record({ ...tenant, ...change(tenant), createdAt, updatedAt: now });
    });
  }

  async #record(tenant: Tenant): Promise<Tenant> {
    await this.#log.append([recordEvent(recordTypes.recorded, `tenant:${tenant.id}`, tenant)]);
    this.#tenants.set(tenant.id, tenant);
    return tenant;
  }

  #named(id: string): Tenant {
    const tenant = this.#tenants.get(id);
    if (tenant !== undefined) return tenant;
    throw new AllSourceError('tenant_not_found', `there is no tenant ${JSON.stringify(id)}`);
  }

  #now(): number {
    return Date.now() * 1000;
  }

  async #read(): Promise<void> {
    const { kept } = await readRecords<Tenant>(this.#log, recordTypes);
    for (const tenant of kept) this.#tenants.set(tenant.id, tenant);
  }
}

function newTenant(input: NewTenant, now: number): Tenant {
  const unknown = Object.keys(input).find((name) => !fields.has(name));
  if (unknown !== undefined) {
    throw fieldError('validation_error', unknown, 'not a field of a tenant');
  }
  const { id, name = id, description, preset = 'standard', quotas = {} } = input;
  if (typeof id !== 'string' || !idPattern.test(id)) {
    throw fieldError('validation_error', 'id', 'expected 1-64 letters, digits, - or _');
  }
  if (!isPreset(preset)) {
    const expected = `expected ${Object.keys(quotaPresets).join(', ')}`;
    throw fieldError('validation_error', 'preset', `${expected}, got ${JSON.stringify(preset)}`);
  }
  const { nameCharactersMax, descriptionCharactersMax } = tenantLimits;
  return {
    id,
    name: checkedText('name', name, nameCharactersMax),
    description:
      description === undefined
        ? null
        : checkedText('description', description, descriptionCharactersMax),
    quotas: changedQuotas(quotaPresets[preset], quotas),
    active: true,
    createdAt: now,
    updatedAt: now,
  };
}

function checkedText(field: string, text: unknown, charactersMax: number): string {
  if (typeof text === 'string' && text !== '' && text.length <= charactersMax) return text;
  throw fieldError('validation_error', field, `expected a text of 1-${charactersMax} characters`);
}
