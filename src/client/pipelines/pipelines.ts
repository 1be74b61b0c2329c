import type { JsonObject, NewEvent } from '../../domain/index.js';
import type {
  CreatePipelineOptions,
  CreatedPipeline,
  DroppedEvent,
  OfTenant,
  PipelineInfo,
  Pipelines,
  TestedPipeline,
  TopicMessage,
  TopicOptions,
} from '../../pipelineRuns/index.js';
import type { PipelineDefinition } from '../../pipelines/index.js';
import { toWireEvent } from '../appends.js';
import type { Connection } from '../connection.js';
import { Resource } from '../delivery/resource.js';
import { makeEventId } from '../eventId.js';
import { badOption, checkNames, optionTables, toQuery } from '../wire/parameters.js';
import { toWireDefinition } from '../wire/state/pipelineDefinitions.js';
import {
  type WirePipeline,
  type WireTestedPipeline,
  toPipeline,
  toTested,
} from '../wire/state/pipelineDocuments.js';
import { subscribeTopic } from './topics.js';

const path = '/api/v1/pipelines';
const optionNames: ReadonlySet<string> = new Set(['id', 'from']);

/** Pipelines of a server's store, which run there. */
export class RemotePipelines implements Pipelines {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async create(
    definition: PipelineDefinition | JsonObject,
    options: CreatePipelineOptions = {},
  ): Promise<CreatedPipeline> {
    checkNames(options, optionNames, { code: 'validation_error' });
    const wire = toWireDefinition(definition);
    for (const name of optionNames) {
      if (!Object.hasOwn(wire, name)) continue;
      const reason = 'not a field of a pipeline; give it in the options';
      throw badOption(name, reason, 'validation_error');
    }
    // With an id of this call a second attempt finds what the first one made.
    const { id = makeEventId(), from } = options;
    const request = { body: { ...wire, id, from }, isRepeatable: true };
    const made = await this.#connection.post<Partial<CreatedPipeline>>(path, request);
    const tenantId = wire['tenant_id'];
    const ofTenant = { tenantId: typeof tenantId === 'string' ? tenantId : undefined };
    return { ...(await this.get(id, ofTenant)), webhooks: made.webhooks ?? [] };
  }

  async list(options: OfTenant = {}): Promise<readonly PipelineInfo[]> {
    const query = toQuery(options, optionTables.tenant);
    const request = { path, query, isRepeatable: true };
    const list = await this.#connection.json<{ pipelines: WirePipeline[] }>(request);
    return list.pipelines.map(toPipeline);
  }

  async get(id: string, options?: OfTenant): Promise<PipelineInfo> {
    return toPipeline(await this.#named(id, options).get());
  }

  async delete(id: string, options?: OfTenant): Promise<void> {
    await this.#named(id, options).delete();
  }

  async pause(id: string, options?: OfTenant): Promise<PipelineInfo> {
    return toPipeline(await this.#named(id, options).post('/pause'));
  }

  async resume(id: string, options?: OfTenant): Promise<PipelineInfo> {
    return toPipeline(await this.#named(id, options).post('/resume'));
  }

  async reset(id: string, options?: OfTenant): Promise<PipelineInfo> {
    const pipeline = this.#named(id, options);
    await pipeline.put('/reset');
    return toPipeline(await pipeline.get());
  }

  async dropped(id: string, options?: OfTenant): Promise<readonly DroppedEvent[]> {
    const answer = await this.#named(id, options).get<{ dropped: DroppedEvent[] }>('/dropped');
    return answer.dropped;
  }

  async test(id: string, events: readonly NewEvent[], options?: OfTenant): Promise<TestedPipeline> {
    const body = { events: events.map((event, i) => toWireEvent(event, `events[${i}]`)) };
    return toTested(await this.#named(id, options).post<WireTestedPipeline>('/test', body));
  }

  subscribe(topic: string, options: TopicOptions = {}): AsyncIterable<TopicMessage> {
    return subscribeTopic(this.#connection, topic, options);
  }

  #named(id: string, options: OfTenant = {}): Resource {
    return new Resource(this.#connection, path, id, options);
  }
}
