import { schemaSha256 } from '../schemas/index.js';
import type { JsonSchema } from '../schemas/index.js';
import type { SubjectRecord, VersionRecord } from './records.js';
import type { RegisteredSchema, SchemaInfo, SubjectInfo } from './types.js';

/** A subject of a tenant with all its versions. */
export class Subject {
  /** What the gate knows it by. */
  readonly number: number;
  settings: SubjectRecord;
  readonly violations = { refused: 0, warned: 0 };
  /** By number, from 1: those that were deleted, too. */
  readonly #versions: VersionRecord[] = [];

  constructor(number: number, settings: SubjectRecord) {
    this.number = number;
    this.settings = settings;
  }

  /** Also in the place of the record before. */
  put(record: VersionRecord): void {
    this.#versions[record.version - 1] = record;
  }

  /** Those that are used, rising. */
  get versions(): readonly VersionRecord[] {
    return this.#versions.filter(({ isDeleted }) => !isDeleted);
  }
  get latest(): VersionRecord | undefined {
    return this.#versions.findLast(({ isDeleted }) => !isDeleted);
  }
  get all(): readonly VersionRecord[] {
    return this.#versions;
  }
  get nextVersion(): number {
    return this.#versions.length + 1;
  }

  /** The version of a number, also where it was deleted. */
  at(version: number): VersionRecord | undefined {
    return this.#versions[version - 1];
  }

  /** The version that has the same schema; undefined where none has. */
  same(schema: JsonSchema): VersionRecord | undefined {
    const wanted = schemaSha256(schema);
    return this.versions.find(({ sha256 }) => sha256 === wanted);
  }

  info(): SubjectInfo {
    const { subject, tenantId, compatibility, enforcement } = this.settings;
    const latestVersion = this.latest?.version ?? 0;
    const violations = { ...this.violations };
    return { subject, tenantId, latestVersion, compatibility, enforcement, violations };
  }

  schemaInfo(record: VersionRecord): SchemaInfo {
    const { isDeleted: _, sha256: _sha256, takesPrevious: _takes, ...shown } = record;
    const { compatibility, enforcement } = this.settings;
    return { ...shown, compatibility, enforcement };
  }

  registeredSchema(record: VersionRecord, isNew: boolean): RegisteredSchema {
    const { latestVersion } = this.info();
    return { ...this.schemaInfo(record), isNew, latestVersion };
  }
}
