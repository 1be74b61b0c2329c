import { randomUUID } from 'node:crypto';
import { AllSourceError, jsonFault } from '../domain/index.js';
import type { JsonValue, NewEvent, StoredEvent } from '../domain/index.js';
import { RecordedState, tenantOf, textBatches } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { checkSchemaDocument, schemaSha256, trialCompile } from '../schemas/index.js';
import type { CompatibilityMode, JsonSchema, Upcaster } from '../schemas/index.js';
import { findingsOf, incompatible, takesPrevious } from './comparison.js';
import { Enforcement as Gate } from './enforcement.js';
import { Evolution } from './evolution.js';
import {
  checkedCompatibility,
  checkedDescription,
  checkedEnforcement,
  checkedSubject,
  checkedTags,
  checkedTenant,
  invalid,
} from './input.js';
import { readSchemaRecords, subjectEvent, versionEvent } from './records.js';
import type { SubjectRecord, VersionRecord } from './records.js';
import { Subject } from './subject.js';
import type {
  CompatibilityCheck,
  EmbeddedSchemas,
  Enforcement,
  MappingInfo,
  NewMapping,
  OfTenant,
  RegisterOptions,
  RegisteredSchema,
  SchemaInfo,
  SubjectInfo,
  Validation,
  VersionOptions,
  ViolationCounts,
} from './types.js';

/** Of a tenant, those that are used. */
export const subjectsMax = 10_000;
/** Of a tenant, those that were deleted among them. */
export const subjectsEverMax = 100_000;
export const versionsMax = 1_000;

export interface SchemaRegistryOptions {
  /** Those that are code, of every tenant. */
  readonly upcasters: readonly Upcaster[];
}

/** The schemas of a store, by tenant and subject. */
export class SchemaRegistry implements EmbeddedSchemas {
  readonly #log: SystemAccess;
  readonly #bySubject = new Map<string, Subject>();
  readonly #gate = new Gate();
  readonly #evolution: Evolution;
  readonly #state: RecordedState;
  #lastNumber = 0;

