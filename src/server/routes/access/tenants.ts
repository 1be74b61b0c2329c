import { tenantDocument, tenantsDocument } from '../../../tenants/index.js';
import { quotasOf } from '../../../domain/index.js';
import type { ErrorCode } from '../../../domain/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  noContent,
  parseQueryText,
} from '../../http/index.js';
import { noQuery, paramsReader, queryReader, tenants as schemas } from '../../schemas/index.js';
import { bodyErrors, bodyReader, controlRoute, queryErrors, writeErrors } from '../control.js';

const path = '/api/v1/tenants';
const onePath = `${path}/:id`;
const oneErrors: readonly ErrorCode[] = [...queryErrors, 'tenant_not_found'];

const readNoQuery = queryReader(noQuery);
const readParams = paramsReader(schemas.tenantParams);
const readNewTenant = bodyReader(schemas.newTenant);
const readQuotas = bodyReader(schemas.quotaChanges);

const shared = { tag: 'tenants', query: noQuery } as const;
const one = { ...shared, params: schemas.tenantParams };

export const tenantRoutes: readonly Route[] = [
  controlRoute({
    ...shared,
    method: 'POST',
    pattern: path,
    id: 'createTenant',
    summary: 'Make a tenant',
    request: schemas.newTenant,
    status: 201,
    answer: schemas.tenant,
    errors: [...queryErrors, ...bodyErrors, ...writeErrors, 'tenant_exists', 'unprocessable'],
    handle: createTenant,
  }),
  controlRoute({
    ...shared,
    method: 'GET',
    pattern: path,
    id: 'listTenants',
    summary: 'Tenants by id',
    answer: schemas.tenantList,
    errors: queryErrors,
    handle: listTenants,
  }),
  controlRoute({
    ...one,
    method: 'GET',
    pattern: onePath,
    id: 'getTenant',
    summary: 'A tenant; each may read itself',
    answer: schemas.tenant,
    errors: oneErrors,
    handle: getTenant,
  }),
  controlRoute({
    ...one,
    method: 'PUT',
    pattern: `${onePath}/quotas`,
    id: 'setTenantQuotas',
    summary: 'Other bounds; those that are not given stay',
    request: schemas.quotaChanges,
    errors: [...oneErrors, ...bodyErrors, ...writeErrors],
    handle: setQuotas,
  }),
  controlRoute({
    ...one,
    method: 'POST',
    pattern: `${onePath}/activate`,
    id: 'activateTenant',
    summary: 'Let a tenant in again',
    errors: [...oneErrors, ...writeErrors],
    handle: activateTenant,
  }),
  controlRoute({
    ...one,
    method: 'POST',
    pattern: `${onePath}/deactivate`,
    id: 'deactivateTenant',
    summary: 'Refuse a tenant everywhere; its data stays',
    errors: [...oneErrors, ...writeErrors, 'unprocessable'],
    handle: deactivateTenant,
  }),
];

async function createTenant(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const { id, name, description, preset, quotas } = readNewTenant(exchange);
  const tenant = await exchange.runtime.store.tenants.create({
    id,
    name,
    description: description ?? undefined,
    preset,
    quotas: quotasOf(quotas ?? {}),
  });
  return { ...jsonReply(tenantDocument(tenant)), status: 201 };
}

async function listTenants(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  return jsonReply(tenantsDocument(await exchange.runtime.store.tenants.list()));
}

async function getTenant(exchange: Exchange): Promise<Reply> {
  const id = exchange.tenantOf(idIn(exchange));
  return jsonReply(tenantDocument(await exchange.runtime.store.tenants.get(id)));
}

async function setQuotas(exchange: Exchange): Promise<Reply> {
  const id = idIn(exchange);
  await exchange.runtime.store.tenants.setQuotas(id, quotasOf(readQuotas(exchange)));
  return noContent;
}

async function activateTenant(exchange: Exchange): Promise<Reply> {
  await exchange.runtime.store.tenants.activate(idIn(exchange));
  return noContent;
}

async function deactivateTenant(exchange: Exchange): Promise<Reply> {
  await exchange.runtime.store.tenants.deactivate(idIn(exchange));
  exchange.runtime.streams.recheck();
  return noContent;
}

function idIn(exchange: Exchange): string {
  readNoQuery(parseQueryText(exchange.queryText));
  return readParams(exchange.params).id;
}
