import { createHash } from 'node:crypto';
import { systemTenant } from '../domain/index.js';
import type { JsonValue } from '../domain/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import type { Emission, StateChange, StateEntry } from '../pipelines/index.js';

const stateType = 'pipeline.state';
const removedType = 'pipeline.removed';
const cursorType = 'pipeline.cursor';
const messageType = 'topic.message';
const pageKeys = 1000;

/** One life of a pipeline: a reset begins another one. */
export interface PipelineSpace {
  readonly tenantId: string;
  readonly id: string;
  readonly name: string;
  readonly generation: number;
}

export interface Checkpoint {
  readonly emissions: readonly Emission[];
  readonly changes: readonly StateChange[];
  /** All events up to here were processed. */
  readonly position: number;
}

/** Where and when a checkpoint was written: what lies before it in the log is not younger. */
export interface CommitMark {
  readonly position: number;
  readonly timestamp: number;
}

interface KeptEntry {
  readonly key: string;
  readonly value: JsonValue;
}

/**
 * Keeps pipelines in the log of the store: what comes out, what changed of the state, and the position are
 * one append, which is atomic.
 */
export class PipelineStorage {
  readonly #log: SystemAccess;

  constructor(log: SystemAccess) {
    this.#log = log;
  }

  async position(space: PipelineSpace): Promise<number | undefined> {
    const cursor = await this.#log.newest({ tenantId: systemTenant, entityId: cursorOf(space) });
    // Only `commit` writes these events.
    return (cursor?.payload as { readonly position: number } | undefined)?.position;
  }

  async state(space: PipelineSpace): Promise<StateEntry[]> {
    const tenantId = stateTenantOf(space);
    const entries: StateEntry[] = [];
    for (let firstPosition = 1; firstPosition !== 0;) {
      const page = { prefix: '', firstPosition, limit: pageKeys };
      const { items, nextPosition } = this.#log.namesOf(tenantId, page);
      for (const { entityId } of items) {
        const event = await this.#log.newest({ tenantId, entityId });
        if (event?.eventType !== stateType) continue;
        const { key, value } = event.payload as unknown as KeptEntry;
        entries.push([key, value]);
      }
      firstPosition = nextPosition;
    }
    return entries;
  }

  async commit(space: PipelineSpace, checkpoint: Checkpoint): Promise<CommitMark> {
    const { emissions, changes, position } = checkpoint;
    const tenantId = stateTenantOf(space);
    const cursor = { tenantId: systemTenant, entityId: cursorOf(space), eventType: cursorType };
    const { results } = await this.#log.appendTexts([
      ...emissions.flatMap((emission) => outputText(space, emission)),
      ...changes.map((change) => stateText(tenantId, change)),
      JSON.stringify({ ...cursor, payload: { position } }),
    ]);
    const { position: at = 0, timestamp = 0 } = results.at(-1) ?? {};
    return { position: at, timestamp };
  }

  /** Records again what it has, before the log that it is in is dropped. */
  async rewrite(space: PipelineSpace): Promise<void> {
    const position = await this.position(space);
    if (position === undefined) return;
    const changes = (await this.state(space)).map(([key, value]) => ({ key, value }));
    await this.commit(space, { emissions: [], changes, position });
  }
}

export function topicTenantOf(tenantId: string): string {
  return `$topics/${tenantId}`;
}

function stateTenantOf({ tenantId, id, generation }: PipelineSpace): string {
  return `$pipelines/${tenantId}/${id}/${generation}`;
}

function cursorOf({ tenantId, id, generation }: PipelineSpace): string {
  return `pipeline/${tenantId}/${id}/${generation}/cursor`;
}

/** Keys of a state may be longer than the ids of entities. */
function stateText(tenantId: string, { key, value }: StateChange): string {
  const entityId = createHash('sha256').update(key).digest('hex');
  return value === undefined
    ? JSON.stringify({ tenantId, entityId, eventType: removedType, payload: null })
    : JSON.stringify({ tenantId, entityId, eventType: stateType, payload: { key, value } });
}

function outputText(space: PipelineSpace, { key, output, value, time }: Emission): string[] {
  const eventId = emissionId(space, key);
  switch (output.type) {
    case 'event': {
      const { entityId, eventType } = output;
      const { tenantId, id: pipeline_id, name: pipeline } = space;
      const metadata = { pipeline, pipeline_id, time };
      const event = { tenantId, entityId, eventType, eventId, metadata, payload: value };
      return [JSON.stringify(event)];
    }
    case 'topic': {
      const tenantId = topicTenantOf(space.tenantId);
      const payload = { pipeline: space.id, value, time };
      const event = { tenantId, entityId: output.name, eventType: messageType, eventId, payload };
      return [JSON.stringify(event)];
    }
    case 'webhook':
      // They are refused when a pipeline is registered.
      return [];
  }
}

/** The same for the same result, however often it is made: a UUID of version 8 (RFC 9562). */
function emissionId({ tenantId, id, generation }: PipelineSpace, key: string): string {
  const hash = createHash('sha256').update(`${tenantId}/${id}/${generation}/${key}`).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex', 0, 16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
