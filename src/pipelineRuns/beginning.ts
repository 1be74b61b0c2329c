import type { SystemAccess } from '../eventStore/index.js';
import { createMachine } from '../pipelines/index.js';
import type { PipelineDefinition, PipelineMachine } from '../pipelines/index.js';
import { LookupsAhead } from './lookups/lookupsAhead.js';
import type { EnrichSources } from './lookups/enrichSources.js';
import type { PipelineStorage } from './pipelineStorage.js';

export interface PipelineRunOptions {
  readonly log: SystemAccess;
  readonly storage: PipelineStorage;
  readonly definition: PipelineDefinition;
  readonly sources: EnrichSources;
  /** Behind which a new pipeline begins. */
  readonly after: number;
}

export interface Beginning {
  readonly machine: PipelineMachine;
  readonly position: number;
  readonly lookups: LookupsAhead;
}

/** What was written last, and a machine of it. */
export async function beginningOf(
  { storage, definition, sources, after }: PipelineRunOptions,
  signal: AbortSignal,
): Promise<Beginning> {
  const { position = after, state } = await storage.read();
  const lookups = new LookupsAhead(sources.until(signal), definition);
  return { machine: createMachine(definition, { sources: lookups, state }), position, lookups };
}
