import { randomUUID } from 'node:crypto';
import { AllSourceError, fieldError } from '../domain/index.js';
import type { ErrorDetail, JsonObject, NewEvent } from '../domain/index.js';
import { RecordedState, readEntries, tenantOf } from '../eventStore/index.js';
import type { RecordEntry, SystemAccess } from '../eventStore/index.js';
import { checkDefinition, definitionToWire } from '../pipelines/index.js';
import type { PipelineDefinition } from '../pipelines/index.js';
import type { WebhookRegistry } from '../webhooks/index.js';
import { BrokenPipeline } from './records/brokenPipeline.js';
import { dryRun } from './dryRun.js';
import { EnrichSources } from './lookups/enrichSources.js';
import { findLoop } from './loops.js';
import { withoutSecrets } from './outputs/outputs.js';
import { describePipeline } from './records/managedPipeline.js';
import type { ManagedPipeline } from './records/managedPipeline.js';
import {
  checkedRecord,
  entryEvent,
  eventOf,
  generationOf,
  keyOf,
  keyOfEntry,
  recordTypes,
} from './records/pipelineRecord.js';
import type { PipelineRecord } from './records/pipelineRecord.js';
import { PipelineRun } from './pipelineRun.js';
import { PipelineStorage } from './pipelineStorage.js';
import { Topics } from './outputs/topics.js';
import type { Projections } from '../projections/index.js';
import { WebhookOutputs } from './outputs/webhookOutputs.js';
import type {
  CreatePipelineOptions,
  CreatedPipeline,
  DroppedEvent,
  EmbeddedPipelines,
  LookupCounts,
  OfTenant,
  PipelineInfo,
  TestedPipeline,
  TopicMessage,
  TopicOptions,
} from './types.js';

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** `GET /api/v1/pipelines/stats` is about all of them. */
const takenId = 'stats';

interface RegistryOptions {
  readonly projections: Projections;
  readonly webhooks: WebhookRegistry;
  readonly allowPrivateLookups: boolean;
  readonly isWritable: boolean;
}

/** The pipelines of a store, by their ids. */
export class PipelineRegistry implements EmbeddedPipelines {
  readonly #log: SystemAccess;
  readonly #sources: EnrichSources;
  readonly #topics: Topics;
  readonly #webhooks: WebhookOutputs;
  readonly #isWritable: boolean;
  readonly #byKey = new Map<string, ManagedPipeline>();
  /** Those that this version of the store can't go on with. */
  readonly #broken = new Map<string, BrokenPipeline>();
  /** Of those that were deleted: one of the same id must not find their state. */
  readonly #generations = new Map<string, number>();
  readonly #state: RecordedState;
  #isClosed = false;
  readonly wire: EmbeddedPipelines['wire'];

  constructor(
    log: SystemAccess,
    { projections, webhooks, allowPrivateLookups, isWritable }: RegistryOptions,
  ) {
    this.#log = log;
    this.#state = new RecordedState(log, () => this.#read());
    this.#sources = new EnrichSources(log, { projections, allowPrivateLookups });
    this.#webhooks = new WebhookOutputs(webhooks);
    this.#isWritable = isWritable;
    this.#topics = new Topics(log);
    this.wire = { follow: this.#topics.followBytes.bind(this.#topics) };
  }

  get lookups(): LookupCounts {
    return this.#sources.http.counts;
  }

  /** They go on; called once when the store was opened. */
  begin(): void {
    this.#state.loaded().catch(() => undefined);
  }

  create(
    input: PipelineDefinition | JsonObject,
    options: CreatePipelineOptions = {},
  ): Promise<CreatedPipeline> {
    return this.#state.inTurn(async () => {
      const definition = checkDefinition(wireOf(input));
      tenantOf(definition.tenantId);
      const { id = randomUUID(), from = 'now' } = options;
      if (typeof id !== 'string' || !idPattern.test(id))
        throw fieldError('validation_error', 'id', 'expected 1-64 letters, digits, ., _ and -');
      if (id === takenId) {
        throw fieldError(
          'validation_error',
          'id',
          "expected another than 'stats', which the HTTP API has for all pipelines",
        );
      }
      if (from !== 'now' && from !== 'beginning') {
        throw fieldError('validation_error', 'from', "expected 'now' or 'beginning'");
      }
      const broken = await this.#mend(keyOf(definition.tenantId, id));
      if (broken !== undefined) {
        throw new AllSourceError('pipeline_exists', broken.error().message);
      }
      const known = this.#byKey.get(keyOf(definition.tenantId, id));
      if (known !== undefined) return this.#same(known, definition);
      this.#check(definition);
      const { tenantId } = definition;
      const record = {
        id,
        tenantId,
        definition: definitionToWire(withoutSecrets(definition)),
        generation: (this.#generations.get(keyOf(tenantId, id)) ?? 0) + 1,
        isPaused: !definition.enabled,
        after: from === 'now' ? this.#log.watermark : this.#log.logBegin - 1,
      };
      const event = eventOf('recorded', record);
      const made = await this.#webhooks.create(record, definition, event);
      const webhooks = made.map(({ name, url, secret }) => ({ name, url, secret }));
      // It is there from now on, and its secrets are not told again.
      const { entityId, payload } = event;
      await this.#restoreOrKeep({ entityId, record: payload, position: this.#log.watermark });
      return { ...this.#describe(keyOf(tenantId, id)), webhooks };
    });
  }

  async list(options: OfTenant = {}): Promise<readonly PipelineInfo[]> {
    const tenantId = tenantOf(options.tenantId);
    return (await this.all()).filter((info) => info.tenantId === tenantId);
  }

  async all(): Promise<readonly PipelineInfo[]> {
    await this.#state.load();
    const keys = [...this.#byKey.keys(), ...this.#broken.keys()].sort();
    return keys.map((key) => this.#describe(key));
  }

  async get(id: string, options: OfTenant = {}): Promise<PipelineInfo> {
    await this.#state.load();
    return this.#describe(keyOf(tenantOf(options.tenantId), id));
  }

  delete(id: string, options: OfTenant = {}): Promise<void> {
    return this.#state.inTurn(async () => {
      const broken = this.#broken.get(keyOf(tenantOf(options.tenantId), id));
      if (broken !== undefined) return this.#deleteBroken(broken);
      const managed = this.#managed(id, options);
      const { record } = managed;
      const event = eventOf('deleted', record);
      await this.#whileStopped(managed, () => this.#webhooks.delete(record, event));
      this.#byKey.delete(keyOf(record.tenantId, id));
      this.#generations.set(keyOf(record.tenantId, id), record.generation);
    });
  }

  async #deleteBroken(broken: BrokenPipeline): Promise<void> {
    const { entry } = broken;
    const key = keyOfEntry(entry);
    await this.#webhooks.delete(broken, entryEvent('deleted', entry));
    this.#broken.delete(key);
    const position = this.#log.watermark;
    this.#generations.set(key, generationOf({ ...entry, position }));
  }

