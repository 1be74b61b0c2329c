import type { JsonValue } from '../domain/index.js';
import type {
  CompatibilityMode,
  JsonSchema,
  MappingOperation,
  SchemaViolation,
  VersionFinding,
} from '../schemas/index.js';

export interface OfTenant {
  readonly tenantId?: string | undefined;
}

export const enforcements = ['enforce', 'warn', 'off'] as const;
/**
 * `enforce`: an event whose payload breaks the schema is refused; `warn`: it is taken in, and counted;
 * `off`: payloads are not looked at.
 */
export type Enforcement = (typeof enforcements)[number];

/** An event type, or a prefix of event types such as `order.*`, and how its schemas are used. */
export interface SubjectInfo {
  readonly subject: string;
  readonly tenantId: string;
  /** The newest version: the one that payloads are checked against. */
  readonly latestVersion: number;
  readonly compatibility: CompatibilityMode;
  readonly enforcement: Enforcement;
  /** Payloads that broke the schema since the store was opened: of events refused, or taken in. */
  readonly violations: ViolationCounts;
}

export interface ViolationCounts {
  readonly refused: number;
  readonly warned: number;
}

/** One version of a subject's schema. */
export interface SchemaInfo {
  readonly id: string;
  readonly subject: string;
  readonly tenantId: string;
  /** From 1; a number is not given twice. */
  readonly version: number;
  readonly schema: JsonSchema;
  readonly description: string | null;
  readonly tags: readonly string[];
  /** Microseconds since 1970-01-01T00:00:00Z. */
  readonly createdAt: number;
  readonly compatibility: CompatibilityMode;
  readonly enforcement: Enforcement;
}

export interface RegisteredSchema extends SchemaInfo {
  /** False where the subject had the same schema already. */
  readonly isNew: boolean;
  /** The one that payloads are checked against: a later one where this was not new. */
  readonly latestVersion: number;
}

export interface RegisterOptions extends OfTenant {
  readonly description?: string | undefined;
  /** Up to 32 texts. */
  readonly tags?: readonly string[] | undefined;
}

export interface VersionOptions extends OfTenant {
  /** Default the newest. */
  readonly version?: number | undefined;
}

export interface Validation {
  readonly valid: boolean;
  /** Empty where it is valid; at most 20. */
  readonly errors: readonly SchemaViolation[];
  readonly schemaVersion: number;
}

export interface CompatibilityCheck {
  readonly compatible: boolean;
  readonly compatibility: CompatibilityMode;
  /** Each with the version that it is against. */
  readonly breakingChanges: readonly VersionFinding[];
}

/** An upcaster that is a mapping, as it is recorded. */
export interface MappingInfo {
  readonly eventType: string;
  /** 0 = events that were written without a schema. */
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly operations: readonly MappingOperation[];
}

export type NewMapping = Omit<MappingInfo, 'toVersion'> & {
  /** Default the next one. */
  readonly toVersion?: number | undefined;
};

/** The schemas of a store: what payloads of which events must be. */
export interface Schemas {
  /**
   * Registers the next version of a subject's schema: JSON Schema draft-07 or 2020-12. From then on it is
   * enforced, unless the subject is set to `warn` or `off`. Rejects with `validation_error`, with
   * `incompatible_schema` where the compatibility mode of the subject forbids the change, and with
   * `unprocessable` where there is no room for another version or subject.
   */
  register(
    subject: string,
    schema: JsonSchema,
    options?: RegisterOptions,
  ): Promise<RegisteredSchema>;
  /** Sorted by subject. */
  list(options?: OfTenant): Promise<readonly SubjectInfo[]>;
  /** Rejects with `schema_not_found`, as all that follow. */
  get(subject: string, options?: VersionOptions): Promise<SchemaInfo>;
  /** Rising. */
  versions(subject: string, options?: OfTenant): Promise<readonly number[]>;
  /** Whether a payload would be taken. */
  validate(subject: string, payload: JsonValue, options?: VersionOptions): Promise<Validation>;
  /**
   * Whether a schema could be registered as the next version; registers nothing. Rejects with
   * `unprocessable` where there is no room for it.
   */
  check(subject: string, schema: JsonSchema, options?: OfTenant): Promise<CompatibilityCheck>;
  setCompatibility(
    subject: string,
    compatibility: CompatibilityMode,
    options?: OfTenant,
  ): Promise<SubjectInfo>;
  setEnforcement(
    subject: string,
    enforcement: Enforcement,
    options?: OfTenant,
  ): Promise<SubjectInfo>;
  /**
   * Takes a version away, or all of them. Events that were checked with it keep its number, which is not
   * given again; the version before it is enforced from then on.
   */
  delete(subject: string, options?: VersionOptions): Promise<void>;
  /**
   * Records how payloads of one version become those of a later one. Rejects with `validation_error`, also
   * where the type has an upcaster from that version, and with `unprocessable` where the tenant has 1 000.
   */
  addUpcaster(mapping: NewMapping, options?: OfTenant): Promise<MappingInfo>;
  /** Those that are mappings, by event type and version. */
  upcasters(options?: OfTenant): Promise<readonly MappingInfo[]>;
  /** Rejects with `schema_not_found` where there is none that is a mapping. */
  deleteUpcaster(eventType: string, fromVersion: number, options?: OfTenant): Promise<void>;
}

/** Those of a store in this process. */
export interface EmbeddedSchemas extends Schemas {
  /** Of all tenants, for `/metrics`. */
  all(): Promise<readonly SubjectInfo[]>;
  /** Of all tenants since the store was opened, subjects that were deleted among them. */
  readonly violations: ViolationCounts;
}
