import { randomUUID } from 'node:crypto';
import { AllSourceError } from '../domain/index.js';
import type { ErrorDetail, JsonObject, NewEvent } from '../domain/index.js';
import { RecordedState, readRecords, recordEvent, tenantOf } from '../eventStore/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import { checkDefinition, definitionToWire } from '../pipelines/index.js';
import type { PipelineDefinition } from '../pipelines/index.js';
import type { WebhookRegistry } from '../webhooks/index.js';
import { dryRun } from './dryRun.js';
import { EnrichSources } from './lookups/enrichSources.js';
import { findLoop } from './loops.js';
import { withoutSecrets } from './outputs/outputs.js';
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

const recordTypes = { recorded: 'pipeline.recorded', deleted: 'pipeline.deleted' };
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** `GET /api/v1/pipelines/stats` is about all of them. */
const takenId = 'stats';

/** What the log has of a pipeline beside its state. */
interface PipelineRecord {
  readonly id: string;
  readonly tenantId: string;
  /** In the wire names. */
  readonly definition: JsonObject;
  /** Number of its lives: a reset begins another one. */
  readonly generation: number;
  readonly isPaused: boolean;
  /** Behind which this life begins. */
  readonly after: number;
}

interface RegistryOptions {
  readonly projections: Projections;
  readonly webhooks: WebhookRegistry;
  readonly allowPrivateLookups: boolean;
  readonly isWritable: boolean;
}

interface ManagedPipeline {
  readonly record: PipelineRecord;
  readonly definition: PipelineDefinition;
  readonly storage: PipelineStorage;
  readonly run: PipelineRun;
}

/** The pipelines of a store, by their ids. */
export class PipelineRegistry implements EmbeddedPipelines {
  readonly #log: SystemAccess;
  readonly #sources: EnrichSources;
  readonly #topics: Topics;
  readonly #webhooks: WebhookOutputs;
  readonly #isWritable: boolean;
  readonly #byKey = new Map<string, ManagedPipeline>();
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
        throw invalid('id', 'expected 1-64 letters, digits, ., _ and -');
      if (id === takenId) {
        throw invalid(
          'id',
          "expected another than 'stats', which the HTTP API has for all pipelines",
        );
      }
      if (from !== 'now' && from !== 'beginning') {
        throw invalid('from', "expected 'now' or 'beginning'");
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
      return { ...describe(this.#log, this.#put(await this.#open(record))), webhooks };
    });
  }

  async list(options: OfTenant = {}): Promise<readonly PipelineInfo[]> {
    const tenantId = tenantOf(options.tenantId);
    return (await this.all()).filter((info) => info.tenantId === tenantId);
  }

  async all(): Promise<readonly PipelineInfo[]> {
    await this.#state.load();
    const keyed = [...this.#byKey].sort(([a], [b]) => (a < b ? -1 : 1));
    return keyed.map(([, managed]) => describe(this.#log, managed));
  }

  async get(id: string, options: OfTenant = {}): Promise<PipelineInfo> {
    await this.#state.load();
    return describe(this.#log, this.#managed(id, options));
  }

  delete(id: string, options: OfTenant = {}): Promise<void> {
    return this.#state.inTurn(async () => {
      const managed = this.#managed(id, options);
      const { record } = managed;
      const event = eventOf('deleted', record);
      await this.#whileStopped(managed, () => this.#webhooks.delete(record, event));
      this.#byKey.delete(keyOf(record.tenantId, id));
      this.#generations.set(keyOf(record.tenantId, id), record.generation);
    });
  }

  pause(id: string, options: OfTenant = {}): Promise<PipelineInfo> {
    return this.#change(id, options, (record) => ({ ...record, isPaused: true }));
  }

  resume(id: string, options: OfTenant = {}): Promise<PipelineInfo> {
    return this.#change(id, options, (record) => ({ ...record, isPaused: false }));
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
    });
  }

  /** First position that one that runs still reads; what was dropped already holds nothing up. */
  neededFrom(): number {
    const running = [...this.#byKey.values()].filter(({ record }) => !record.isPaused);
    const needed = running.map(({ run }) => run.begin + 1);
    return Math.min(...needed.filter((position) => position >= this.#log.logBegin));
  }

  #managed(id: string, options: OfTenant): ManagedPipeline {
    const managed = this.#byKey.get(keyOf(tenantOf(options.tenantId), id));
    if (managed !== undefined) return managed;
    const message = `there is no pipeline ${JSON.stringify(id)}`;
    throw new AllSourceError('pipeline_not_found', message);
  }

  async #same(known: ManagedPipeline, wanted: PipelineDefinition): Promise<CreatedPipeline> {
    const { id, definition } = known.record;
    const isSame =
      JSON.stringify(definition) === JSON.stringify(definitionToWire(withoutSecrets(wanted))) &&
      (await this.#webhooks.haveSecretsOf(known.record, wanted));
    if (isSame) return { ...describe(this.#log, known), webhooks: [] };
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
  ): Promise<PipelineInfo> {
    return this.#state.inTurn(async () => {
      const managed = this.#managed(id, options);
      const { record, run } = managed;
      const changed = await this.#whileStopped(managed, () => this.#record(change(record, run)));
      return describe(this.#log, changed);
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
    const { kept, deleted } = await readRecords<PipelineRecord>(this.#log, recordTypes);
    for (const { tenantId, id, generation } of deleted) {
      this.#generations.set(keyOf(tenantId, id), generation);
    }
    for (const record of kept) this.#put(await this.#open(record));
  }
}

function describe(log: SystemAccess, { record, definition, run }: ManagedPipeline): PipelineInfo {
  const { position, failure } = run;
  return {
    id: record.id,
    tenantId: record.tenantId,
    name: definition.name,
    status: record.isPaused ? 'paused' : failure === null ? 'running' : 'failed',
    // As it is now, and not as it was made.
    definition: { ...definition, enabled: !record.isPaused },
    position,
    lag: Math.max(log.watermark - position, 0),
    statistics: run.statistics,
    lastProcessed: run.lastProcessed,
    failure,
  };
}

function wireOf(input: PipelineDefinition | JsonObject): unknown {
  // Only a definition has the names of the API.
  return 'sourceEventTypes' in input ? definitionToWire(input as PipelineDefinition) : input;
}

function keyOf(tenantId: string, id: string): string {
  return `${tenantId}/${id}`;
}

function eventOf(kind: keyof typeof recordTypes, record: PipelineRecord): NewEvent {
  const entityId = `pipeline/${keyOf(record.tenantId, record.id)}`;
  return recordEvent(recordTypes[kind], entityId, record);
}

function invalid(field: string, reason: string): AllSourceError {
  return new AllSourceError('validation_error', `${field}: ${reason}`, {
    details: [{ field, reason }],
  });
}