  pause(id: string, options: OfTenant = {}): Promise<PipelineInfo> {
    return this.#change(id, options, (record) => ({ ...record, isPaused: true }));
  }

  resume(id: string, options: OfTenant = {}): Promise<PipelineInfo> {
    return this.#change(id, options, (record) => ({ ...record, isPaused: false }), {
      isMended: true,
    });
  }

  reset(id: string, options: OfTenant = {}): Promise<PipelineInfo> {
    return this.#change(id, options, (record, { position }) => ({
      ...record,
      generation: record.generation + 1,
      after: position,
    }));
  }

  async dropped(id: string, options: OfTenant = {}): Promise<readonly DroppedEvent[]> {
    await this.#state.load();
    return this.#managed(id, options).run.dropped;
  }

  async flush(
    id: string,
    options: OfTenant & { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    await this.#state.load();
    await this.#managed(id, options).run.flush(options.signal);
  }

  async test(
    id: string,
    events: readonly NewEvent[],
    options: OfTenant = {},
  ): Promise<TestedPipeline> {
    await this.#state.load();
    const { definition } = this.#managed(id, options);
    return dryRun(definition, events, this.#sources);
  }

  subscribe(topic: string, options: TopicOptions = {}): AsyncIterable<TopicMessage> {
    return this.#topics.subscribe(topic, options);
  }

  /** Whoever waits for one is told that the store closes. */
  endWaits(): void {
    for (const { run } of this.#byKey.values()) run.endWaits();
  }

  /** Ends all of them; what they have is written. The log must still take appends. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#state.settled();
    await Promise.all([...this.#byKey.values()].map(({ run }) => run.stop()));
    this.#sources.http.close();
  }

  /** Records again what is known, before the log that it is in is dropped. */
  rewrite(): Promise<void> {
    return this.#state.inTurn(async () => {
      for (const managed of [...this.#byKey.values()]) {
        await this.#whileStopped(managed, async () => {
          await managed.storage.rewrite(managed.run.begin);
          await this.#record(managed.record);
        });
      }
      for (const { entry } of this.#broken.values()) {
        await this.#log.append([entryEvent('recorded', entry)]);
      }
    });
  }

  /** First position that one that runs still reads; what was dropped already holds nothing up. */
  neededFrom(): number {
    // What belongs to one that is not understood is not known.
    if (this.#broken.size > 0) return this.#log.logBegin;
    const running = [...this.#byKey.values()].filter(({ record }) => !record.isPaused);
    const needed = running.map(({ run }) => run.begin + 1);
    return Math.min(...needed.filter((position) => position >= this.#log.logBegin));
  }

  #managed(id: string, options: OfTenant): ManagedPipeline {
    const key = keyOf(tenantOf(options.tenantId), id);
    const broken = this.#broken.get(key);
    if (broken !== undefined) throw broken.error();
    const managed = this.#byKey.get(key);
    if (managed !== undefined) return managed;
    throw notFound(id);
  }

  #describe(key: string): PipelineInfo {
    const managed = this.#byKey.get(key);
    if (managed !== undefined) return describePipeline(this.#log, managed);
    const broken = this.#broken.get(key);
    if (broken !== undefined) return broken.describe(this.#log);
    throw notFound(key.slice(key.indexOf('/') + 1));
  }

  async #same(known: ManagedPipeline, wanted: PipelineDefinition): Promise<CreatedPipeline> {
    const { id, definition } = known.record;
    const isSame =
      JSON.stringify(definition) === JSON.stringify(definitionToWire(withoutSecrets(wanted))) &&
      (await this.#webhooks.haveSecretsOf(known.record, wanted));
    if (isSame) return { ...describePipeline(this.#log, known), webhooks: [] };
    const message = `${id}: there is a pipeline of this id with another definition; delete it first`;
    throw new AllSourceError('pipeline_exists', message);
  }

  #check(definition: PipelineDefinition): void {
    const details: ErrorDetail[] = [
      ...this.#webhooks.problemsOf(definition),
      ...this.#sources.problemsOf(definition),
    ];
    const others = [...this.#byKey.values()].map((managed) => managed.definition);
    const loop = findLoop(definition, others);
    if (loop !== undefined) {
      const reason = `its results would come to it again, for ever: ${loop.join(', ')}`;
      details.push({ field: 'source_event_types', reason });
    }
    const [first] = details;
    if (first === undefined) return;
    const message = `${first.field}: ${first.reason}`;
    throw new AllSourceError('validation_error', message, { details });
  }

  #change(
    id: string,
    options: OfTenant,
    change: (record: PipelineRecord, run: PipelineRun) => PipelineRecord,
    { isMended = false }: { readonly isMended?: boolean } = {},
  ): Promise<PipelineInfo> {
    return this.#state.inTurn(async () => {
      // One that is still broken is refused with what is wrong with it.
      if (isMended) await this.#mend(keyOf(tenantOf(options.tenantId), id));
      const managed = this.#managed(id, options);
      const { record, run } = managed;
      const changed = await this.#whileStopped(managed, () => this.#record(change(record, run)));
      return describePipeline(this.#log, changed);
    });
  }

  /** Where the work fails, the pipeline is as it was before. */
  async #whileStopped<T>(managed: ManagedPipeline, work: () => Promise<T>): Promise<T> {
    await managed.run.stop();
    try {
      return await work();
    } catch (error) {
      this.#start(managed);
      throw error;
    }
  }

  /** What can't be opened is not recorded: the pipeline is what the log says, now and after a restart. */
  async #record(record: PipelineRecord): Promise<ManagedPipeline> {
    const managed = await this.#open(record);
    await this.#log.append([eventOf('recorded', record)]);
    return this.#put(managed);
  }

  async #open(record: PipelineRecord): Promise<ManagedPipeline> {
    const definition = checkDefinition(record.definition);
    const { id, tenantId, generation, after } = record;
    const resultTenants = await this.#webhooks.tenantsOf(record, definition);
    const space = { tenantId, id, name: definition.name, generation, resultTenants };
    const storage = new PipelineStorage(this.#log, space);
    const options = { log: this.#log, storage, definition, sources: this.#sources, after };
    const run = await PipelineRun.open(options);
    return { record, definition, storage, run };
  }

  #put(managed: ManagedPipeline): ManagedPipeline {
    const { tenantId, id, generation } = managed.record;
    const before = this.#byKey.get(keyOf(tenantId, id));
    if (before?.record.generation === generation) managed.run.follow(before.run);
    this.#byKey.set(keyOf(tenantId, id), managed);
    this.#start(managed);
    return managed;
  }

  #start({ record, run }: ManagedPipeline): void {
    if (!record.isPaused && this.#isWritable && !this.#isClosed) run.start();
  }

  async #read(): Promise<void> {
    const { kept, deleted } = await readEntries(this.#log, recordTypes);
    for (const entry of deleted) this.#generations.set(keyOfEntry(entry), generationOf(entry));
    for (const entry of kept) await this.#restoreOrKeep(entry);
  }

  /** One that can't be restored stays as it is, and keeps no other from it. */
  async #restoreOrKeep(entry: RecordEntry): Promise<void> {
    const key = keyOfEntry(entry);
    try {
      this.#put(await this.#open(checkedRecord(entry.record)));
      this.#broken.delete(key);
    } catch (error) {
      this.#log.mustBeOpen();
      const reason = error instanceof Error ? error.message : String(error);
      this.#broken.set(key, new BrokenPipeline(entry, reason));
    }
  }

  /** Tries again to go on with one that is broken, within a turn; gives it where it still is. */
  async #mend(key: string): Promise<BrokenPipeline | undefined> {
    const broken = this.#broken.get(key);
    if (broken !== undefined) await this.#restoreOrKeep(broken.entry);
    return this.#broken.get(key);
  }
}

function wireOf(input: PipelineDefinition | JsonObject): unknown {
  // Only a definition has the names of the API.
  return 'sourceEventTypes' in input ? definitionToWire(input as PipelineDefinition) : input;
}

function notFound(id: string): AllSourceError {
  return new AllSourceError('pipeline_not_found', `there is no pipeline ${JSON.stringify(id)}`);
}
