import { AllSourceError } from '../domain/index.js';
import type { JsonValue, NewEvent, StoredEvent } from '../domain/index.js';
import { Upcasters, checkUpcaster } from '../schemas/index.js';
import type { Upcaster } from '../schemas/index.js';
import { invalid, mappingBytesMax, mappingsMax } from './input.js';
import type { VersionOf } from './enforcement.js';
import { mappingEvent } from './records.js';
import type { MappingRecord, VersionRecord } from './records.js';
import type { Subject } from './subject.js';
import type { MappingInfo, NewMapping } from './types.js';

/** A change, to be put once its event is recorded. */
interface Change<T> {
  readonly event: NewEvent;
  readonly put: () => T;
}

interface EvolutionOptions {
  /** Whose schemas events of a type are checked against. */
  readonly governing: (tenantId: string, eventType: string) => Subject | undefined;
  readonly isValid: (payload: JsonValue, version: VersionOf) => boolean;
}

/** How payloads of older versions become those of newer ones, by tenant. */
export class Evolution {
  readonly #code: readonly Upcaster[];
  readonly #options: EvolutionOptions;
  readonly #byTenant = new Map<string, Upcasters>();
  readonly #mappings = new Map<string, MappingRecord>();

  constructor(code: readonly Upcaster[], options: EvolutionOptions) {
    this.#code = code;
    this.#options = options;
  }

  /** Throws `invalid_configuration` where one that is code is from the same version as a mapping. */
  restore(mappings: readonly MappingRecord[]): void {
    for (const mapping of mappings) {
      this.#mustNotBeCode(mapping);
      this.#upcastersOf(mapping.tenantId).add(upcasterOf(mapping));
      this.#mappings.set(keyOf(mapping), mapping);
    }
  }

  #mustNotBeCode({ tenantId, eventType, fromVersion }: MappingRecord): void {
    const isSame = (one: Upcaster): boolean =>
      one.eventType === eventType && one.fromVersion === fromVersion;
    if (!this.#code.some(isSame)) return;
    throw new AllSourceError(
      'invalid_configuration',
      `upcasters: expected none of ${eventType} from version ${fromVersion}, since tenant ` +
        `${tenantId} has a mapping recorded from there; leave it out, or open the store without ` +
        'it once and delete the mapping (schemas.deleteUpcaster)',
    );
  }

  /** Throws `validation_error`, and `unprocessable` where the tenant has no room for another. */
  prepare(tenantId: string, mapping: NewMapping): Change<MappingInfo> {
    const { eventType, fromVersion, toVersion, operations } = upcasterOf(mapping);
    const info = { eventType, fromVersion, toVersion, operations: operations ?? [] };
    if (Buffer.byteLength(JSON.stringify(info.operations)) > mappingBytesMax) {
      throw invalid('operations', `expected at most ${mappingBytesMax} bytes as JSON`);
    }
    if (this.mappingsOf(tenantId).length >= mappingsMax) {
      const message = `the tenant has ${mappingsMax} mappings, the most; delete one`;
      throw new AllSourceError('unprocessable', message);
    }
    const record = { ...info, tenantId };
    const upcasters = this.#upcastersOf(tenantId);
    // Told before anything is recorded.
    new Upcasters(upcasters.list()).add(upcasterOf(record));
    const put = (): MappingInfo => {
      upcasters.add(upcasterOf(record));
      this.#mappings.set(keyOf(record), record);
      return info;
    };
    return { event: mappingEvent('recorded', record), put };
  }

  /** Throws `schema_not_found`. */
  removal(tenantId: string, eventType: string, fromVersion: number): Change<void> {
    const key = keyOf({ tenantId, eventType, fromVersion });
    const record = this.#mappings.get(key);
    if (record === undefined) {
      const message = `there is no mapping of ${JSON.stringify(eventType)} from version ${fromVersion}`;
      throw new AllSourceError('schema_not_found', message);
    }
    const put = (): void => {
      this.#mappings.delete(key);
      this.#upcastersOf(tenantId).delete(eventType, fromVersion);
    };
    return { event: mappingEvent('deleted', record), put };
  }

