/** Bounds of a tenant; 0 = none. */
export interface Quotas {
  /** Events appended in a calendar day, UTC. */
  readonly maxEventsPerDay: number;
  readonly maxStorageBytes: number;
  /** Queries in a calendar hour, UTC. */
  readonly maxQueriesPerHour: number;
  readonly maxApiKeys: number;
  readonly maxProjections: number;
  readonly maxPipelines: number;
  /** Requests that come back in a minute, and how many may come at once. */
  readonly requestsPerMinute: number;
  readonly requestBurst: number;
}

export type QuotaPreset = 'standard' | 'free' | 'professional' | 'unlimited';

export interface NewTenant {
  /** 1-64 letters, digits, `-` and `_`. */
  readonly id: string;
  /** Up to 128 characters; default the id. */
  readonly name?: string | undefined;
  /** Up to 1 024 characters. */
  readonly description?: string | undefined;
  /** Default `standard`. */
  readonly preset?: QuotaPreset | undefined;
  /** What is other than the preset says. */
  readonly quotas?: Partial<Quotas> | undefined;
}

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly quotas: Quotas;
  /** An inactive tenant is refused everywhere; its data stays. */
  readonly active: boolean;
  /** Microseconds since 1970; null of the tenant `default`, as long as nothing of it was changed. */
  readonly createdAt: number | null;
  readonly updatedAt: number | null;
}

/** Who has data of their own in a store. */
export interface Tenants {
  /** Rejects with `validation_error`, `tenant_exists`, and with `unprocessable` behind 100 000. */
  create(tenant: NewTenant): Promise<Tenant>;
  /** By id; the tenant `default` is always among them. */
  list(): Promise<readonly Tenant[]>;
  /** Rejects with `tenant_not_found`, as do those below. */
  get(id: string): Promise<Tenant>;
  /** Those that are given; the others stay. */
  setQuotas(id: string, quotas: Partial<Quotas>): Promise<Tenant>;
  activate(id: string): Promise<Tenant>;
  /** Rejects with `unprocessable` for the tenant `default`. */
  deactivate(id: string): Promise<Tenant>;
}

/** Those of a store in this process. */
export interface EmbeddedTenants extends Tenants {
  /** Whether a tenant may do anything; one that was never created may. Those of the log must be loaded. */
  isActive(id: string): boolean;
  /** Of a tenant that was never created those of `standard`. */
  quotasOf(id: string): Quotas;
  load(): Promise<void>;
}
