import { AllSourceError, Failure } from '../../domain/index.js';
import type { JsonValue, StoredEvent } from '../../domain/index.js';
import type { MappingOperation } from './mapping.js';
import { extentOf } from './payloadExtent.js';
import type { Upcaster } from './upcaster.js';

/** Members that the operations of one upcast copy at most: each may copy the objects on its path. */
export const upcastStepsMax = 1_000_000;

/** An event with the version of the schema that its payload was checked against; 0 or left out: none. */
export type VersionedEvent = StoredEvent & { readonly schemaVersion?: number | undefined };

export interface UpcastersOptions {
  /**
   * Whether payloads of a version are valid under the next one as they are, so that no upcaster is needed
   * between the two. Default: never.
   */
  readonly isCompatible?:
    ((eventType: string, fromVersion: number, toVersion: number) => boolean) | undefined;
}

/** Upcasters by event type and version, at most one from each version. */
export class Upcasters {
  readonly #ofType = new Map<string, Map<number, Upcaster>>();
  readonly #isCompatible: NonNullable<UpcastersOptions['isCompatible']>;

  /** Throws `validation_error` where two are from the same version of a type. */
  constructor(upcasters: Iterable<Upcaster> = [], options: UpcastersOptions = {}) {
    this.#isCompatible = options.isCompatible ?? (() => false);
    for (const upcaster of upcasters) this.add(upcaster);
  }

  /** Throws `validation_error` where there is one from this version of the type. */
  add(upcaster: Upcaster): void {
    const { eventType, fromVersion } = upcaster;
    const ofType = this.#ofType.get(eventType) ?? new Map<number, Upcaster>();
    const other = ofType.get(fromVersion);
    if (other !== undefined) {
      const reason =
        `expected a version without an upcaster, got ${fromVersion}, from which one of ` +
        `${eventType} goes to version ${other.toVersion}; delete it first`;
      throw new AllSourceError('validation_error', `from_version: ${reason}`, {
        details: [{ field: 'from_version', reason }],
      });
    }
    this.#ofType.set(eventType, ofType.set(fromVersion, upcaster));
  }

  /** Whether there was one. */
  delete(eventType: string, fromVersion: number): boolean {
    return this.#ofType.get(eventType)?.delete(fromVersion) ?? false;
  }

  has(eventType: string, fromVersion: number): boolean {
    return this.#ofType.get(eventType)?.has(fromVersion) ?? false;
  }

  /** By event type and version. */
  list(): readonly Upcaster[] {
    return [...this.#ofType.values()].flatMap((ofType) => [...ofType.values()]).sort(byPlace);
  }

  /** The highest version that an upcaster of the type gives; 0 where it has none. */
  newestVersion(eventType: string): number {
    const upcasters = this.#ofType.get(eventType)?.values() ?? [];
    return [...upcasters].reduce((newest, { toVersion }) => Math.max(newest, toVersion), 0);
  }

  /**
   * The upcasters that lead from a version to a later one, in their order. Throws `unprocessable` where
   * one is missing.
   */
  chain(eventType: string, fromVersion: number, toVersion: number): readonly Upcaster[] {
    const ofType = this.#ofType.get(eventType);
    const chain: Upcaster[] = [];
    let version = fromVersion;
    while (version < toVersion) {
      const upcaster = ofType?.get(version);
      if (upcaster !== undefined && upcaster.toVersion <= toVersion) {
        chain.push(upcaster);
        version = upcaster.toVersion;
      } else if (this.#isCompatible(eventType, version, version + 1)) {
        version += 1;
      } else {
        throw gap(eventType, version, upcaster === undefined ? version + 1 : toVersion);
      }
    }
    return chain;
  }

  /**
   * An event with the payload of a version of its schema, by default the newest one that upcasters give;
   * the event that is given stays as it is, and is given back where there is nothing to do. Events that
   * were written without a schema go from version 0 where an upcaster does, and else count as version 1.
   * Throws `unprocessable`, which names the event, where an upcaster is missing or fails.
   */
  upcast<E extends VersionedEvent>(
    event: E,
    toVersion: number = this.newestVersion(event.eventType),
  ): E & { readonly schemaVersion?: number | undefined } {
    const version = this.#versionOf(event);
    if (version >= toVersion) return event;
    let { payload } = event;
    let steps = 0;
    for (const upcaster of this.#chainOf(event, version, toVersion)) {
      try {
        steps += stepsOf(upcaster, payload);
        if (steps > upcastStepsMax) throw new Error(`takes more than ${upcastStepsMax} steps`);
        payload = upcaster.up(payload);
      } catch (cause) {
        const { fromVersion, toVersion: to } = upcaster;
        throw failure(event, `upcaster from version ${fromVersion} to ${to}`, cause);
      }
    }
    return { ...event, payload, schemaVersion: toVersion };
  }

  #versionOf({ eventType, schemaVersion = 0 }: VersionedEvent): number {
    if (schemaVersion > 0) return schemaVersion;
    return this.has(eventType, 0) ? 0 : 1;
  }

  #chainOf(event: VersionedEvent, version: number, toVersion: number): readonly Upcaster[] {
    try {
      return this.chain(event.eventType, version, toVersion);
    } catch (cause) {
      throw failure(event, `schema version ${event.schemaVersion ?? 0}`, cause);
    }
  }
}

/** At most. */
function stepsOf({ operations }: Upcaster, payload: JsonValue): number {
  if (operations === null) return 0;
  const extent = extentOf(payload);
  if (extent instanceof Failure) throw new Error(extent.reason);
  return operations.reduce((sum, one) => sum + namesOf(one) * extent.width, 0);
}

function namesOf(operation: MappingOperation): number {
  if ('path' in operation) return operation.path.split('.').length;
  return `${operation.from}.${operation.to}`.split('.').length;
}

function byPlace(a: Upcaster, b: Upcaster): number {
  if (a.eventType !== b.eventType) return a.eventType < b.eventType ? -1 : 1;
  return a.fromVersion - b.fromVersion;
}

function gap(eventType: string, fromVersion: number, toVersion: number): AllSourceError {
  return new AllSourceError(
    'unprocessable',
    `no upcaster of ${eventType} from version ${fromVersion} to ${toVersion}; define one`,
  );
}

function failure(event: VersionedEvent, where: string, cause: unknown): AllSourceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const which = `event ${event.id} (${event.eventType}, version ${event.version})`;
  return new AllSourceError('unprocessable', `${which}: ${where}: ${reason}`, { cause });
}