  constructor(log: SystemAccess, { upcasters }: SchemaRegistryOptions) {
    this.#log = log;
    this.#state = new RecordedState(log, () => this.#read());
    this.#evolution = new Evolution(upcasters, {
      governing: (tenantId, type) => this.#governing(tenantId, type),
      isValid: (payload, version) => this.#gate.violationsOf(payload, version).length === 0,
    });
    log.setPayloadGate(this.#gate);
  }

  /** Resolves once payloads are checked; called before the first append. */
  begin(): Promise<void> {
    return this.#state.load();
  }

  register(
    subject: string,
    schema: JsonSchema,
    options: RegisterOptions = {},
  ): Promise<RegisteredSchema> {
    return this.#state.inTurn(async () => {
      const tenantId = checkedTenant(options.tenantId);
      checkedSubject(subject);
      const description = checkedDescription(options.description);
      const tags = checkedTags(options.tags);
      const checked = checkSchemaDocument(schema);
      const known = this.#bySubject.get(keyOf(tenantId, subject));
      const same = known?.same(checked);
      if (known !== undefined && same !== undefined) {
        return known.registeredSchema(same, false);
      }
      this.#mustHaveRoom(known, tenantId);
      await trialCompile(checked);
      const { settings = defaultsOf(tenantId, subject) } = known ?? {};
      const mode = settings.compatibility;
      const findings = await findingsOf(known?.versions ?? [], checked, { mode });
      if (findings.length > 0) throw incompatible(settings, findings);
      const record: VersionRecord = {
        ...{ tenantId, subject, version: known?.nextVersion ?? 1, id: randomUUID() },
        ...{ schema: checked, sha256: schemaSha256(checked), description, tags },
        takesPrevious: known !== undefined && (await takesPrevious(checked, known, mode)),
        createdAt: Date.now() * 1000,
        isDeleted: false,
      };
      await this.#append([
        ...(known === undefined ? [subjectEvent(settings)] : []),
        versionEvent(record),
      ]);
      const changed = known ?? this.#add(settings);
      this.#put(changed, record);
      return changed.registeredSchema(record, true);
    });
  }

  async list(options: OfTenant = {}): Promise<readonly SubjectInfo[]> {
    const tenantId = tenantOf(options.tenantId);
    return (await this.all()).filter((info) => info.tenantId === tenantId);
  }

  async all(): Promise<readonly SubjectInfo[]> {
    await this.#state.load();
    const used = [...this.#bySubject].filter(([, { latest }]) => latest !== undefined);
    return used.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, subject]) => subject.info());
  }

  get violations(): ViolationCounts {
    const sum = { refused: 0, warned: 0 };
    for (const { violations } of this.#bySubject.values()) {
      sum.refused += violations.refused;
      sum.warned += violations.warned;
    }
    return sum;
  }

  async get(subject: string, options: VersionOptions = {}): Promise<SchemaInfo> {
    const { found, record } = await this.#version(subject, options);
    return found.schemaInfo(record);
  }

  async versions(subject: string, options: OfTenant = {}): Promise<readonly number[]> {
    await this.#state.load();
    return this.#subject(subject, options).versions.map(({ version }) => version);
  }

  async validate(
    subject: string,
    payload: JsonValue,
    options: VersionOptions = {},
  ): Promise<Validation> {
    const fault = jsonFault(payload);
    if (fault !== undefined) throw invalid('payload', `expected JSON, got ${fault.name}`);
    const { found, record } = await this.#version(subject, options);
    const errors = this.#gate.violationsOf(payload, { subject: found, record });
    return { valid: errors.length === 0, errors, schemaVersion: record.version };
  }

  async check(
    subject: string,
    schema: JsonSchema,
    options: OfTenant = {},
  ): Promise<CompatibilityCheck> {
    await this.#state.load();
    const tenantId = checkedTenant(options.tenantId);
    const known = this.#bySubject.get(keyOf(tenantId, checkedSubject(subject)));
    const checked = checkSchemaDocument(schema);
    const { compatibility } = known?.settings ?? defaultsOf(tenantId, subject);
    if (known?.same(checked) !== undefined) {
      return { compatible: true, compatibility, breakingChanges: [] };
    }
    this.#mustHaveRoom(known, tenantId);
    await trialCompile(checked);
    const mode = compatibility;
    const breakingChanges = await findingsOf(known?.versions ?? [], checked, { mode });
    return { compatible: breakingChanges.length === 0, compatibility, breakingChanges };
  }

  async setCompatibility(
    subject: string,
    compatibility: CompatibilityMode,
    options: OfTenant = {},
  ): Promise<SubjectInfo> {
    const checked = checkedCompatibility(compatibility);
    return this.#change(subject, options, (settings) => ({ ...settings, compatibility: checked }));
  }

  async setEnforcement(
    subject: string,
    enforcement: Enforcement,
    options: OfTenant = {},
  ): Promise<SubjectInfo> {
    const checked = checkedEnforcement(enforcement);
    return this.#change(subject, options, (settings) => ({ ...settings, enforcement: checked }));
  }

  delete(subject: string, options: VersionOptions = {}): Promise<void> {
    return this.#state.inTurn(async () => {
      const found = this.#subject(subject, options);
      const { version } = options;
      const wanted = version === undefined ? found.versions : [this.#versionOf(found, version)];
      const records = wanted.map((record) => ({ ...record, isDeleted: true }));
      await this.#append(records.map(versionEvent));
      for (const record of records) this.#put(found, record);
    });
  }

  addUpcaster(mapping: NewMapping, options: OfTenant = {}): Promise<MappingInfo> {
    return this.#state.inTurn(async () => {
      const added = this.#evolution.prepare(checkedTenant(options.tenantId), mapping);
      await this.#append([added.event]);
      return added.put();
    });
  }

  async upcasters(options: OfTenant = {}): Promise<readonly MappingInfo[]> {
    await this.#state.load();
    return this.#evolution.mappingsOf(tenantOf(options.tenantId));
  }

  deleteUpcaster(eventType: string, fromVersion: number, options: OfTenant = {}): Promise<void> {
    return this.#state.inTurn(async () => {
      const removed = this.#evolution.removal(tenantOf(options.tenantId), eventType, fromVersion);
      await this.#append([removed.event]);
      removed.put();
    });
  }

  /** An event with the payload of the newest version of its schema; throws `unprocessable`. */
  upcast(event: StoredEvent): StoredEvent {
    return this.#evolution.upcast(event);
  }

  /** Records again what is known, before the log that it is in is dropped. */
  rewrite(): Promise<void> {
    return this.#state.inTurn(async () => {
      for await (const texts of textBatches(this.#texts())) await this.#log.appendTexts(texts);
    });
  }

  /** Resolves once nothing is under way. */
  close(): Promise<void> {
    return this.#state.settled();
  }

  /** All that is recorded, as texts of events. */
  *#texts(): Generator<string> {
    for (const subject of this.#bySubject.values()) {
      yield JSON.stringify(subjectEvent(subject.settings));
      for (const record of subject.all) yield JSON.stringify(versionEvent(record));
    }
    for (const event of this.#evolution.events()) yield JSON.stringify(event);
  }

  async #append(events: readonly NewEvent[]): Promise<void> {
    if (events.length > 0) await this.#log.append(events);
  }

  #change(
    subject: string,
    options: OfTenant,
    change: (settings: SubjectRecord) => SubjectRecord,
  ): Promise<SubjectInfo> {
    return this.#state.inTurn(async () => {
      const found = this.#subject(subject, options);
      const settings = change(found.settings);
      await this.#append([subjectEvent(settings)]);
      found.settings = settings;
      this.#enforce(found);
      return found.info();
    });
  }

  /** One that has a version that is used. */
  #subject(subject: string, options: OfTenant): Subject {
    const tenantId = tenantOf(options.tenantId);
    const found = this.#bySubject.get(keyOf(tenantId, checkedSubject(subject)));
    if (found?.latest !== undefined) return found;
    throw notFound(`there is no schema of ${JSON.stringify(subject)}`);
  }

  async #version(subject: string, options: VersionOptions) {
    await this.#state.load();
    const found = this.#subject(subject, options);
    const record = this.#versionOf(found, options.version ?? found.latest?.version ?? 0);
    return { found, record };
  }

  #versionOf(found: Subject, version: number): VersionRecord {
    if (!Number.isSafeInteger(version) || version < 1) {
      throw invalid('version', `expected a whole number from 1, got ${version}`);
    }
    const record = found.at(version);
    if (record?.isDeleted === false) return record;
    const versions = found.versions.map((one) => one.version).join(', ');
    const { subject } = found.settings;
    throw notFound(`${subject} has no version ${version}; it has ${versions}`);
  }

  /** Throws `unprocessable` where a subject can't have another version. */
  #mustHaveRoom(known: Subject | undefined, tenantId: string): void {
    if (known !== undefined && known.nextVersion > versionsMax) {
      const { subject } = known.settings;
      throw full(`${subject} has had ${versionsMax} versions, the most; take another event type`);
    }
    if (known?.latest !== undefined) return;
    const own = [...this.#bySubject.values()].filter((one) => one.settings.tenantId === tenantId);
    const usedCount = own.filter(({ latest }) => latest !== undefined).length;
    if (usedCount >= subjectsMax) {
      throw full(`the tenant has ${subjectsMax} subjects, the most; delete one`);
    }
    if (known === undefined && own.length >= subjectsEverMax) {
      throw full(`the tenant has had ${subjectsEverMax} subjects, the most; use one of them again`);
    }
  }

  #add(settings: SubjectRecord): Subject {
    this.#lastNumber += 1;
    const subject = new Subject(this.#lastNumber, settings);
    this.#bySubject.set(keyOf(settings.tenantId, settings.subject), subject);
    this.#gate.add(subject);
    return subject;
  }

  #put(subject: Subject, record: VersionRecord): void {
    subject.put(record);
    this.#enforce(subject);
  }

  /** From the next append on. */
  #enforce(subject: Subject): void {
    const { tenantId, subject: name } = subject.settings;
    // Also where enforcement is off: else a shorter prefix would have its events.
    const isKnown = subject.latest !== undefined;
    this.#log.setSubject(tenantId, name, isKnown ? subject.number : undefined);
  }

  /** Whose schemas events of a type are checked against: the type's own, else of its longest prefix. */
  #governing(tenantId: string, eventType: string): Subject | undefined {
    const own = this.#bySubject.get(keyOf(tenantId, eventType));
    if (own?.latest !== undefined) return own;
    for (let end = eventType.lastIndexOf('.'); end > 0; end = eventType.lastIndexOf('.', end - 1)) {
      const found = this.#bySubject.get(keyOf(tenantId, `${eventType.slice(0, end)}.*`));
      if (found?.latest !== undefined) return found;
    }
    return undefined;
  }

  async #read(): Promise<void> {
    const { subjects, versions, mappings } = await readSchemaRecords(this.#log);
    for (const settings of subjects) this.#add(settings);
    for (const record of versions) {
      this.#bySubject.get(keyOf(record.tenantId, record.subject))?.put(record);
    }
    for (const subject of this.#bySubject.values()) this.#enforce(subject);
    this.#evolution.restore(mappings);
  }
}

function keyOf(tenantId: string, subject: string): string {
  return `${tenantId}/${subject}`;
}

function defaultsOf(tenantId: string, subject: string): SubjectRecord {
  return { tenantId, subject, compatibility: 'BACKWARD', enforcement: 'enforce' };
}

function full(message: string): AllSourceError {
  return new AllSourceError('unprocessable', message);
}

function notFound(message: string): AllSourceError {
  return new AllSourceError('schema_not_found', message);
}
