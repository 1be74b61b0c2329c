import { AllSourceError } from '../domain/index.js';
import type { Projection, ProjectionHandle, ProjectionInfo, ProjectionOptions } from './types.js';
import { RecordedState, tenantOf } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { ManagedProjection } from './managedProjection.js';
import {
  lastGeneration,
  deletedType,
  deletionEvent,
  recordEvent,
  recordKey,
  recordOf,
  recordedType,
} from './record.js';
import type { ProjectionRecord } from './record.js';
import { LogStorage } from './storage/logStorage.js';

export interface OfTenant {
  readonly tenantId?: string | undefined;
}

/** The projections of a store. */
export class ProjectionRegistry {
  readonly #log: SystemAccess;
  readonly #storage: LogStorage;
  readonly #byKey = new Map<string, ManagedProjection>();
  /** Of those that were deleted: one of the same name must not find their states. */
  readonly #generations = new Map<string, number>();
  readonly #state = new RecordedState(() => this.#read());

  constructor(log: SystemAccess) {
    this.#log = log;
    this.#storage = new LogStorage(log);
  }

  /**
   * Keeps the states of a projection up to date from now on; goes on where it was. One of a newer version
   * is built beside the one before, which is read until then. Errors: `projection_conflict`.
   */
  start<S>(
    projection: Projection<S>,
    options: ProjectionOptions = {},
  ): Promise<ProjectionHandle<S>> {
    return this.#state.inTurn(async () => {
      const tenantId = tenantOf(options.tenantId);
      const key = recordKey({ tenantId, name: projection.name });
      const known = this.#byKey.get(key);
      await known?.stop();
      const record = await this.#recordFor(projection, tenantId, known?.record);
      const storage = options.storage ?? this.#storage;
      // States were written by this projection, or are built anew.
      const managed = await ManagedProjection.open(
        { log: this.#log, storage, projection: projection as Projection },
        record,
      );
      this.#byKey.set(key, managed);
      managed.start();
      return managed as ProjectionHandle<S>;
    });
  }

  async list(options: OfTenant = {}): Promise<ProjectionInfo[]> {
    await this.#state.load();
    const tenantId = tenantOf(options.tenantId);
    return this.#infos().filter((info) => info.tenantId === tenantId);
  }

  /** Of all tenants, for `/metrics`. */
  async all(): Promise<ProjectionInfo[]> {
    await this.#state.load();
    return this.#infos();
  }

  async get(name: string, options: OfTenant = {}): Promise<ManagedProjection> {
    await this.#state.load();
    const key = recordKey({ tenantId: tenantOf(options.tenantId), name });
    const managed = this.#byKey.get(key);
    if (managed !== undefined) return managed;
    const message = `there is no projection ${JSON.stringify(name)}`;
    throw new AllSourceError('projection_not_found', message);
  }

  delete(name: string, options: OfTenant = {}): Promise<void> {
    return this.#state.inTurn(async () => {
      const managed = await this.get(name, options);
      await managed.stop();
      await this.#log.append([deletionEvent(managed.record)]);
      const key = recordKey(managed.record);
      this.#byKey.delete(key);
      this.#generations.set(key, lastGeneration(managed.record));
    });
  }

  /** Ends all of them; what they have is written. The log must still take appends. */
  async close(): Promise<void> {
    await Promise.all([...this.#byKey.values()].map((managed) => managed.stop()));
  }

  /** Records again what is known, before the log that it is in is dropped. */
  rewrite(): Promise<void> {
    return this.#state.inTurn(async () => {
      for (const managed of this.#byKey.values()) await managed.rewrite();
    });
  }

  #infos(): ProjectionInfo[] {
    const named = [...this.#byKey].sort(([a], [b]) => (a < b ? -1 : 1));
    return named.map(([, managed]) => managed.describe());
  }

  /** The record of a projection that is started, which is written where it is new. */
  async #recordFor(
    projection: Pick<Projection, 'name' | 'version' | 'declaration'>,
    tenantId: string,
    known: ProjectionRecord | undefined,
  ): Promise<ProjectionRecord> {
    const { name, version, declaration } = projection;
    const kind = declaration === null ? 'code' : 'declarative';
    if (known === undefined) {
      const generation = (this.#generations.get(recordKey({ tenantId, name })) ?? 0) + 1;
      const current = { generation, version, selection: null };
      const first = { tenantId, name, kind, declaration, isPaused: false, building: null } as const;
      return this.#write({ ...first, current });
    }
    const newest = known.building?.version ?? known.current.version;
    if (known.kind !== kind || version < newest) throw conflict(known, { kind, version });
    if (version === newest) return known;
    const building = { generation: lastGeneration(known) + 1, version, selection: null };
    return this.#write({ ...known, declaration, building });
  }

  async #write(record: ProjectionRecord): Promise<ProjectionRecord> {
    await this.#log.append([recordEvent(record)]);
    return record;
  }

  async #read(): Promise<void> {
    const records = new Map<string, { record: ProjectionRecord; position: number }>();
    for await (const event of this.#log.read({ eventType: recordedType })) {
      const record = recordOf(event);
      records.set(recordKey(record), { record, position: event.position });
    }
    for await (const event of this.#log.read({ eventType: deletedType })) {
      const record = recordOf(event);
      const key = recordKey(record);
      this.#generations.set(key, lastGeneration(record));
      if ((records.get(key)?.position ?? 0) < event.position) records.delete(key);
    }
    for (const { record } of records.values()) {
      const options = { log: this.#log, storage: this.#storage, projection: undefined };
      this.#byKey.set(recordKey(record), await ManagedProjection.open(options, record));
    }
  }
}

function conflict(
  known: ProjectionRecord,
  { kind, version }: { readonly kind: string; readonly version: number },
): AllSourceError {
  const newest = known.building?.version ?? known.current.version;
  return new AllSourceError(
    'projection_conflict',
    `projection ${known.name}: there is one of this name, ${known.kind}, version ${newest}; ` +
      `this one is ${kind}, version ${version}; take another name or a higher version`,
  );
}
