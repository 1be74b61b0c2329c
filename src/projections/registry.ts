import { AllSourceError } from '../domain/index.js';
import type { JsonObject } from '../domain/index.js';
import { declaredProjection } from './declarative.js';
import type { ProjectionDeclaration } from './declarative.js';
import { BuiltInProjection, builtInNames } from './builtIn.js';
import type { BuiltInName } from './builtIn.js';
import type {
  EmbeddedProjections,
  OfTenant,
  Projection,
  ProjectionHandle,
  ProjectionInfo,
  ProjectionOptions,
} from './types.js';
import { RecordedState, WakeUp, readRecords, tenantOf } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { ManagedProjection } from './managedProjection.js';
import {
  eventOf,
  isKeptElsewhere,
  lastGeneration,
  mustBeWhole,
  recordKey,
  recordTypes,
} from './record.js';
import type { GenerationRecord, ProjectionRecord } from './record.js';
import { NamedProjection } from './namedProjection.js';
import { LogStorage } from './storage/logStorage.js';
import { placedStorage } from './storage/placedStorage.js';
import type { ProjectionStorage } from './storage/types.js';

/** The projections of a store. */
export class ProjectionRegistry implements EmbeddedProjections {
  readonly #log: SystemAccess;
  readonly #storage: LogStorage;
  readonly #isWritable: boolean;
  readonly #byKey = new Map<string, ManagedProjection>();
  /** Of those that were deleted: one of the same name must not find their states. */
  readonly #generations = new Map<string, number>();
  readonly #state: RecordedState;
  /** Told of whenever a projection is started, deleted, or its record changes. */
  readonly changes = new WakeUp();

  constructor(log: SystemAccess, { isWritable }: { readonly isWritable: boolean }) {
    this.#log = log;
    this.#state = new RecordedState(log, () => this.#read());
    this.#isWritable = isWritable;
    this.#storage = new LogStorage(log);
  }

  start<S>(
    projection: Projection<S>,
    options: ProjectionOptions = {},
  ): Promise<ProjectionHandle<S>> {
    // States were written by this projection, or are built anew.
    return this.#start(projection, options) as Promise<ProjectionHandle<S>>;
  }

  /** Rejects with what is wrong, and never throws. */
  async declare(
    declaration: ProjectionDeclaration,
    options: OfTenant = {},
  ): Promise<ProjectionHandle<JsonObject>> {
    const { tenantId } = options;
    return this.start<JsonObject>(declaredProjection(declaration), { tenantId });
  }

  /** Those that are data go on; called once when the store was opened. */
  begin(): void {
    this.#state.loaded().catch(() => undefined);
  }

