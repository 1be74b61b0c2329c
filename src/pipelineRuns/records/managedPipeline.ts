import type { SystemAccess } from '../../eventStore/index.js';
import type { PipelineDefinition } from '../../pipelines/index.js';
import type { PipelineRun } from '../pipelineRun.js';
import type { PipelineStorage } from '../pipelineStorage.js';
import type { PipelineInfo } from '../types.js';
import type { PipelineRecord } from './pipelineRecord.js';

export interface ManagedPipeline {
  readonly record: PipelineRecord;
  readonly definition: PipelineDefinition;
  readonly storage: PipelineStorage;
  readonly run: PipelineRun;
}

export function describePipeline(
  { watermark }: Pick<SystemAccess, 'watermark'>,
  { record, definition, run }: ManagedPipeline,
): PipelineInfo {
  const { position, failure } = run;
  return {
    id: record.id,
    tenantId: record.tenantId,
    name: definition.name,
    status: record.isPaused ? 'paused' : failure === null ? 'running' : 'failed',
    // As it is now, and not as it was made.
    definition: { ...definition, enabled: !record.isPaused },
    position,
    lag: Math.max(watermark - position, 0),
    statistics: run.statistics,
    lastProcessed: run.lastProcessed,
    failure,
  };
}
