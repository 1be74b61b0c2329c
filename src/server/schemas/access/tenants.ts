import { Type } from '@sinclair/typebox';
import type { TInteger, TOptional } from '@sinclair/typebox';
import { quotaNames } from '../../../domain/index.js';
import { quotaPresets, tenantLimits } from '../../../tenants/index.js';
import type { QuotaPreset } from '../../../tenants/index.js';
import { count, timestamp, orNull } from '../formats.js';

const strict = { additionalProperties: false };
const { nameCharactersMax, descriptionCharactersMax } = tenantLimits;
const quota = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: '0 = no bound',
});

type QuotaName = (typeof quotaNames)[keyof typeof quotaNames];
const quotaFields = Object.fromEntries(
  Object.values(quotaNames).map((name) => [name, quota]),
) as Record<QuotaName, TInteger>;
const someQuotas = Object.fromEntries(
  Object.values(quotaNames).map((name) => [name, Type.Optional(quota)]),
) as Record<QuotaName, TOptional<TInteger>>;

export const quotas = Type.Object(quotaFields, { ...strict, $id: 'Quotas' });
/** What is given is changed. */
export const quotaChanges = Type.Object(someQuotas, { ...strict, $id: 'QuotaChanges' });

const presets = Object.keys(quotaPresets) as QuotaPreset[];

export const newTenant = Type.Object(
  {
    id: Type.String({ description: '1-64 letters, digits, - and _' }),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: nameCharactersMax, description: 'Default the id' }),
    ),
    description: Type.Optional(
      orNull(Type.String({ minLength: 1, maxLength: descriptionCharactersMax })),
    ),
    preset: Type.Optional(
      Type.Union(
        presets.map((name) => Type.Literal(name)),
        { description: 'Default standard' },
      ),
    ),
    quotas: Type.Optional(quotaChanges),
  },
  { ...strict, $id: 'NewTenant' },
);

export const tenant = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    description: orNull(Type.String()),
    quotas,
    active: Type.Boolean(),
    created_at: orNull(timestamp),
    updated_at: orNull(timestamp),
  },
  { ...strict, $id: 'Tenant' },
);

export const tenantList = Type.Object(
  { tenants: Type.Array(tenant, { description: 'By id' }), total: count },
  { ...strict, $id: 'TenantList' },
);

export const tenantParams = Type.Object({ id: Type.String() }, strict);

export const tenantDocuments = [quotas, quotaChanges, newTenant, tenant, tenantList];
