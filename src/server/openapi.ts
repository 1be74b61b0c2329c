import type { TObject, TSchema } from '@sinclair/typebox';
import { type ErrorCode, errorTable } from '../domain/index.js';
import { accessOf } from './auth/index.js';
import { type Route, jsonType, ndjsonType } from './http/index.js';
import {
  auth,
  backups,
  consumers,
  compaction,
  retention,
  documents,
  pipelines,
  projections,
  registry,
  replays,
  snapshots,
  sql,
  analytics,
  tenants,
  webhooks,
} from './schemas/index.js';

/** Codes that any route may answer with. */
const commonErrors: readonly ErrorCode[] = ['internal_error', 'shutting_down', 'forbidden'];
/** And what a caller is told who is not known. */
const knownErrors: readonly ErrorCode[] = ['unauthenticated', 'tenant_inactive'];

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token of `POST /api/v1/auth/login`, one of another issuer, or an API key',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'An API key' },
};

/** The OpenAPI 3.1 document of the routes, from the schemas that check their requests. */
export function buildOpenApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = openApiPath(route.pattern);
    const methods = (paths[path] ??= {});
    methods[route.method.toLowerCase()] = operationOf(route);
  }
  const all = [
    ...documents.namedDocuments,
    ...consumers.consumerDocuments,
    ...webhooks.webhookDocuments,
    ...snapshots.snapshotDocuments,
    ...analytics.analyticsDocuments,
    ...sql.sqlDocuments,
    ...projections.projectionDocuments,
    ...replays.replayDocuments,
    ...backups.backupDocuments,
    ...compaction.compactionDocuments,
    ...retention.retentionDocuments,
    ...pipelines.pipelineDocuments,
    ...registry.registryDocuments,
    ...auth.authDocuments,
    ...tenants.tenantDocuments,
  ];
  const named = all.map((schema): [string, unknown] => [String(schema.$id), inlined(schema)]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'AllSource Core',
      version,
      description: 'Event store. Positions and versions start at 1; times are RFC 3339 in UTC.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths,
    components: { schemas: Object.fromEntries(named), securitySchemes },
    security: Object.keys(securitySchemes).map((name) => ({ [name]: [] })),
  };
}

/** `/a/:b` as OpenAPI writes it, `/a/{b}`. */
function openApiPath(pattern: string): string {
  return pattern.replace(/:([a-z_]+)/g, '{$1}');
}

function operationOf({ method, pattern, operation, body }: Route): object {
  const isPublic = accessOf(method, pattern).kind === 'public';
  const parameters = [
    ...parametersOf('path', operation.params),
    ...parametersOf('query', operation.query),
  ];
  const done = {
    description: 'Done',
    ...(operation.status === 204 ? {} : { content: contentOf(operation.answers) }),
  };
  return {
    operationId: operation.id,
    summary: operation.summary,
    tags: [operation.tag],
    ...(isPublic && { security: [] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.bodies === undefined
      ? {}
      : {
          requestBody: {
            required: body?.isOptional !== true,
            content: contentOf(operation.bodies),
          },
        }),
    responses: {
      [operation.status ?? 200]: done,
      ...(operation.unchangedStatus !== undefined && { [operation.unchangedStatus]: done }),
      ...errorResponses([...operation.errors, ...commonErrors, ...(isPublic ? [] : knownErrors)]),
    },
  };
}

function parametersOf(place: 'path' | 'query', schema: TObject | undefined): object[] {
  if (schema === undefined) return [];
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || (schema.required ?? []).includes(name),
    schema: property,
  }));
}

function contentOf(schemas: Readonly<Record<string, TSchema>>): object {
  const entries = Object.entries(schemas).map(([type, schema]): [string, object] => {
    const reference = referenceTo(schema);
    // One line of NDJSON is one document of the schema.
    return [
      type,
      type === ndjsonType ? { schema: reference, 'x-ndjson': true } : { schema: reference },
    ];
  });
  return Object.fromEntries(entries);
}

function errorResponses(codes: readonly ErrorCode[]): object {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = errorTable[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses = [...byStatus].map(([status, list]): [number, object] => [
    status,
    {
      description: list.map((code) => `\`${code}\`: ${errorTable[code].meaning}`).join(' '),
      content: { [jsonType]: { schema: referenceTo(documents.problem) } },
    },
  ]);
  return Object.fromEntries(responses);
}

function referenceTo(schema: TSchema): object {
  return schema.$id === undefined ? schema : { $ref: `#/components/schemas/${schema.$id}` };
}

/** The schema with named ones inside replaced by references, and without its own `$id`. */
function inlined(schema: TSchema): unknown {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('$id' in value)) return value;
    const { $id: id, ...rest } = value;
    return id === schema.$id ? rest : { $ref: `#/components/schemas/${String(id)}` };
  });
}
