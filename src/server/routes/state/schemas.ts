import type { ErrorCode, JsonValue } from '../../../domain/index.js';
import type { Enforcement, NewMapping } from '../../../schemaRegistry/index.js';
import {
  checkDocument,
  mappingDocument,
  registeredDocument,
  schemaDocument,
  subjectDocument,
  validationDocument,
} from '../../../schemaRegistry/index.js';
import type { CompatibilityMode, JsonSchema } from '../../../schemas/index.js';
import {
  type Exchange,
  type Reply,
  type Route,
  jsonReply,
  noContent,
  parseQueryText,
} from '../../http/index.js';
import { paramsReader, queryReader, registry as documents } from '../../schemas/index.js';
import {
  type ControlRoute,
  bodyErrors,
  bodyReader,
  controlRoute,
  queryErrors,
  tenantIn,
  writeErrors,
} from '../control.js';

const path = '/api/v1/schemas';
const onePath = `${path}/:subject`;
const upcastersPath = '/api/v1/upcasters';
const tag = 'schemas';
const params = documents.subjectParams;

const readParams = paramsReader(params);
const readUpcasterParams = paramsReader(documents.upcasterParams);
const readVersionQuery = queryReader(documents.versionQuery);
const readNewSchema = bodyReader(documents.newSchema);
const readValidation = bodyReader(documents.newValidation);
const readCheck = bodyReader(documents.newCompatibilityCheck);
const readCompatibility = bodyReader(documents.newCompatibility);
const readEnforcement = bodyReader(documents.newEnforcement);
const readUpcaster = bodyReader(documents.newUpcaster);

const oneErrors: readonly ErrorCode[] = [...queryErrors, 'schema_not_found'];
const changeErrors: readonly ErrorCode[] = [...oneErrors, ...bodyErrors, ...writeErrors];

const listed: readonly Route[] = [
  controlRoute({
    method: 'POST',
    pattern: path,
    id: 'registerSchema',
    summary: 'Register the next version of a schema, unless the subject has the same one',
    tag,
    request: documents.newSchema,
    status: 201,
    unchangedStatus: 200,
    answer: documents.registeredSchema,
    errors: [...queryErrors, ...bodyErrors, ...writeErrors, 'incompatible_schema', 'unprocessable'],
    handle: registerSchema,
  }),
  controlRoute({
    method: 'GET',
    pattern: path,
    id: 'listSchemas',
    summary: 'Subjects of a tenant by name',
    tag,
    answer: documents.schemaList,
    errors: ['invalid_query'],
    handle: listSchemas,
  }),
  {
    ...controlRoute({
      method: 'POST',
      pattern: `${path}/validate`,
      id: 'validatePayload',
      summary: 'Whether a payload would be taken',
      tag,
      request: documents.newValidation,
      answer: documents.validation,
      errors: [...oneErrors, ...bodyErrors],
      handle: validatePayload,
    }),
    // There may be a subject of that name.
    sharesPath: true,
  },
];

const ofOne: readonly Route[] = [
  controlRoute({
    method: 'GET',
    pattern: onePath,
    id: 'getSchema',
    summary: 'One version of a schema',
    ...{ tag, params },
    query: documents.versionQuery,
    answer: documents.schemaVersion,
    errors: oneErrors,
    handle: getSchema,
  }),
  controlRoute({
    method: 'DELETE',
    pattern: onePath,
    id: 'deleteSchema',
    summary: 'Take a version away, or all of them; the version before it is enforced then',
    ...{ tag, params },
    query: documents.versionQuery,
    errors: [...oneErrors, ...writeErrors],
    handle: deleteSchema,
  }),
  controlRoute({
    method: 'GET',
    pattern: `${onePath}/versions`,
    id: 'listSchemaVersions',
    summary: 'Numbers of the versions of a schema',
    ...{ tag, params },
    answer: documents.schemaVersions,
    errors: oneErrors,
    handle: listVersions,
  }),
  controlRoute({
    method: 'POST',
    pattern: `${onePath}/compatibility/check`,
    id: 'checkCompatibility',
    summary: 'Whether a schema could be the next version; registers nothing',
    ...{ tag, params },
    request: documents.newCompatibilityCheck,
    answer: documents.compatibilityCheck,
    errors: [...queryErrors, ...bodyErrors, 'unprocessable'],
    handle: checkCompatibility,
  }),
  settingRoute({
    pattern: `${onePath}/compatibility`,
    id: 'setCompatibility',
    summary: 'Which changes of a schema are allowed from now on',
    request: documents.newCompatibility,
    handle: setCompatibility,
  }),
  settingRoute({
    pattern: `${onePath}/enforcement`,
    id: 'setEnforcement',
    summary: 'What becomes of events that break a schema from now on',
    request: documents.newEnforcement,
    handle: setEnforcement,
  }),
];

const upcasters: readonly Route[] = [
  controlRoute({
    method: 'GET',
    pattern: upcastersPath,
    id: 'listUpcasters',
    summary: 'Mappings of a tenant by event type and version',
    tag,
    answer: documents.upcasterList,
    errors: ['invalid_query'],
    handle: listUpcasters,
  }),
  controlRoute({
    method: 'POST',
    pattern: upcastersPath,
    id: 'addUpcaster',
    summary: 'Say how payloads of one version become those of a later one',
    tag,
    request: documents.newUpcaster,
    status: 201,
    answer: documents.upcaster,
    errors: [...queryErrors, ...bodyErrors, ...writeErrors, 'unprocessable'],
    handle: addUpcaster,
  }),
  controlRoute({
    method: 'DELETE',
    pattern: `${upcastersPath}/:event_type/:from_version`,
    id: 'deleteUpcaster',
    summary: 'Delete a mapping',
    tag,
    params: documents.upcasterParams,
    errors: [...oneErrors, ...writeErrors],
    handle: deleteUpcaster,
  }),
];

