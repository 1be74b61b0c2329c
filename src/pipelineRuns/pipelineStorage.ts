import { createHash } from 'node:crypto';
import { systemTenant } from '../domain/index.js';
import type { JsonValue } from '../domain/index.js';
import type { SystemAccess } from '../eventStore/index.js';
import type { Emission, StateChange, StateEntry } from '../pipelines/index.js';
import { OutputTexts } from './outputTexts.js';
import type { PipelineSpace } from './pipelineSpace.js';

const stateType = 'pipeline.state';
const removedType = 'pipeline.removed';
const cursorType = 'pipeline.cursor';
const pageKeys = 1000;

export interface Checkpoint {
  readonly emissions: readonly Emission[];
  readonly changes: readonly StateChange[];
  /** All events up to here were processed. */
  readonly position: number;
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

  /** Gives where in the log it was written: what lies before it is not younger. */
  async commit(space: PipelineSpace, checkpoint: Checkpoint): Promise<number> {
    const { emissions, changes, position } = checkpoint;
    const tenantId = stateTenantOf(space);
    const cursor = { tenantId: systemTenant, entityId: cursorOf(space), eventType: cursorType };
    const outputs = new OutputTexts(space);
    const { lastPosition } = await this.#log.appendTexts([
      ...emissions.map((emission) => outputs.textOf(emission)),
      ...changes.map((change) => stateText(tenantId, change)),
      JSON.stringify({ ...cursor, payload: { position } }),
    ]);
    return lastPosition;
  }

  /** Records again what it has, before the log that it is in is dropped. */
  async rewrite(space: PipelineSpace): Promise<void> {
    const position = await this.position(space);
    if (position === undefined) return;
    const changes = (await this.state(space)).map(([key, value]) => ({ key, value }));
    await this.commit(space, { emissions: [], changes, position });
  }
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
