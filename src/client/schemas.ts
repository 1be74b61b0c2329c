import type { JsonValue } from '../domain/index.js';
import type {
  CompatibilityCheck,
  Enforcement,
  MappingInfo,
  NewMapping,
  RegisterOptions,
  RegisteredSchema,
  SchemaInfo,
  Schemas,
  SubjectInfo,
  Validation,
  VersionOptions,
} from '../schemaRegistry/index.js';
import type { CompatibilityMode, JsonSchema } from '../schemas/index.js';
import type { Connection } from './connection.js';
import { checkNames, optionTables, segmentOf, toQuery } from './wire/parameters.js';
import type { OptionTable, QueryParameters } from './wire/parameters.js';
import {
  type WireCheck,
  type WireRegistered,
  type WireSchema,
  type WireSubject,
  type WireUpcaster,
  type WireValidation,
  fromMapping,
  toCheck,
  toMapping,
  toRegistered,
  toSchema,
  toSubject,
  toValidation,
} from './wire/schemaDocuments.js';

type OfTenant = Pick<VersionOptions, 'tenantId'>;

const path = '/api/v1/schemas';
const upcastersPath = '/api/v1/upcasters';
const versionTable: OptionTable = { ...optionTables.tenant, version: ['version', 'number'] };
const registerNames: ReadonlySet<string> = new Set(['tenantId', 'description', 'tags']);

/** Schemas of a server's store. */
export class RemoteSchemas implements Schemas {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async register(
    subject: string,
    schema: JsonSchema,
    options: RegisterOptions = {},
  ): Promise<RegisteredSchema> {
    checkNames(options, registerNames, { code: 'validation_error' });
    const { tenantId, description, tags } = options;
    const body = { subject, schema, description, tags };
    const query = toQuery({ tenantId }, optionTables.tenant);
    // The same schema again is the same version.
    return toRegistered(
      await this.#connection.post<WireRegistered>(path, { query, body, isRepeatable: true }),
    );
  }

  async list(options: OfTenant = {}): Promise<readonly SubjectInfo[]> {
    const query = toQuery(options, optionTables.tenant);
    const list = await this.#get<{ details: WireSubject[] }>(path, query);
    return list.details.map(toSubject);
  }

  async get(subject: string, options: VersionOptions = {}): Promise<SchemaInfo> {
    const query = toQuery(options, versionTable);
    return toSchema(await this.#get<WireSchema>(pathOf(subject), query));
  }

  async versions(subject: string, options: OfTenant = {}): Promise<readonly number[]> {
    const query = toQuery(options, optionTables.tenant);
    return (await this.#get<{ versions: number[] }>(`${pathOf(subject)}/versions`, query)).versions;
  }

  async validate(
    subject: string,
    payload: JsonValue,
    options: VersionOptions = {},
  ): Promise<Validation> {
    const { tenantId, version } = options;
    const query = toQuery({ tenantId }, optionTables.tenant);
    const body = { subject, version, payload };
    const request = { query, body, isRepeatable: true };
    return toValidation(await this.#connection.post<WireValidation>(`${path}/validate`, request));
  }

  async check(
    subject: string,
    schema: JsonSchema,
    options: OfTenant = {},
  ): Promise<CompatibilityCheck> {
    const query = toQuery(options, optionTables.tenant);
    const request = { query, body: { schema }, isRepeatable: true };
    const target = `${pathOf(subject)}/compatibility/check`;
    return toCheck(await this.#connection.post<WireCheck>(target, request));
  }

  setCompatibility(
    subject: string,
    compatibility: CompatibilityMode,
    options: OfTenant = {},
  ): Promise<SubjectInfo> {
    return this.#put(subject, 'compatibility', { compatibility }, options);
  }

  setEnforcement(
    subject: string,
    enforcement: Enforcement,
    options: OfTenant = {},
  ): Promise<SubjectInfo> {
    return this.#put(subject, 'enforcement', { enforcement }, options);
  }

  async delete(subject: string, options: VersionOptions = {}): Promise<void> {
    await this.#delete(pathOf(subject), toQuery(options, versionTable));
  }

  async addUpcaster(mapping: NewMapping, options: OfTenant = {}): Promise<MappingInfo> {
    const query = toQuery(options, optionTables.tenant);
    const request = { query, body: fromMapping(mapping), isRepeatable: false };
    return toMapping(await this.#connection.post<WireUpcaster>(upcastersPath, request));
  }

  async upcasters(options: OfTenant = {}): Promise<readonly MappingInfo[]> {
    const query = toQuery(options, optionTables.tenant);
    const list = await this.#get<{ upcasters: WireUpcaster[] }>(upcastersPath, query);
    return list.upcasters.map(toMapping);
  }

  async deleteUpcaster(
    eventType: string,
    fromVersion: number,
    options: OfTenant = {},
  ): Promise<void> {
    const type = segmentOf(eventType, 'eventType', 'validation_error');
    const query = toQuery(options, optionTables.tenant);
    await this.#delete(`${upcastersPath}/${type}/${fromVersion}`, query);
  }

  #get<T>(target: string, query: QueryParameters): Promise<T> {
    return this.#connection.json<T>({ path: target, query, isRepeatable: true });
  }

  async #put(
    subject: string,
    setting: string,
    body: object,
    options: OfTenant,
  ): Promise<SubjectInfo> {
    const query = toQuery(options, optionTables.tenant);
    const content = { contentType: 'application/json', body: JSON.stringify(body) };
    const target = `${pathOf(subject)}/${setting}`;
    const request = { path: target, method: 'PUT', query, isRepeatable: true, ...content } as const;
    return toSubject(await this.#connection.json<WireSubject>(request));
  }

  async #delete(target: string, query: QueryParameters): Promise<void> {
    const request = { path: target, method: 'DELETE', query, isRepeatable: false } as const;
    await this.#connection.done(request);
  }
}

function pathOf(subject: string): string {
  return `${path}/${segmentOf(subject, 'subject', 'validation_error')}`;
}