export const schemaRoutes: readonly Route[] = [...listed, ...ofOne, ...upcasters];

/** A route that changes how the schemas of a subject are used. */
function settingRoute(
  route: Pick<ControlRoute, 'handle' | 'id' | 'pattern' | 'request' | 'summary'>,
): Route {
  const answer = documents.schemaSubject;
  return controlRoute({ method: 'PUT', ...route, tag, params, answer, errors: changeErrors });
}

async function registerSchema(exchange: Exchange): Promise<Reply> {
  const tenantId = tenantIn(exchange);
  const { subject, schema, description, tags } = readNewSchema(exchange);
  // What came as JSON is JSON; the registry checks that it is a schema.
  const registered = await exchange.runtime.store.schemas.register(subject, schema as JsonSchema, {
    tenantId,
    description: description ?? undefined,
    tags: tags ?? undefined,
  });
  const reply = jsonReply(registeredDocument(registered));
  return registered.isNew ? { ...reply, status: 201 } : reply;
}

async function listSchemas(exchange: Exchange): Promise<Reply> {
  const infos = await exchange.runtime.store.schemas.list({ tenantId: tenantIn(exchange) });
  const subjects = infos.map(({ subject }) => subject);
  return jsonReply({ subjects, details: infos.map(subjectDocument), total: infos.length });
}

async function validatePayload(exchange: Exchange): Promise<Reply> {
  const tenantId = tenantIn(exchange);
  const { subject, version, payload } = readValidation(exchange);
  const options = { tenantId, version: version ?? undefined };
  const { schemas } = exchange.runtime.store;
  // What came as JSON is JSON.
  return jsonReply(
    validationDocument(await schemas.validate(subject, payload as JsonValue, options)),
  );
}

async function getSchema(exchange: Exchange): Promise<Reply> {
  const { subject } = readParams(exchange.params);
  const { schemas } = exchange.runtime.store;
  return jsonReply(schemaDocument(await schemas.get(subject, versionOf(exchange))));
}

async function deleteSchema(exchange: Exchange): Promise<Reply> {
  const { subject } = readParams(exchange.params);
  await exchange.runtime.store.schemas.delete(subject, versionOf(exchange));
  return noContent;
}

async function listVersions(exchange: Exchange): Promise<Reply> {
  const { subject } = readParams(exchange.params);
  const tenantId = tenantIn(exchange);
  const versions = await exchange.runtime.store.schemas.versions(subject, { tenantId });
  return jsonReply({ subject, versions });
}

async function checkCompatibility(exchange: Exchange): Promise<Reply> {
  const { subject } = readParams(exchange.params);
  const tenantId = tenantIn(exchange);
  // As in a registration.
  const schema = readCheck(exchange).schema as JsonSchema;
  const { schemas } = exchange.runtime.store;
  return jsonReply(checkDocument(await schemas.check(subject, schema, { tenantId })));
}

async function setCompatibility(exchange: Exchange): Promise<Reply> {
  const { subject } = readParams(exchange.params);
  const tenantId = tenantIn(exchange);
  // Checked by the registry, in whatever case it is.
  const mode = readCompatibility(exchange).compatibility as CompatibilityMode;
  const { schemas } = exchange.runtime.store;
  return jsonReply(subjectDocument(await schemas.setCompatibility(subject, mode, { tenantId })));
}

async function setEnforcement(exchange: Exchange): Promise<Reply> {
  const { subject } = readParams(exchange.params);
  const tenantId = tenantIn(exchange);
  // As above.
  const mode = readEnforcement(exchange).enforcement as Enforcement;
  const { schemas } = exchange.runtime.store;
  return jsonReply(subjectDocument(await schemas.setEnforcement(subject, mode, { tenantId })));
}

async function listUpcasters(exchange: Exchange): Promise<Reply> {
  const { schemas } = exchange.runtime.store;
  const list = await schemas.upcasters({ tenantId: tenantIn(exchange) });
  return jsonReply({ upcasters: list.map(mappingDocument), total: list.length });
}

async function addUpcaster(exchange: Exchange): Promise<Reply> {
  const tenantId = tenantIn(exchange);
  const mapping = readUpcaster(exchange);
  const { schemas } = exchange.runtime.store;
  const added = await schemas.addUpcaster(
    {
      eventType: mapping.event_type,
      fromVersion: mapping.from_version,
      toVersion: mapping.to_version ?? undefined,
      // Checked by the registry.
      operations: mapping.operations as unknown as NewMapping['operations'],
    },
    { tenantId },
  );
  return { ...jsonReply(mappingDocument(added)), status: 201 };
}

async function deleteUpcaster(exchange: Exchange): Promise<Reply> {
  const { event_type: eventType, from_version: from } = readUpcasterParams(exchange.params);
  const tenantId = tenantIn(exchange);
  await exchange.runtime.store.schemas.deleteUpcaster(eventType, Number(from), { tenantId });
  return noContent;
}

function versionOf(exchange: Exchange) {
  const { tenant_id: named, version } = readVersionQuery(parseQueryText(exchange.queryText));
  return { tenantId: exchange.tenantOf(named), version };
}