  /** By event type and version. */
  mappingsOf(tenantId: string): readonly MappingInfo[] {
    const own = [...this.#mappings.values()].filter((record) => record.tenantId === tenantId);
    own.sort((a, b) => {
      if (a.eventType !== b.eventType) return a.eventType < b.eventType ? -1 : 1;
      return a.fromVersion - b.fromVersion;
    });
    return own.map(({ tenantId: _, ...info }) => info);
  }

  /** What is recorded, as events again. */
  events(): readonly NewEvent[] {
    return [...this.#mappings.values()].map((record) => mappingEvent('recorded', record));
  }

  /** The same event where there is nothing to do. Throws `unprocessable`. */
  upcast(event: StoredEvent): StoredEvent {
    const { tenantId, eventType } = event;
    const upcasters = this.#upcastersOf(tenantId);
    const subject = this.#options.governing(tenantId, eventType);
    const latest = subject?.latest;
    const newest = Math.max(latest?.version ?? 0, upcasters.newestVersion(eventType));
    if (subject === undefined || latest === undefined || isOfSubject(event, subject)) {
      return upcasters.upcast(event, newest);
    }
    if (upcasters.has(eventType, 0))
      return upcasters.upcast({ ...event, schemaVersion: 0 }, newest);
    if (!this.#options.isValid(event.payload, { subject, record: latest }))
      throw unknownVersion(event, latest);
    if (newest === latest.version) return event;
    return upcasters.upcast({ ...event, schemaVersion: latest.version }, newest);
  }

  #upcastersOf(tenantId: string): Upcasters {
    const known = this.#byTenant.get(tenantId);
    if (known !== undefined) return known;
    const upcasters = new Upcasters(this.#code, {
      isCompatible: (eventType, from, to) => this.#isCompatible(tenantId, eventType, { from, to }),
    });
    this.#byTenant.set(tenantId, upcasters);
    return upcasters;
  }

  #isCompatible(
    tenantId: string,
    eventType: string,
    { from, to }: { readonly from: number; readonly to: number },
  ): boolean {
    const subject = this.#options.governing(tenantId, eventType);
    // The versions that are asked about follow each other.
    return subject?.at(from) !== undefined && subject.at(to)?.takesPrevious === true;
  }
}

/** `createdAt` is in whole milliseconds; the time of an event is not. */
const millisecond = 1_000;

/**
 * Whether the version of an event is one of this subject: it was registered before. What was written without
 * one counts as version 1, which it can't be once there was a version 2.
 */
function isOfSubject({ schemaVersion = 0, timestamp }: StoredEvent, subject: Subject): boolean {
  if (schemaVersion > 0) return (subject.at(schemaVersion)?.createdAt ?? Infinity) <= timestamp;
  return timestamp < (subject.at(2)?.createdAt ?? Infinity) + millisecond;
}

function unknownVersion(event: StoredEvent, { subject, version }: VersionRecord): AllSourceError {
  const taken =
    (event.schemaVersion ?? 0) > 0
      ? `was not checked against ${subject} but against another subject`
      : `was taken in unchecked after version 2 of ${subject} was registered`;
  return new AllSourceError(
    'unprocessable',
    `event ${event.id} (${event.eventType}, version ${event.version}): it ${taken}, and is not ` +
      `valid under version ${version}; add an upcaster from version 0`,
  );
}

/** Throws `invalid_configuration` where two are from the same version of a type. */
export function checkedUpcasters(code: readonly Upcaster[]): readonly Upcaster[] {
  const seen = new Set<string>();
  for (const { eventType, fromVersion } of code) {
    const key = `${fromVersion}/${eventType}`;
    if (seen.has(key)) {
      const got = `two of ${eventType} from version ${fromVersion}`;
      const message = `upcasters: expected one from each version, got ${got}; leave one out`;
      throw new AllSourceError('invalid_configuration', message);
    }
    seen.add(key);
  }
  return code;
}

function upcasterOf({ eventType, fromVersion, toVersion, operations }: NewMapping): Upcaster {
  return checkUpcaster({
    ...{ event_type: eventType, from_version: fromVersion, operations },
    ...(toVersion !== undefined && { to_version: toVersion }),
  });
}

function keyOf(record: Pick<MappingRecord, 'tenantId' | 'eventType' | 'fromVersion'>): string {
  return `${record.tenantId}/${record.fromVersion}/${record.eventType}`;
}
