import type { ErrorCode } from '../../../domain/index.js';
import {
  policiesDocument,
  policyDocument,
  retentionReportDocument,
} from '../../../retention/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  parseQueryText,
} from '../../http/index.js';
import { noQuery, paramsReader, queryReader, retention as schemas } from '../../schemas/index.js';
import { bodyErrors, bodyReader, controlRoute, queryErrors, writeErrors } from '../control.js';

const path = '/api/v1/retention/policies';

const readNoQuery = queryReader(noQuery);
const readParams = paramsReader(schemas.policyParams);
const readNewPolicy = bodyReader(schemas.newPolicy);
const readNewRun = bodyReader(schemas.newRun);

const shared = { tag: 'retention', query: noQuery } as const;
const runErrors: readonly ErrorCode[] = [
  'unprocessable',
  'storage_unavailable',
  'storage_full',
  'storage_damaged',
];

export const retentionRoutes: readonly Route[] = [
  controlRoute({
    ...shared,
    method: 'POST',
    pattern: path,
    id: 'setRetentionPolicy',
    summary: 'Set how long events stay in the log; a policy of this name is replaced',
    request: schemas.newPolicy,
    answer: schemas.policy,
    errors: [...queryErrors, ...bodyErrors, ...writeErrors, 'unprocessable'],
    handle: setPolicy,
  }),
  controlRoute({
    ...shared,
    method: 'GET',
    pattern: path,
    id: 'listRetentionPolicies',
    summary: 'Retention policies by name',
    answer: schemas.policyList,
    errors: ['invalid_query', 'storage_unavailable'],
    handle: listPolicies,
  }),
  controlRoute({
    ...shared,
    method: 'DELETE',
    pattern: `${path}/:name`,
    id: 'deleteRetentionPolicy',
    summary: 'Delete a retention policy',
    params: schemas.policyParams,
    answer: schemas.deletedPolicy,
    errors: [...queryErrors, ...writeErrors, 'policy_not_found'],
    handle: deletePolicy,
  }),
  controlRoute({
    ...shared,
    method: 'POST',
    pattern: '/api/v1/retention/run',
    id: 'runRetention',
    summary: 'Drop what is expired from the log, once Parquet files have it; or say what would go',
    request: schemas.newRun,
    optionalBody: true,
    answer: schemas.report,
    errors: [...queryErrors, ...bodyErrors, ...runErrors],
    handle: run,
  }),
];

async function setPolicy(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const wanted = readNewPolicy(exchange);
  const policy = await exchange.runtime.store.retention.set({
    name: wanted.name,
    tenantId: wanted.tenant_id ?? undefined,
    eventType: wanted.event_type ?? undefined,
    keepDays: wanted.keep_days ?? undefined,
    keepEvents: wanted.keep_events ?? undefined,
    keepBytes: wanted.keep_bytes ?? undefined,
  });
  return jsonReply(policyDocument(policy));
}

async function listPolicies(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  return jsonReply(policiesDocument(await exchange.runtime.store.retention.list()));
}

async function deletePolicy(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const { name } = readParams(exchange.params);
  await exchange.runtime.store.retention.delete(name);
  return jsonReply({ name, deleted: true });
}

async function run(exchange: Exchange): Promise<Reply> {
  readNoQuery(parseQueryText(exchange.queryText));
  const { dry_run: dryRun } = exchange.body.length === 0 ? {} : readNewRun(exchange);
  // It ends where the client leaves: what was not dropped by then stays.
  const { signal } = exchange;
  return jsonReply(
    retentionReportDocument(await exchange.runtime.store.retention.run({ dryRun, signal })),
  );
}
