import { setMaxListeners } from 'node:events';
import { isJsonObject } from '../../domain/index.js';
import type { ErrorDetail, JsonObject, JsonValue } from '../../domain/index.js';
import type { SystemAccess } from '../../eventStore/index.js';
import { addressProblem, isPublicAddress } from '../../outgoing/index.js';
import type { EnrichRequest, EnrichSource, PipelineDefinition } from '../../pipelines/index.js';
import type { Projections } from '../../projections/index.js';
import { HttpLookups } from './httpLookups.js';

/** What pipelines of a store ask to enrich what they process. */
export class EnrichSources {
  readonly http: HttpLookups;
  readonly #log: SystemAccess;
  readonly #projections: Projections;
  readonly #isAllowed: (address: string) => boolean;

  constructor(
    log: SystemAccess,
    {
      projections,
      allowPrivateLookups,
    }: { readonly projections: Projections; readonly allowPrivateLookups: boolean },
  ) {
    this.#log = log;
    this.#projections = projections;
    this.#isAllowed = allowPrivateLookups ? () => true : isPublicAddress;
    this.http = new HttpLookups(this.#isAllowed);
  }

  /** For one who asks until `signal` is aborted; then it throws `aborted`. */
  until(signal: AbortSignal): EnrichSource {
    // Each lookup that is under way listens to it.
    setMaxListeners(0, signal);
    return { lookup: (request) => this.#lookup(request, signal) };
  }

  problemsOf({ operators }: PipelineDefinition): ErrorDetail[] {
    return operators.flatMap((operator, at) => {
      if (operator.type !== 'enrich' || operator.source.type !== 'http') return [];
      // Placeholders are behind the host, and were checked with the rest.
      const url = new URL(operator.source.url.replaceAll(/\{[^{}]*\}/g, 'x'));
      const reason = addressProblem(url, this.#isAllowed);
      return reason === undefined ? [] : [{ field: `operators[${at}].source.url`, reason }];
    });
  }

  #lookup(request: EnrichRequest, signal: AbortSignal): Promise<JsonObject | undefined> {
    switch (request.type) {
      case 'entity_state':
        return this.#entityState(request);
      case 'projection':
        return this.#projection(request);
      case 'http':
        return this.http.lookup(request, signal);
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
