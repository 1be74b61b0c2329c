import { AllSourceError } from '../domain/index.js';
import type { NewEvent, StoredEvent } from '../domain/index.js';
import {
  Upcasters,
  checkUpcaster,
  compatibilityFindings,
  linearMatcher,
} from '../schemas/index.js';
import type { Upcaster } from '../schemas/index.js';
import { mappingEvent } from './records.js';
import type { MappingRecord, VersionRecord } from './records.js';
import type { Subject } from './subject.js';
import type { MappingInfo, NewMapping } from './types.js';

/** A change, to be put once its event is recorded. */
interface Change<T> {
  readonly event: NewEvent;
  readonly put: () => T;
}

/** How payloads of older versions become those of newer ones, by tenant. */
export class Evolution {
  readonly #code: readonly Upcaster[];
  readonly #governing: (tenantId: string, eventType: string) => Subject | undefined;
  readonly #byTenant = new Map<string, Upcasters>();
  readonly #mappings = new Map<string, MappingRecord>();
  /** By subject: whether payloads of a version are valid under the next one. */
  #compatible = new WeakMap<Subject, Map<number, boolean>>();

  /** Throws `validation_error` where two of the code are from the same version of a type. */
  constructor(
    code: readonly Upcaster[],
    governing: (tenantId: string, eventType: string) => Subject | undefined,
  ) {
    this.#code = code;
    this.#governing = governing;
    this.#upcastersOf('default');
  }

  restore(mappings: readonly MappingRecord[]): void {
    for (const mapping of mappings) {
      this.#upcastersOf(mapping.tenantId).add(upcasterOf(mapping));
      this.#mappings.set(keyOf(mapping), mapping);
    }
  }

  /** Throws `validation_error`. */
  prepare(tenantId: string, mapping: NewMapping): Change<MappingInfo> {
    const { eventType, fromVersion, toVersion, operations } = upcasterOf(mapping);
    const info = { eventType, fromVersion, toVersion, operations: operations ?? [] };
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

  /** Versions of a subject changed. */
  forget(subject: Subject): void {
    this.#compatible.delete(subject);
  }

  upcast(event: StoredEvent): StoredEvent {
    const { tenantId, eventType } = event;
    const upcasters = this.#upcastersOf(tenantId);
    const latest = this.#governing(tenantId, eventType)?.latest?.version ?? 0;
    const version = Math.max(latest, upcasters.newestVersion(eventType));
    return upcasters.upcast(event, version);
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
    const subject = this.#governing(tenantId, eventType);
    const [before, after] = [subject?.at(from), subject?.at(to)];
    if (subject === undefined || before === undefined || after === undefined) return false;
    const known = this.#compatible.get(subject) ?? new Map<number, boolean>();
    this.#compatible.set(subject, known);
    const answer = known.get(from) ?? isContained(before, after);
    known.set(from, answer);
    return answer;
  }
}

function isContained(before: VersionRecord, after: VersionRecord): boolean {
  const options = { matches: linearMatcher() };
  return compatibilityFindings(before.schema, after.schema, options).length === 0;
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
