import { AllSourceError, isJsonObject } from '../../domain/index.js';
import type { JsonObject, JsonValue } from '../../domain/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import type { EnrichRequest, EnrichSource } from '../../pipelines/index.js';
import type { Projections } from '../../projections/index.js';

/** What pipelines of a store ask to enrich what they process. */
export class EnrichSources implements EnrichSource {
  readonly #log: SystemAccess;
  readonly #projections: Projections;

  constructor(log: SystemAccess, projections: Projections) {
    this.#log = log;
    this.#projections = projections;
  }

  lookup(request: EnrichRequest): Promise<JsonObject | undefined> {
    switch (request.type) {
      case 'entity_state':
        return this.#entityState(request);
      case 'projection':
        return this.#projection(request);
      case 'http':
        throw new AllSourceError('unprocessable', 'enrich from http is not offered');
    }
  }

  /** As it was at the event, so that it is the same whenever it is asked for. */
  async #entityState({
    tenantId,
    key: entityId,
    position: lastPosition,
  }: EnrichRequest & { readonly type: 'entity_state' }): Promise<JsonObject | undefined> {
    const last = await this.#log.newest({ tenantId, entityId, lastPosition });
    if (last === undefined) return undefined;
    const state = await this.#log.mergedState(entityId, { tenantId, version: last.version });
    return state && objectOf(JSON.parse(state.bytes.toString()) as JsonValue);
  }

  async #projection({
    tenantId,
    name,
    key,
  }: EnrichRequest & { readonly type: 'projection' }): Promise<JsonObject | undefined> {
    const projection = await this.#projections.get(name, { tenantId });
    const read = await projection.get(key);
    // Projections keep JSON values.
    return read && objectOf(read.state as JsonValue);
  }
}

function objectOf(value: JsonValue): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}