  #start(projection: Projection, options: ProjectionOptions): Promise<ProjectionHandle> {
    return this.#state.inTurn(async () => {
      const tenantId = tenantOf(options.tenantId);
      const key = recordKey({ tenantId, name: projection.name });
      const known = this.#byKey.get(key);
      // What is refused leaves the one that runs alone.
      checkName(projection.name);
      const isElsewhere = options.storage !== undefined;
      const started = { projection, tenantId, isElsewhere };
      if (known !== undefined) {
        checkSuccessor(projection, known.record, isElsewhere);
        if (isAnother(started, known.record)) mustBeWhole(projection.name, this.#log);
      }
      if (known === undefined || !isUnchanged(started, known)) {
        await this.#replace(known, started, options.storage);
      }
      return this.#handle(projection.name, tenantId);
    });
  }

  /** Starts a projection in the place of the one that is known, which goes on where that fails. */
  async #replace(
    known: ManagedProjection | undefined,
    started: Started,
    storage: ProjectionStorage | undefined,
  ): Promise<void> {
    await known?.retire();
    try {
      const record = this.#recordFor(started, known?.record);
      // What can't be opened is not recorded: a restart would find it.
      const managed = await this.#open(record, started.projection, storage);
      if (record !== known?.record) await this.#log.append([eventOf('recorded', record)]);
      this.#put(managed);
    } catch (error) {
      await known?.revive();
      throw error;
    }
  }

  #handle(name: string, tenantId: string): ProjectionHandle {
    return new NamedProjection(name, {
      mustBeOpen: () => this.#log.mustBeOpen(),
      find: () => this.#managed(name, tenantId),
    });
  }

  async list(options: OfTenant = {}): Promise<ProjectionInfo[]> {
    await this.#state.load();
    const tenantId = tenantOf(options.tenantId);
    const own = this.#infos().filter((info) => info.tenantId === tenantId);
    const builtIn = builtInNames.map((name) => this.#builtIn(name, tenantId).describe());
    return [...builtIn, ...own];
  }

  /** Of all tenants, for `/metrics`. */
  async all(): Promise<ProjectionInfo[]> {
    await this.#state.load();
    return this.#infos();
  }

  async get(name: string, options: OfTenant = {}): Promise<ProjectionHandle> {
    await this.#state.load();
    const tenantId = tenantOf(options.tenantId);
    const builtIn = builtInNames.find((known) => known === name);
    if (builtIn !== undefined) return this.#builtIn(builtIn, tenantId);
    this.#managed(name, tenantId);
    return this.#handle(name, tenantId);
  }

  #builtIn(name: BuiltInName, tenantId: string): BuiltInProjection {
    return new BuiltInProjection(this.#log, name, tenantId);
  }

  /** Those of a tenant that are not built in, for replays. */
  async managed(tenantId: string): Promise<readonly ManagedProjection[]> {
    await this.#state.loaded();
    const ofTenant = () =>
      [...this.#byKey.values()].filter(({ record }) => record.tenantId === tenantId);
    // One that is being started again is found as what it becomes.
    if (ofTenant().some(({ isRetired }) => isRetired)) await this.#state.settled();
    return ofTenant();
  }

  /**
   * Those of a tenant that build states for a replay go back to those before. None is started again
   * meanwhile: what takes its place would go on with the build.
   */
  cancelReplay(id: string, tenantId: string): Promise<void> {
    return this.#state.inTurn(async () => {
      const ofTenant = [...this.#byKey.values()].filter(
        ({ record }) => record.tenantId === tenantId,
      );
      for (const managed of ofTenant) await managed.cancelReplay(id);
    });
  }

  #managed(name: string, tenantId: string): ManagedProjection {
    const managed = this.#byKey.get(recordKey({ tenantId, name }));
    if (managed !== undefined) return managed;
    const message = `there is no projection ${JSON.stringify(name)}`;
    throw new AllSourceError('projection_not_found', message);
  }

  delete(name: string, options: OfTenant = {}): Promise<void> {
    return this.#state.inTurn(async () => {
      const managed = this.#managed(name, tenantOf(options.tenantId));
      await managed.retire();
      try {
        await managed.drop();
        await this.#log.append([eventOf('deleted', managed.record)]);
      } catch (error) {
        await managed.revive();
        throw error;
      }
      const key = recordKey(managed.record);
      this.#byKey.delete(key);
      this.#generations.set(key, lastGeneration(managed.record));
      this.changes.notify();
    });
  }

  /** Whoever waits for one is told that the store closes. */
  endWaits(): void {
    for (const managed of this.#byKey.values()) managed.endWaits();
  }

  /** Ends all of them; what they have is written. The log must still take appends. */
  async close(): Promise<void> {
    await this.#state.settled();
    await Promise.all([...this.#byKey.values()].map((managed) => managed.stop()));
  }

  /** Records again what is known, before the log that it is in is dropped. */
  rewrite(): Promise<void> {
    return this.#state.inTurn(async () => {
      for (const managed of this.#byKey.values()) await managed.rewrite();
    });
  }

  /** First position that one that runs still reads; what was dropped already holds nothing up. */
  neededFrom(): number {
    const needed = [...this.#byKey.values()].map((managed) => managed.neededFrom());
    return Math.min(...needed.filter((position) => position >= this.#log.logBegin));
  }

  #infos(): ProjectionInfo[] {
    const named = [...this.#byKey].sort(([a], [b]) => (a < b ? -1 : 1));
    return named.map(([, managed]) => managed.describe());
  }

  /** What is to be recorded of a projection that is started; what is known where that says it. */
  #recordFor(
    { projection, tenantId, isElsewhere }: Started,
    known: ProjectionRecord | undefined,
  ): ProjectionRecord {
    const { name, version, declaration } = projection;
    if (known === undefined) {
      const kind = kindOf(projection);
      const generation = (this.#generations.get(recordKey({ tenantId, name })) ?? 0) + 1;
      const after = this.#log.logBegin - 1;
      const current = { generation, version, isElsewhere, after };
      const first = { tenantId, name, kind, declaration, isPaused: false, building: null } as const;
      return { ...first, current };
    }
    if (!isAnother({ projection, isElsewhere }, known)) return known;
    const building = { generation: lastGeneration(known) + 1, version, isElsewhere };
    return { ...known, declaration, building };
  }

  #open(
    record: ProjectionRecord,
    projection: Projection | undefined,
    given?: ProjectionStorage,
  ): Promise<ManagedProjection> {
    const generations = [record.current, record.building];
    const storage = placedStorage({ log: this.#storage, given, generations });
    const isElsewhere = given !== undefined;
    const place = { log: this.#log, storage, isElsewhere, isWritable: this.#isWritable };
    const onChange = (): void => this.changes.notify();
    return ManagedProjection.open({ ...place, projection, onChange }, record);
  }

  #put(managed: ManagedProjection): void {
    this.#byKey.set(recordKey(managed.record), managed);
    managed.start();
    this.changes.notify();
  }

  async #read(): Promise<void> {
    const { kept, deleted } = await readRecords<ProjectionRecord>(this.#log, recordTypes);
    for (const record of deleted) this.#generations.set(recordKey(record), lastGeneration(record));
    for (const record of kept) await this.#restore(record);
  }

  async #restore(record: ProjectionRecord): Promise<void> {
    // What is data was checked when it was declared.
    const projection =
      record.kind === 'code'
        ? undefined
        : (declaredProjection(
            record.declaration as unknown as ProjectionDeclaration,
          ) as Projection);
    this.#put(await this.#open(record, projection));
  }
}

interface Started {
  readonly projection: Projection;
  readonly tenantId: string;
  readonly isElsewhere: boolean;
}

/** Whether its states are not those that there are: they are built. */
function isAnother(
  { projection, isElsewhere }: Pick<Started, 'projection' | 'isElsewhere'>,
  known: ProjectionRecord,
): boolean {
  const newest = newestOf(known);
  return projection.version !== newest.version || isElsewhere !== isKeptElsewhere(newest);
}

/** Whether it is data that runs as it is declared; code may be other code each time. */
function isUnchanged(started: Started, known: ManagedProjection): boolean {
  const { projection, isElsewhere } = started;
  if (projection.declaration === null || isElsewhere) return false;
  return known.isSound && !isAnother(started, known.record);
}

function kindOf({ declaration }: Projection): 'code' | 'declarative' {
  return declaration === null ? 'code' : 'declarative';
}

function newestOf({ building, current }: ProjectionRecord): GenerationRecord {
  return building ?? current;
}

function checkName(name: string): void {
  if (!builtInNames.some((builtIn) => builtIn === name)) return;
  throw conflict(`${name} is built in; take another name`);
}

/** Whether one may be started in the place of another: the same one, or a newer version of it. */
function checkSuccessor(started: Projection, known: ProjectionRecord, isElsewhere: boolean): void {
  const { version, declaration } = started;
  const newest = newestOf(known);
  const isSame = JSON.stringify(declaration) === JSON.stringify(known.declaration);
  const isRight = version > newest.version || (version === newest.version && isSame);
  const what = `projection ${known.name}`;
  if (kindOf(started) !== known.kind || !isRight) {
    throw conflict(
      `${what}: there is one of this name, ${known.kind}, version ${newest.version}; this one is another, ` +
        `${kindOf(started)}, version ${version}; take another name or a higher version`,
    );
  }
  if (version > newest.version || isElsewhere || !isKeptElsewhere(newest)) return;
  throw conflict(
    `${what}: its states are kept in a storage of their own; start it with that storage, or with a higher ` +
      'version to have them in the log',
  );
}

function conflict(message: string): AllSourceError {
  return new AllSourceError('projection_conflict', message);
}
