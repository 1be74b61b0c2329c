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
import { RecordedState, WakeUp, readEntries, tenantOf } from '../eventStore/index.js';
import type { RecordEntry, SystemAccess } from '../eventStore/index.js';
import {
  BrokenProjection,
  entryEvent,
  generationsOf,
  keyOfEntry,
} from './managed/brokenProjection.js';
import { checkedRecord } from './managed/checkedRecord.js';
import { checkSuccessor, conflict, isAnother, kindOf } from './managed/successor.js';
import type { Started } from './managed/successor.js';
import { ManagedProjection } from './managedProjection.js';
import { eventOf, lastGeneration, mustBeWhole, recordKey, recordTypes } from './record.js';
import type { ProjectionRecord } from './record.js';
import { reasonOf } from './run/eventFailure.js';
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
  /** Those that this version of the store can't go on with. */
  readonly #broken = new Map<string, BrokenProjection>();
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
      await this.#mend(key);
      const known = this.#byKey.get(key);
      // What is refused leaves the one that runs alone.
      checkName(projection.name);
      const isElsewhere = options.storage !== undefined;
      const started = { projection, tenantId, isElsewhere };
      if (known !== undefined) {
        checkSuccessor(started, known.record);
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
      find: () => this.#broken.get(recordKey({ tenantId, name })) ?? this.#managed(name, tenantId),
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
    if (!this.#broken.has(recordKey({ tenantId, name }))) this.#managed(name, tenantId);
    return this.#handle(name, tenantId);
  }

  /** Whether there is one of a name that is not built in, whether it can go on or not; for replays. */
  async has(name: string, tenantId: string): Promise<boolean> {
    await this.#state.loaded();
    const key = recordKey({ tenantId, name });
    return this.#byKey.has(key) || this.#broken.has(key);
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
    throw notFound(name);
  }

  delete(name: string, options: OfTenant = {}): Promise<void> {
    return this.#state.inTurn(async () => {
      const tenantId = tenantOf(options.tenantId);
      const broken = this.#broken.get(recordKey({ tenantId, name }));
      if (broken !== undefined) return this.#deleteBroken(broken);
      const managed = this.#managed(name, tenantId);
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

  async #deleteBroken({ entry }: BrokenProjection): Promise<void> {
    const { lastPosition: position } = await this.#log.append([entryEvent('deleted', entry)]);
    this.#broken.delete(keyOfEntry(entry));
    this.#generations.set(keyOfEntry(entry), generationsOf({ ...entry, position }));
    this.changes.notify();
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
      for (const { entry } of this.#broken.values()) {
        await this.#log.append([entryEvent('recorded', entry)]);
      }
    });
  }

  /** First position that one that runs still reads; what was dropped already holds nothing up. */
  neededFrom(): number {
    // What belongs to one that is not understood is not known.
    if (this.#broken.size > 0) return this.#log.logBegin;
    const needed = [...this.#byKey.values()].map((managed) => managed.neededFrom());
    return Math.min(...needed.filter((position) => position >= this.#log.logBegin));
  }

  #infos(): ProjectionInfo[] {
    const named = [...this.#byKey, ...this.#broken].sort(([a], [b]) => (a < b ? -1 : 1));
    return named.map(([, one]) => one.describe());
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
    const { kept, deleted } = await readEntries(this.#log, recordTypes);
    for (const entry of deleted) this.#generations.set(keyOfEntry(entry), generationsOf(entry));
    for (const entry of kept) await this.#restoreOrKeep(entry);
  }

  /** One that can't be restored stays as it is, and keeps no other from it. */
  async #restoreOrKeep(entry: RecordEntry): Promise<void> {
    const key = keyOfEntry(entry);
    try {
      await this.#restore(checkedRecord(entry.record));
      this.#broken.delete(key);
    } catch (error) {
      this.#log.mustBeOpen();
      const mend = async (): Promise<ProjectionHandle> => {
        await this.#state.inTurn(() => this.#mend(key));
        const managed = this.#byKey.get(key);
        if (managed !== undefined) return managed;
        throw notFound(key);
      };
      const reason = reasonOf(error);
      this.#broken.set(key, new BrokenProjection({ log: this.#log, entry, reason, mend }));
    }
  }

  /** Within a turn: throws `projection_conflict` where it is still broken. */
  async #mend(key: string): Promise<void> {
    const broken = this.#broken.get(key);
    if (broken === undefined) return;
    await this.#restoreOrKeep(broken.entry);
    const still = this.#broken.get(key);
    if (still !== undefined) throw still.conflict();
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

/** Whether it is data that runs as it is declared; code may be other code each time. */
function isUnchanged(started: Started, known: ManagedProjection): boolean {
  const { projection, isElsewhere } = started;
  if (projection.declaration === null || isElsewhere) return false;
  return known.isSound && !isAnother(started, known.record);
}

function checkName(name: string): void {
  if (!builtInNames.some((builtIn) => builtIn === name)) return;
  throw conflict(`${name} is built in; take another name`);
}

function notFound(name: string): AllSourceError {
  return new AllSourceError(
    'projection_not_found',
    `there is no projection ${JSON.stringify(name)}`,
  );
}
